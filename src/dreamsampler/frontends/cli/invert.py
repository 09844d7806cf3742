"""`dreamsampler invert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt
from .console import Console


def invert(
    image: opt.Picture,
    out: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT.png", help="Also write the reconstruction.", rich_help_panel="Output"
        ),
    ] = None,
    source_prompt: Annotated[
        str, typer.Option(help="Invert under this prompt instead of the empty one.", rich_help_panel="Run")
    ] = "",
    steps: opt.Steps = 50,
    inversion: opt.Inversion = "two-step",
    rounds: opt.Rounds = 2,
    start: opt.Start = 1.0,
    seed: opt.Seed = 0,
    size: opt.Size = None,
    model: opt.Model = "bundled",
    revision: opt.Revision = None,
    prediction_type: opt.PredictionType = None,
    device: opt.Device = None,
    dtype: opt.Dtype = None,
    max_batch: opt.MaxBatch = None,
    grid: Annotated[
        Path | None, opt.file_option("GRID.png", "Also write source and reconstruction side by side.")
    ] = None,
    quiet: opt.Quiet = False,
    as_json: opt.Json = False,
    debug: opt.Debug = False,
) -> None:
    """Say how much of a picture a model keeps, before anything is edited.

    Prints the autoencoder's and the inversion's round trip in dB: 22 dB and less lose what a viewer would call the
    picture. Costs 2 N evaluations.

    **Examples**

    ```
    dreamsampler invert cat.png
    dreamsampler invert cat.png --steps 20 --inversion fixed-point -o reconstruction.png
    ```
    """
    from ...recipe.jobs import inversion_settings, invert_jobs
    from .session import PNG, check_outputs, open_model, run_jobs, tell, write_results

    console = Console(quiet, as_json)
    check_outputs((("-o", out, PNG), ("--grid", grid, PNG)), (image,))
    settings = inversion_settings(source_prompt, steps, inversion, rounds, start, size)
    jobs = invert_jobs(image, model=model, seed=seed, settings=settings)
    prior = open_model(console, model, revision, prediction_type, device, dtype, max_batch)
    outcome = run_jobs(console, jobs, prior)
    tell(console, outcome, write_results(outcome, out, grid))
