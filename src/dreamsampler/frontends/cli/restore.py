"""`dreamsampler restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt
from .console import Console
from .inpaint import Dps, Eta, Method, NullPrompt, Rho, Strength
from .shared import Loading, with_options

Operators = Annotated[
    list[str],
    typer.Option(
        "--operator",
        metavar="KIND:FIELD=VALUE,...",
        help="What was done to the scene: blur:sigma=3,size=21, motion:length=15,angle=30, kernel:file=K.npy, "
        "sr:factor=4,kind=bicubic, mask:rows=10-40,cols=8-55, mask:file=M.png, grey. Repeat it; the first came first.",
    ),
]


@with_options
def restore(
    loading: Loading,
    console: Console,
    measurement: Annotated[
        Path, typer.Argument(metavar="Y.png", help="The measurement: a picture, .npy or .safetensors (floats -1 to 1).")
    ],
    operator: Operators,
    out: Annotated[Path, opt.output()],
    prompt: Annotated[str, typer.Option("--prompt", "-p", help="What the scene shows.")] = "",
    noise: Annotated[float, typer.Option(help="Standard deviation of the noise; white minus black is 2.")] = 0.0,
    guidance: Annotated[
        float, typer.Option(metavar="W", help="Scale towards the prompt: 1 follows it; others cost twice as much.")
    ] = 1.0,
    method: Method = "dreamsampler",
    null_prompt: NullPrompt = "",
    begin: Annotated[
        str,
        typer.Option(metavar="inversion|noise", help="Start from a first guess or from noise.", rich_help_panel="Run"),
    ] = "inversion",
    steps: opt.Steps = 100,
    strength: Strength = None,
    rho: Rho = None,
    eta: Eta = 1.0,
    dps: Dps = 1.0,
    seed: opt.Seed = 0,
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
    from ...runs.jobs_inverse import restore_jobs, solver_settings
    from .session import PNG, check_outputs, run_jobs, tell, write_results

    check_outputs((("-o", out, PNG),), (measurement,))
    settings = solver_settings(
        method, null_prompt, steps, guidance=guidance, strength=strength, rho=rho, eta=eta, dps=dps
    )
    jobs = restore_jobs(
        measurement, operator, prompt, model=loading.model, seed=seed, settings=settings, sigma=noise, begin=begin
    )
    prior = loading.prior(console, method)
    outcome = run_jobs(console, jobs, prior)
    tell(console, outcome, write_results(outcome, out))
