"""`dreamsampler bench edit` and `bench inversion`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .. import options as opt
from ..console import Console
from .common import First, Folder, Pairs, PixelSide, Split, app, results_folder, show


@app.command("edit")
def bench_edit(
    method: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:setting=value,...]", help="A method; repeat it. By default all."),
    ] = None,
    task: Annotated[list[str] | None, typer.Option(help="An editing task; repeat it. By default all.")] = None,
    split: Split = "test",
    n: Pairs = 200,
    first: First = 0,
    judge: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A CLIP model that judges; by default the bundled one.")
    ] = None,
    vision: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A vision model for the structure distance, such as DINO.")
    ] = None,
    seed: opt.Seed = 0,
    size: PixelSide = None,
    out: Folder = None,
    model: opt.Model = "bundled",
    device: opt.Device = None,
    dtype: opt.Dtype = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
) -> None:
    """Text-guided editing, measured against the true counterfactual of drawn scenes.

    **Examples**

    ```
    dreamsampler bench edit -n 20 -o bench-edit
    dreamsampler bench edit --method dreamsampler --method sdedit:t0=0.6 --task cat2dog --split dev
    ```
    """
    from ....bench.edit import METHODS, run
    from ....bench.models import load_judge
    from ....iconworld import TASKS
    from ....metrics.encoder import VisionEncoder
    from ..session import open_model

    console, folder = Console(quiet), results_folder(out)
    encoder = load_judge(judge)
    tower = None if vision is None else VisionEncoder.load(vision)
    prior = open_model(console, model, device=device, dtype=dtype)
    with console.counting() as on_item:
        done = run(
            prior,
            encoder,
            methods=method or METHODS,
            tasks=task or tuple(TASKS),
            split=split,
            n=n,
            first=first,
            size=size,
            vision=tower,
            seed=seed,
            out=folder,
            on_item=on_item,
        )
    show(console, (done.overall, done.by_task), done.files)


@app.command("inversion")
def bench_inversion(
    steps: Annotated[
        list[int] | None, typer.Option(help="Steps of a round trip; repeat it. By default 8 to 200.")
    ] = None,
    split: Split = "dev",
    n: Pairs = 8,
    first: First = 0,
    caption: Annotated[
        bool, typer.Option("--caption", help="Invert under the picture's caption, not the empty prompt.")
    ] = False,
    inversion: opt.Inversion = "two-step",
    size: PixelSide = None,
    out: Folder = None,
    model: opt.Model = "bundled",
    device: opt.Device = None,
    dtype: opt.Dtype = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
) -> None:
    """What inversion keeps, and whether strength means the same edit, at several numbers of steps.

    **Examples**

    ```
    dreamsampler bench inversion --steps 10 --steps 50
    ```
    """
    from ....bench.inversion import run
    from ..session import open_model

    console, folder = Console(quiet), results_folder(out)
    prior = open_model(console, model, device=device, dtype=dtype)
    more: dict[str, Any] = {} if steps is None else {"steps": steps, "edit_steps": steps}
    with console.counting() as on_item:
        done = run(
            prior, split=split, n=n, first=first, caption=caption, inversion=inversion, size=size, out=folder,
            on_item=on_item, **more,
        )  # fmt: skip
    show(console, (done.round_trip, done.equivalence), done.files)
