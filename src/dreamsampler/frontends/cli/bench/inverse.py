"""`dreamsampler bench restore`, `bench posterior` and `bench memory`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import options as opt
from ..console import Console
from .common import First, Folder, PixelSide, Split, app, results_folder, show


@app.command("restore")
def bench_restore(
    method: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:option=value,...]", help="A method; repeat it. By default all."),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(help='"eyes", "mouth", "eyes and mouth", "sr x4", "sr x8" or "blur"; repeat it.'),
    ] = None,
    split: Split = "test",
    n: Annotated[int, typer.Option("-n", "--problems", help="Problems of each task.")] = 50,
    first: First = 0,
    steps: opt.Steps = 100,
    judge: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A CLIP model that judges; by default the bundled one.")
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
    """Inpainting and restoration, measured against the truth of drawn scenes.

    **Examples**

    ```
    dreamsampler bench restore -n 10 --steps 50 -o bench-restore
    dreamsampler bench restore --method dreamsampler --method treg:scale=4 --task eyes --split dev
    ```
    """
    from ....bench.models import load_judge
    from ....bench.problems import PROBLEMS
    from ....bench.restore import METHODS, run
    from ..session import open_model

    console, folder = Console(quiet), results_folder(out)
    encoder = load_judge(judge)
    prior = open_model(console, model, device=device, dtype=dtype)
    with console.counting() as on_item:
        done = run(
            prior, encoder, methods=method or METHODS, tasks=task or tuple(PROBLEMS), split=split, n=n, first=first,
            steps=steps, size=size, seed=seed, out=folder, on_item=on_item,
        )  # fmt: skip
    show(console, (done.table,), done.files)


@app.command("posterior")
def bench_posterior(
    method: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A method, or diffpir-exact; repeat it.")
    ] = None,
    steps: opt.Steps = 100,
    samples: Annotated[int, typer.Option(help="Draws of each method.")] = 300,
    seed: opt.Seed = 0,
    out: Folder = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
) -> None:
    """Bias and spread of the inverse-problem methods where the posterior is known in closed form. No model is needed.

    **Examples**

    ```
    dreamsampler bench posterior
    dreamsampler bench posterior --method diffpir-exact --method ddnm --samples 1000
    ```
    """
    from ....bench.posterior import METHODS, run
    from ....bench.tables import write_tables

    console, folder = Console(quiet), results_folder(out)
    with console.busy("sampling"):
        table = run(method or (*METHODS, "diffpir-exact"), samples=samples, steps=steps, seed=seed)
    files = [] if folder is None else write_tables(folder, "posterior", (table,))
    show(console, (table,), files)


@app.command("memory")
def bench_memory(
    size: PixelSide = None,
    seed: opt.Seed = 0,
    out: Folder = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="ID|DIR|FILE|bundled", help="By default the architecture alone."),
    ] = None,
    device: opt.Device = None,
    dtype: opt.Dtype = None,
    quiet: opt.Quiet = False,
    debug: opt.Debug = False,
) -> None:
    """Memory that inpainting takes beyond the weights, beside the released procedure.

    Without a model, Stable Diffusion 1.5's architecture is counted in float32 without computing anything.

    **Examples**

    ```
    dreamsampler bench memory
    dreamsampler bench memory --model bundled
    ```
    """
    from ....bench.inpaint_memory import run
    from ..session import open_model

    console, folder = Console(quiet), results_folder(out)
    prior = None if model is None else open_model(console, model, device=device, dtype=dtype)
    with console.busy("counting"):
        done = run(prior, size=size, seed=seed, out=folder)
    show(console, (done.table,), done.files)
