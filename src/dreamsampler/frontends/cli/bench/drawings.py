"""`dreamsampler bench vectorize`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import options as opt
from ..options import with_options
from .options import First, Judge, Methods, Network, Report, Split, app


@app.command("vectorize")
@with_options
def bench_vectorize(
    report: Report,
    network: Network,
    method: Methods = None,
    task: Annotated[list[str] | None, typer.Option(help='"blur", "sr x4" or "sr x8"; repeat it.')] = None,
    icons: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of SVG icons with names.tsv, in place of drawn scenes.")
    ] = None,
    split: Split = "test",
    n: Annotated[int, typer.Option("-n", "--scenes", help="Scenes of each task.")] = 20,
    first: First = 0,
    paths: Annotated[int, typer.Option(help="Filled paths.")] = 64,
    steps: Annotated[int, typer.Option(help="Gradient steps.")] = 500,
    judge: Judge = None,
    seed: opt.Seed = 0,
    model: Annotated[
        str,
        typer.Option(
            "--model", "-m", metavar="ID|DIR|FILE|bundled|none", help="The prior; none leaves out what needs one."
        ),
    ] = "bundled",
) -> None:
    """Drawings out of blurred and small pictures, measured against the true drawing.

    **Examples**

    ```
    dreamsampler bench vectorize -n 10 --steps 250 -o bench-vectorize
    dreamsampler bench vectorize --model none --method data --method live --method trace --task blur --split dev
    ```
    """
    from iconworld import load_icons

    from ....bench.models import load_judge
    from ....bench.suites.vectorize import METHODS, TASKS, run
    from ....core.errors import ModelError
    from ....methods.drawing.registry import Drawer
    from ....tasks.vectorize.settings import VectorSettings

    for text in method or ():
        if text != "first guess":
            Drawer.parse(text)
    settings = VectorSettings(paths=paths, steps=steps)
    pictures = None if icons is None else load_icons(icons)
    try:
        encoder = load_judge(judge)
    except ModelError as error:
        if judge is not None:
            raise
        report.console.note(f"CLIP-Acc is left out: {error}")
        encoder = None
    prior = None if model == "none" else network.load(report.console, model)
    with report.console.counting() as on_item:
        done = run(
            prior, encoder, methods=method or METHODS, tasks=task or tuple(TASKS), split=split, n=n, first=first,
            icons=pictures, settings=settings, size=network.size, seed=seed, out=report.folder, on_item=on_item,
        )  # fmt: skip
    report.show(done.tables, done.files)
