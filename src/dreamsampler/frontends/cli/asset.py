"""Where an object in 3D goes: a mesh or a field, a turntable, a folder of renders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ...io.cameras import Camera
    from ...tasks.views3d import Fit
    from .console import Console

SUFFIXES = (".glb", ".ply", ".safetensors")
FRAMES = 36

Asset = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT.glb|OUT.ply|OUT.safetensors",
        help="A mesh with vertex colors, or the field itself.",
        rich_help_panel="Output",
    ),
]
Turntable = Annotated[
    Path | None,
    typer.Option(metavar="OUT.gif|OUT.webp", help="Also write the object turning.", rich_help_panel="Output"),
]
Renders = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Also write renders and their transforms.json.", rich_help_panel="Output"),
]


def turning(cameras: list[Camera], size: int, count: int = FRAMES) -> list[Camera]:
    """Return a ring about what the cameras look at, at their mean distance, elevation and angle of view."""
    import numpy as np

    from ...io.cameras import center_of, look_at

    center = center_of(cameras)
    radius = float(np.mean([np.linalg.norm(camera.position - center) for camera in cameras]))
    elevation = float(np.clip(np.mean([camera.elevation(center) for camera in cameras]), -80.0, 80.0))
    fov = float(np.mean([max(camera.fov) for camera in cameras]))
    return [look_at(360.0 * k / count, elevation, radius, fov, size, center.tolist()) for k in range(count)]


def write_asset(
    console: Console,
    fit: Fit,
    cameras: list[Camera],
    size: int,
    out: Path,
    turntable: Path | None,
    renders: Path | None,
) -> None:
    """Write everything that was asked for and say so."""
    from ...generators.nerf.checkpoint import write_nerf
    from ...generators.nerf.mesh import extract_mesh
    from ...io.meshes import write_glb, write_ply
    from ...io.tensors import to_pixels
    from ...io.transforms import write_transforms
    from ...io.turntable import write_turntable

    files = []
    if turntable is not None or renders is not None:
        ring = turning(cameras, size)
        images = fit.render(ring)
        if turntable is not None:
            write_turntable(turntable, list(to_pixels(images)))
            files.append(str(turntable))
        if renders is not None:
            files.append(str(write_transforms(renders, images, ring)))
    triangles = 0
    if out.suffix.lower() == ".safetensors":
        write_nerf(out, fit.nerf, fit.frame)
    else:
        mesh = extract_mesh(fit.nerf, fit.frame)
        triangles = len(mesh.faces)
        write = write_glb if out.suffix.lower() == ".glb" else write_ply
        write(out, mesh.vertices, mesh.faces, mesh.colors)
    files.insert(0, str(out))
    console.say(f"wrote {', '.join(files)}" + (f" ({triangles} triangles)" if triangles else ""))
    console.summary(files=files, triangles=triangles, psnr=None if fit.psnr != fit.psnr else round(fit.psnr, 2))


def check_asset_outputs(
    out: Path, turntable: Path | None, renders: Path | None, sources: tuple[Path, ...] = ()
) -> None:
    """Raise `InputError` before the long work starts if a result could not be written."""
    from ...io.atomic import make_folder
    from .task import check_outputs

    check_outputs((("-o", out, SUFFIXES), ("--turntable", turntable, (".gif", ".webp"))), sources)
    if renders is not None:
        make_folder(renders)
