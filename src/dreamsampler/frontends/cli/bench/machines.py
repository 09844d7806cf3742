"""`dreamsampler bench speed`, `bench prior` and `bench raster`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import options as opt
from ..console import Console
from .common import Folder, PixelSide, app, results_folder, show


@app.command("speed")
def bench_speed(
    steps: opt.Steps = 20,
    repeats: Annotated[int, typer.Option(help="Rounds; the first warms up and does not count.")] = 5,
    batch: Annotated[list[int] | None, typer.Option(help="A batch size; repeat it. By default 1, 4 and 16.")] = None,
    seed: opt.Seed = 0,
    size: PixelSide = None,
    out: Folder = None,
    model: opt.Model = "bundled",
    device: opt.Device = None,
    dtype: opt.Dtype = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
) -> None:
    """What an edit costs beyond the network's own time, and beside the released procedure.

    **Examples**

    ```
    dreamsampler bench speed --steps 10
    ```
    """
    from ....bench.speed import run
    from ..session import open_model

    console, folder = Console(quiet), results_folder(out)
    prior = open_model(console, model, device=device, dtype=dtype)
    with console.counting() as on_item:
        done = run(
            prior, steps=steps, repeats=repeats, batches=batch or (1, 4, 16), size=size, seed=seed, out=folder,
            on_item=on_item,
        )  # fmt: skip
    show(console, (done.cost, done.rate), done.files)


@app.command("prior")
def bench_prior(
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
    out: Folder = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
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

    console, folder = Console(quiet), results_folder(out)
    places = prior or bundled_folder(), judge or bundled_judge_folder()
    with console.counting() as on_item:
        done = run(*places, icons=icons, n=n, steps=steps, seed=seed, device=device, out=folder, on_item=on_item)
    show(console, (done.table,), done.files)


@app.command("raster")
def bench_raster(
    repeats: Annotated[int, typer.Option(help="Timed passes a case.")] = 9,
    threads: Annotated[int, typer.Option(help="Threads of the rasteriser.")] = 1,
    seed: opt.Seed = 0,
    device: Annotated[str | None, typer.Option(help="Where the rasteriser runs; by default the CPU.")] = None,
    out: Folder = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
) -> None:
    """Time, memory and error of the differentiable rasteriser, beside diffvg where that is installed.

    **Examples**

    ```
    dreamsampler bench raster --repeats 5
    ```
    """
    from ....bench.raster import run, table
    from ....bench.tables import write_tables

    console, folder = Console(quiet), results_folder(out)
    with console.busy("drawing"):
        made = table(run(repeats=repeats, threads=threads, seed=seed, device=device))
    show(console, (made,), [] if folder is None else write_tables(folder, "raster", (made,)))
