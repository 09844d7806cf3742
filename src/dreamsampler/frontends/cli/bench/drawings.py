"""`dreamsampler bench vectorize`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import options as opt
from ..console import Console
from .common import First, Folder, PixelSide, Split, app, results_folder, show


@app.command("vectorize")
def bench_vectorize(
    method: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:option=value,...]", help="A method; repeat it. By default all."),
    ] = None,
    task: Annotated[list[str] | None, typer.Option(help='"blur", "sr x4" or "sr x8"; repeat it.')] = None,
    icons: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of SVG icons with names.tsv, in place of drawn scenes.")
    ] = None,
    split: Split = "test",
    n: Annotated[int, typer.Option("-n", "--scenes", help="Scenes of each task.")] = 20,
    first: First = 0,
    paths: Annotated[int, typer.Option(help="Filled paths.")] = 64,
    steps: Annotated[int, typer.Option(help="Gradient steps.")] = 500,
    judge: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A CLIP model that judges; by default the bundled one, if any.")
    ] = None,
    seed: opt.Seed = 0,
    size: PixelSide = None,
    out: Folder = None,
    model: Annotated[
        str,
        typer.Option(
            "--model", "-m", metavar="ID|DIR|FILE|bundled|none", help="The prior; none leaves out what needs one."
        ),
    ] = "bundled",
    device: opt.Device = None,
    dtype: opt.Dtype = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
) -> None:
    """Drawings out of blurred and small pictures, measured against the true drawing.

    **Examples**

    ```
    dreamsampler bench vectorize -n 10 --steps 250 -o bench-vectorize
    dreamsampler bench vectorize --model none --method data --method live --method trace --task blur --split dev
    ```
    """
    from ....bench.models import load_judge
    from ....bench.vectorize import METHODS, TASKS, run
    from ....core.errors import ModelError
    from ....iconworld import load_icons
    from ....tasks.sketch import VectorSettings
    from ..session import open_model

    console, folder = Console(quiet), results_folder(out)
    settings = VectorSettings(paths=paths, steps=steps)
    pictures = None if icons is None else load_icons(icons)
    try:
        encoder = load_judge(judge)
    except ModelError as error:
        if judge is not None:
            raise
        console.note(f"CLIP-Acc is left out: {error}")
        encoder = None
    prior = None if model == "none" else open_model(console, model, device=device, dtype=dtype)
    with console.counting() as on_item:
        done = run(
            prior, encoder, methods=method or METHODS, tasks=task or tuple(TASKS), split=split, n=n, first=first,
            icons=pictures, settings=settings, size=size, seed=seed, out=folder, on_item=on_item,
        )  # fmt: skip
    show(console, (done.table,), done.files)
