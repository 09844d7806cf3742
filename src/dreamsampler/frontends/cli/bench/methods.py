"""`dreamsampler bench edit` and `bench inversion`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .. import options as opt
from ..options import with_options
from .options import First, Judge, Methods, Network, Pairs, Report, Split, app


@app.command("edit")
@with_options
def bench_edit(
    report: Report,
    network: Network,
    method: Methods = None,
    task: Annotated[list[str] | None, typer.Option(help="An editing task; repeat it. By default all.")] = None,
    split: Split = "test",
    n: Pairs = 200,
    first: First = 0,
    judge: Judge = None,
    vision: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A vision model for the structure distance, such as DINO.")
    ] = None,
    seed: opt.Seed = 0,
    model: opt.Model = "bundled",
) -> None:
    """Text-guided editing, measured against the true counterfactual of drawn scenes.

    **Examples**

    ```
    dreamsampler bench edit -n 20 -o bench-edit
    dreamsampler bench edit --method dreamsampler --method sdedit:denoise=0.6 --task cat2dog --split dev
    ```
    """
    from iconworld import TASKS

    from ....bench.editors import Editor
    from ....bench.metrics.encoder import VisionEncoder
    from ....bench.models import load_judge
    from ....bench.suites.edit import METHODS, run

    for text in method or ():
        Editor.parse(text)
    encoder = load_judge(judge)
    tower = None if vision is None else VisionEncoder.load(vision)
    prior = network.load(report.console, model)
    with report.console.counting() as on_item:
        done = run(
            prior,
            encoder,
            methods=method or METHODS,
            tasks=task or tuple(TASKS),
            split=split,
            n=n,
            first=first,
            size=network.size,
            vision=tower,
            seed=seed,
            out=report.folder,
            on_item=on_item,
        )
    report.show(done.tables, done.files)


@app.command("inversion")
@with_options
def bench_inversion(
    report: Report,
    network: Network,
    steps: Annotated[
        list[int] | None, typer.Option(help="Steps of a round trip; repeat it. By default 8 to 200.")
    ] = None,
    split: Split = "dev",
    n: Pairs = 8,
    first: First = 0,
    caption: Annotated[
        bool, typer.Option("--caption", help="Invert under the picture's caption, not the empty prompt.")
    ] = False,
    inversion: Annotated[
        str, typer.Option(metavar="plain|two-step|fixed-point", help="How the picture is turned into noise.")
    ] = "two-step",
    model: opt.Model = "bundled",
) -> None:
    """What inversion keeps, and whether strength means the same edit, at several numbers of steps.

    **Examples**

    ```
    dreamsampler bench inversion --steps 10 --steps 50
    ```
    """
    from ....bench.suites.inversion import run

    prior = network.load(report.console, model)
    more: dict[str, Any] = {} if steps is None else {"steps": steps, "edit_steps": steps}
    with report.console.counting() as on_item:
        done = run(
            prior, split=split, n=n, first=first, caption=caption, inversion=inversion, size=network.size,
            out=report.folder, on_item=on_item, **more,
        )  # fmt: skip
    for made in done:
        report.show(made.tables, made.files)
