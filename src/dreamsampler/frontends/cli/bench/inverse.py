"""`dreamsampler bench restore`, `bench posterior` and `bench memory`."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import options as opt
from ..options import with_options
from .options import First, Judge, Methods, Network, Report, Split, app


@app.command("restore")
@with_options
def bench_restore(
    report: Report,
    network: Network,
    method: Methods = None,
    task: Annotated[
        list[str] | None,
        typer.Option(help='"eyes", "mouth", "eyes and mouth", "sr x4", "sr x8" or "blur"; repeat it.'),
    ] = None,
    split: Split = "test",
    n: Annotated[int, typer.Option("-n", "--problems", help="Problems of each task.")] = 50,
    first: First = 0,
    steps: opt.Steps = 100,
    judge: Judge = None,
    seed: opt.Seed = 0,
    model: opt.Model = "bundled",
) -> None:
    """Inpainting and restoration, measured against the truth of drawn scenes.

    **Examples**

    ```
    dreamsampler bench restore -n 10 --steps 50 -o bench-restore
    dreamsampler bench restore --method dreamsampler --method treg:guidance_scale=4 --task eyes --split dev
    ```
    """
    from ....bench.models import load_judge
    from ....bench.problems import PROBLEMS
    from ....bench.solvers import Solver
    from ....bench.suites.restore import METHODS, run

    for text in method or ():
        Solver.parse(text, steps)
    encoder = load_judge(judge)
    prior = network.load(report.console, model)
    with report.console.counting() as on_item:
        done = run(
            prior, encoder, methods=method or METHODS, tasks=task or tuple(PROBLEMS), split=split, n=n, first=first,
            steps=steps, size=network.size, seed=seed, out=report.folder, on_item=on_item,
        )  # fmt: skip
    report.show(done.tables, done.files)


@app.command("posterior")
@with_options
def bench_posterior(
    report: Report,
    method: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A method, or diffpir-exact; repeat it.")
    ] = None,
    steps: opt.Steps = 100,
    samples: Annotated[int, typer.Option(help="Draws of each method.")] = 300,
    seed: opt.Seed = 0,
) -> None:
    """Bias and spread of the inverse-problem methods where the posterior is known in closed form. No model is needed.

    **Examples**

    ```
    dreamsampler bench posterior
    dreamsampler bench posterior --method diffpir-exact --method ddnm --samples 1000
    ```
    """
    from ....bench.posterior import METHODS, run

    with report.console.busy("sampling"):
        table = run(method or (*METHODS, "diffpir-exact"), samples=samples, steps=steps, seed=seed)
    report.write("posterior", table)


@app.command("memory")
@with_options
def bench_memory(
    report: Report,
    network: Network,
    seed: opt.Seed = 0,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="ID|DIR|FILE|bundled", help="By default the architecture alone."),
    ] = None,
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

    prior = None if model is None else network.load(report.console, model)
    with report.console.busy("counting"):
        done = run(prior, size=network.size, seed=seed, out=report.folder)
    report.show((done.table,), done.files)
