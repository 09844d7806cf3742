"""`dreamsampler bench`: measurements that this repository's documents quote, to be repeated by anyone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options as opt
from .console import Console
from .group import Commands

if TYPE_CHECKING:
    from ...bench.tables import Table

app = typer.Typer(cls=Commands, no_args_is_help=False, rich_markup_mode="markdown")

Folder = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Folder for tables and results; an interrupted run goes on from there.",
        rich_help_panel="Output",
    ),
]
Split = Annotated[str, typer.Option(metavar="dev|test", help="Choose settings on dev, report test.")]
Pairs = Annotated[int, typer.Option("-n", "--pairs", help="Pairs of each task.")]
First = Annotated[int, typer.Option(help="Number of the first pair.")]
PixelSide = Annotated[int | None, typer.Option("--size", help="Side in pixels; by default the model's own.")]


@app.callback(invoke_without_command=True)
def bench(context: typer.Context) -> None:
    """Measure methods, speed and models.

    Each prints a table; `-o DIR` also writes it as Markdown, CSV and JSON, with a sheet of pictures where there are
    any.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


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
    dreamsampler bench edit --method dreamsampler --method sdedit:strength=0.6 --task cat2dog --split dev
    ```
    """
    from ...bench.edit import METHODS, run
    from ...bench.models import load_judge
    from ...iconworld import TASKS
    from ...metrics.encoder import VisionEncoder
    from .session import open_model

    console, folder = Console(quiet), _folder(out)
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
    _show(console, (done.overall, done.by_task), done.files)


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
    from ...bench.speed import run
    from .session import open_model

    console, folder = Console(quiet), _folder(out)
    prior = open_model(console, model, device=device, dtype=dtype)
    with console.counting() as on_item:
        done = run(
            prior, steps=steps, repeats=repeats, batches=batch or (1, 4, 16), size=size, seed=seed, out=folder,
            on_item=on_item,
        )  # fmt: skip
    _show(console, (done.cost, done.rate), done.files)


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
    from ...bench.inversion import run
    from .session import open_model

    console, folder = Console(quiet), _folder(out)
    prior = open_model(console, model, device=device, dtype=dtype)
    more: dict[str, Any] = {} if steps is None else {"steps": steps, "edit_steps": steps}
    with console.counting() as on_item:
        done = run(
            prior, split=split, n=n, first=first, caption=caption, inversion=inversion, size=size, out=folder,
            on_item=on_item, **more,
        )  # fmt: skip
    _show(console, (done.round_trip, done.equivalence), done.files)


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
    from ...bench.models import bundled_judge_folder
    from ...bench.prior import run
    from ...priors.bundle import bundled_folder

    console, folder = Console(quiet), _folder(out)
    places = prior or bundled_folder(), judge or bundled_judge_folder()
    with console.counting() as on_item:
        done = run(*places, icons=icons, n=n, steps=steps, seed=seed, device=device, out=folder, on_item=on_item)
    _show(console, (done.table,), done.files)


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
    from ...bench.raster import run, table
    from ...bench.tables import write_tables

    console, folder = Console(quiet), _folder(out)
    with console.busy("drawing"):
        made = table(run(repeats=repeats, threads=threads, seed=seed, device=device))
    _show(console, (made,), [] if folder is None else write_tables(folder, "raster", (made,)))


def _folder(path: Path | None) -> Path | None:
    """A results folder, made if it is not there.

    Raises:
        InputError: it cannot be made.
    """
    from ...core.errors import InputError

    if path is None:
        return None
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"-o {path}: cannot be made ({error.strerror or error}); name another folder") from error
    return path


def _show(console: Console, tables: Sequence[Table], files: Sequence[Path]) -> None:
    for table in tables:
        console.say(table.markdown())
    if files:
        console.say(f"wrote {', '.join(map(str, files))} ({console.seconds:.1f} s)")
