"""`dreamsampler restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt
from .console import Console
from .inpaint import Dps, Eta, Method, NullPrompt, Rho

Operators = Annotated[
    list[str],
    typer.Option(
        "--operator",
        metavar="KIND:FIELD=VALUE,...",
        help="What was done to the scene: blur:sigma=3,size=21, motion:length=15,angle=30, kernel:file=K.npy, "
        "sr:factor=4,kind=bicubic, mask:rows=10-40,cols=8-55, mask:file=M.png, grey. Repeat it; the first came first.",
    ),
]


def restore(
    measurement: Annotated[
        Path, typer.Argument(metavar="Y.png", help="The measurement: a picture, .npy or .safetensors (floats -1 to 1).")
    ],
    operator: Operators,
    out: Annotated[Path, opt.output()],
    prompt: Annotated[str, typer.Option("--prompt", "-p", help="What the scene shows.")] = "",
    noise: Annotated[float, typer.Option(help="Standard deviation of the noise; white minus black is 2.")] = 0.0,
    strength: Annotated[float, typer.Option(help="Pull of the prompt, 0 to 1.")] = 0.5,
    method: Method = "dreamsampler",
    null_prompt: NullPrompt = "",
    begin: Annotated[
        str,
        typer.Option(metavar="inversion|noise", help="Start from a first guess or from noise.", rich_help_panel="Run"),
    ] = "inversion",
    steps: opt.Steps = 100,
    rho: Rho = None,
    eta: Eta = 1.0,
    dps: Dps = 1.0,
    seed: opt.Seed = 0,
    model: opt.Model = "bundled",
    revision: opt.Revision = None,
    prediction_type: opt.PredictionType = None,
    device: opt.Device = None,
    dtype: opt.Dtype = None,
    max_batch: opt.MaxBatch = None,
    quiet: opt.Quiet = False,
    as_json: opt.Json = False,
    debug: opt.Debug = False,
) -> None:
    """Restore a picture from a blurred, small, grey or incomplete one.

    The result has the size of the scene, not of the measurement.

    **Examples**

    ```
    dreamsampler restore small.png --operator sr:factor=4 -p "a red heart" -o heart.png
    dreamsampler restore y.npy --operator blur:sigma=3,size=21 --noise 0.01 -p "a cat" -o cat.png
    dreamsampler restore y.png --operator grey --operator sr:factor=2,kind=box -o out.png
    ```
    """
    from ...recipe.jobs_inverse import restore_jobs, solver_settings
    from .session import PNG, check_outputs, open_model, run_jobs, tell, write_results

    console = Console(quiet, as_json)
    check_outputs((("-o", out, PNG),), (measurement,))
    settings = solver_settings(method, null_prompt, steps, strength=strength, rho=rho, eta=eta, dps=dps)
    jobs = restore_jobs(
        measurement, operator, prompt, model=model, seed=seed, settings=settings, sigma=noise, begin=begin
    )
    prior = open_model(console, model, revision, prediction_type, device, dtype, max_batch, method=method)
    outcome = run_jobs(console, jobs, prior)
    tell(console, outcome, write_results(outcome, out))
