"""`dreamsampler bench speed`, `bench prior` and `bench raster`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import options as opt
from ..options import with_options
from .options import Network, Report, app


@app.command("speed")
@with_options
def bench_speed(
    report: Report,
    network: Network,
    steps: opt.Steps = 20,
    repeats: Annotated[int, typer.Option(help="Rounds; the first warms up and does not count.")] = 5,
    batch: Annotated[list[int] | None, typer.Option(help="A batch size; repeat it. By default 1, 4 and 16.")] = None,
    seed: opt.Seed = 0,
    model: opt.Model = "bundled",
) -> None:
    """What an edit costs beyond the network's own time, and beside the released procedure.

    **Examples**

    ```
    dreamsampler bench speed --steps 10
    ```
    """
    from ....bench.speed import run

    prior = network.load(report.console, model)
    with report.console.counting() as on_item:
        done = run(
            prior, steps=steps, repeats=repeats, batches=batch or (1, 4, 16), size=network.size, seed=seed,
            out=report.folder, on_item=on_item,
        )  # fmt: skip
    report.show((done.cost, done.rate), done.files)


@app.command("prior")
@with_options
def bench_prior(
    report: Report,
    prior: Annotated[
        Path | None, typer.Option("--model", "-m", metavar="DIR", help="The prior's folder; by default the bundled.")
    ] = None,
    judge: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The judge's folder; by default the bundled.")
    ] = None,
    icons: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of SVG icons, for a prior that was trained on some too.")
    ] = None,
    n: Annotated[int, typer.Option("-n", "--scenes", help="Scenes of each measure.")] = 200,
    steps: opt.Steps = 50,
    seed: opt.Seed = 0,
    device: Annotated[str, typer.Option(help="Where to run.")] = "cpu",
) -> None:
    """How good a prior of Icon World is, on scenes that no training run can draw.

    **Examples**

    ```
    dreamsampler bench prior -n 40
    ```
    """
    from ....bench.models import bundled_judge_folder
    from ....bench.prior import run
    from ....priors.bundle import bundled_folder

    places = prior or bundled_folder(), judge or bundled_judge_folder()
    with report.console.counting() as on_item:
        done = run(*places, icons=icons, n=n, steps=steps, seed=seed, device=device, out=report.folder, on_item=on_item)
    report.show((done.table,), done.files)


@app.command("raster")
@with_options
def bench_raster(
    report: Report,
    repeats: Annotated[int, typer.Option(help="Timed passes a case.")] = 9,
    threads: Annotated[int, typer.Option(help="Threads of the rasterizer.")] = 1,
    seed: opt.Seed = 0,
    device: Annotated[str | None, typer.Option(help="Where the rasterizer runs; by default the CPU.")] = None,
) -> None:
    """Time, memory and error of the differentiable rasterizer, beside diffvg where that is installed.

    **Examples**

    ```
    dreamsampler bench raster --repeats 5
    ```
    """
    from ....bench.raster import run, table

    with report.console.busy("drawing"):
        made = table(run(repeats=repeats, threads=threads, seed=seed, device=device))
    report.write("raster", made)
