"""`dreamsampler reconstruct` and `dreamsampler check-cameras`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ...tasks.settings3d import ReconstructSettings
from . import options as opt
from .asset import Asset, Renders, Turntable, check_asset_outputs, write_asset
from .console import Console
from .options import Loading, with_options

Views = Annotated[
    Path,
    typer.Argument(
        metavar="VIEWS",
        help="SyncDreamer's strip, Zero123++'s grid, a transforms.json, or a folder with one or with pictures.",
    ),
]
Rig = Annotated[
    str | None,
    typer.Option(
        metavar="NAME:OPTION=VALUE,...",
        help="Where the cameras stand: syncdreamer, zero123plus, turntable, sphere; not for a transforms.json.",
    ),
]
Operators = Annotated[
    list[str] | None,
    typer.Option("--operator", metavar="KIND:FIELD=VALUE,...", help="What was done to each view, see `restore`."),
]
Use = Annotated[str, typer.Option(metavar="0,4,8", help="Which of the views to use; by default all.")]


@with_options
def reconstruct(
    settings: ReconstructSettings,
    loading: Loading,
    console: Console,
    views: Views,
    out: Asset,
    rig: Rig = None,
    operator: Operators = None,
    prompt: Annotated[str, typer.Option("--prompt", "-p", help="What the object is.")] = "",
    negative_prompt: Annotated[str, typer.Option(help="What it is not.")] = "",
    use: Use = "",
    size: Annotated[int | None, typer.Option(help="Scale the views to this side first, in pixels.")] = None,
    turntable: Turntable = None,
    renders: Renders = None,
    seed: opt.Seed = 0,
) -> None:
    """Make an object in 3D of degraded pictures of it from known cameras.

    Without a prompt the pictures alone decide, through the operator, and no model is loaded.

    **Examples**

    ```
    dreamsampler reconstruct views.png --rig syncdreamer --operator blur:sigma=3 --prompt "a red torus" -o torus.glb
    dreamsampler reconstruct scene/transforms.json -o scene.glb --turntable scene.gif
    ```
    """
    from ...io.views import read_views
    from ...operators.parse import parse
    from ...tasks.reconstruct import reconstruct as run

    check_asset_outputs(out, turntable, renders, (views,))
    read = read_views(views, rig, size)
    if use:
        read = read.chosen(chosen_places(use))
    wanted = parse(operator) if operator else None
    prior = loading.prior(console) if prompt and settings.visits else None
    fit = run(read, prior, prompt, wanted, settings, negative_prompt=negative_prompt, seed=seed, callback=told(console))
    console.say(f"PSNR to {len(read.cameras)} views as measured: {fit.psnr:.1f} dB")
    side = max(max(camera.size) for camera in read.cameras)
    write_asset(console, fit, list(read.cameras), max(side, 128), out, turntable, renders)


@with_options
def check_cameras(
    console: Console,
    views: Views,
    rig: Rig = None,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT.png", help="Draw the cameras.", rich_help_panel="Output"),
    ] = None,
) -> None:
    """Report where the cameras of some views stand, and which of them look the wrong way.

    **Examples**

    ```
    dreamsampler check-cameras scene/transforms.json -o cameras.png
    ```
    """
    import io

    from ...io.atomic import write_bytes
    from ...io.camera_check import check_cameras as check
    from ...io.camera_check import draw_cameras
    from ...io.transforms import read_transforms
    from ...io.views import read_views

    file = views / "transforms.json" if views.is_dir() else views
    if rig is None and file.suffix == ".json" and file.is_file():
        cameras = [shot.camera for shot in read_transforms(file)]
    else:
        cameras = list(read_views(views, rig).cameras)
    reports = check(cameras)
    for k, report in enumerate(reports):
        line = (
            f"camera {k}: azimuth {report.azimuth:.1f}, elevation {report.elevation:.1f}, distance "
            f"{report.distance:.3g}, look-at error {report.look_at_error:.1f} degrees"
        )
        console.say("; ".join([line, *report.problems]))
    if out is not None:
        stream = io.BytesIO()
        draw_cameras(cameras).save(stream, "PNG")
        write_bytes(out, stream.getvalue(), (".png",))
    wrong = [k for k, report in enumerate(reports) if report.problems]
    console.say(f"{len(wrong)} of {len(reports)} cameras look wrong")
    console.summary(cameras=len(reports), wrong=wrong)


def chosen_places(text: str) -> list[int]:
    """Return the whole numbers of "0,4,8".

    Raises:
        InputError: something else.
    """
    from ...core.errors import InputError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) < 6 for part in parts):
        raise InputError(f"use={text[:60]!r}: expected numbers of views, such as 0,4,8")
    return [int(part) for part in parts]


def told(console: Console) -> Callable[[str, int, int, float], None]:
    """Return a callback that says where a long run stands, once every tenth of a stage."""

    def tell(stage: str, done: int, total: int, loss: float) -> None:
        if done == total or done % max(1, total // 10) == 0:
            console.say(f"{stage}: {done} of {total}, loss {loss:.3g}")

    return tell
