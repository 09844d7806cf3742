"""`dreamsampler invert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt
from .console import Console
from .shared import Loading, with_options


@with_options
def invert(
    loading: Loading,
    console: Console,
    image: opt.Picture,
    out: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT.png", help="Also write the reconstruction.", rich_help_panel="Output"
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Say what each method of inversion keeps; writes nothing.")
    ] = False,
    source_prompt: Annotated[
        str, typer.Option(help="Invert under this prompt instead of the empty one.", rich_help_panel="Run")
    ] = "",
    steps: opt.Steps = 50,
    inversion: opt.Inversion = "two-step",
    rounds: opt.Rounds = 2,
    start: opt.Start = 1.0,
    seed: opt.Seed = 0,
    size: opt.Size = None,
    grid: Annotated[
        Path | None, opt.file_option("GRID.png", "Also write source and reconstruction side by side.")
    ] = None,
) -> None:
    """Say how much of a picture a model keeps, before anything is edited.

    Prints the autoencoder's and the inversion's round trip in dB: 22 dB and less lose what a viewer would call the
    picture. Costs 2 N evaluations.

    **Examples**

    ```
    dreamsampler invert cat.png
    dreamsampler invert cat.png --compare --steps 20
    dreamsampler invert cat.png --steps 20 --inversion fixed-point -o reconstruction.png
    ```
    """
    from ...core.errors import InputError
    from ...runs.jobs import inversion_settings, invert_jobs
    from ...steering.inversion import METHODS
    from .session import PNG, check_outputs, run_jobs, tell, write_results

    if compare and (out or grid):
        raise InputError("--compare writes nothing; leave -o and --grid out, or name one method with --inversion")
    check_outputs((("-o", out, PNG), ("--grid", grid, PNG)), (image,))
    methods = METHODS if compare else (inversion,)
    jobs = []
    for method in methods:
        settings = inversion_settings(source_prompt, steps, method, rounds, start, size)
        jobs += invert_jobs(image, model=loading.model, seed=seed, settings=settings)
    prior = loading.prior(console)
    outcome = run_jobs(console, jobs, prior)
    if not compare:
        return tell(console, outcome, write_results(outcome, out, grid))
    kept = {}
    for method, item in zip(methods, outcome.items, strict=True):
        console.say(f"{method}: {item.fidelity} ({item.evaluations} evaluations)")
        kept[method] = None if item.fidelity is None else item.fidelity.inversion_psnr
    console.summary(inversion_psnr=kept, evaluations=outcome.evaluations, seconds=round(console.seconds, 3))
