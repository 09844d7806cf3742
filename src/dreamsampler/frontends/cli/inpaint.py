"""`dreamsampler inpaint`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt
from .console import Console

Method = Annotated[
    str,
    typer.Option(
        metavar="NAME[:OPTION=VALUE,...]",
        help="dreamsampler, or another: latent-dps, psld, treg, repaint, resample, p2l, diffpir, ddnm, flowdps, "
        "stable-inpaint (with an inpainting model).",
        rich_help_panel="Run",
    ),
]
NullPrompt = Annotated[
    str,
    typer.Option(
        help='What the picture should not be, in words that the model knows: "out of focus, depth of field" suits '
        "Stable Diffusion.",
        rich_help_panel="Run",
    ),
]
Rho = Annotated[
    float | None,
    typer.Option(help="How much a data-consistency step keeps of the estimate.", rich_help_panel="Run"),
]
Eta = Annotated[float, typer.Option(help="Fresh noise, 0 to 1 times the paper's.", rich_help_panel="Run")]
Dps = Annotated[
    float, typer.Option(help="Size of the gradient steps, relative to the released ones.", rich_help_panel="Run")
]


def inpaint(
    image: opt.Picture,
    mask: Annotated[
        list[Path],
        typer.Option(metavar="M.png", help="A hole: white is filled, black is kept. Repeat it, each with a prompt."),
    ],
    prompt: Annotated[
        list[str],
        typer.Option(
            "--prompt", "-p", help="What the hole shows; one for each mask, or one for all with other methods."
        ),
    ],
    out: Annotated[Path, opt.output()],
    strength: Annotated[float, typer.Option(help="Pull of the prompts, 0 to 1.")] = 1.0,
    feather: Annotated[int, typer.Option(help="Fade over this many pixels inside each hole's edge.")] = 0,
    raw: Annotated[
        bool, typer.Option("--raw", help="Keep what the model made outside the holes too, as in the paper.")
    ] = False,
    method: Method = "dreamsampler",
    null_prompt: NullPrompt = "",
    steps: opt.Steps = 100,
    rho: Rho = None,
    eta: Eta = 1.0,
    dps: Dps = 1.0,
    inversion: Annotated[
        str,
        typer.Option(
            metavar="none|plain|two-step|fixed-point",
            help="Begin with noise in the holes, or, as released, with an inversion (N more evaluations).",
            rich_help_panel="Run",
        ),
    ] = "none",
    seed: opt.Seed = 0,
    size: opt.Size = None,
    model: opt.Model = "bundled",
    revision: opt.Revision = None,
    prediction_type: opt.PredictionType = None,
    device: opt.Device = None,
    dtype: opt.Dtype = None,
    max_batch: opt.MaxBatch = None,
    grid: Annotated[Path | None, opt.file_option("GRID.png", "Also write source and result side by side.")] = None,
    quiet: opt.Quiet = False,
    as_json: opt.Json = False,
    debug: opt.Debug = False,
) -> None:
    """Fill holes in a picture, each hole by its own prompt.

    Pixels outside the masks are kept byte for byte. N steps cost about N (1 + 0.33 x prompts) evaluations of the
    network, some of them with gradients.

    **Examples**

    ```
    dreamsampler inpaint face.png --mask eyes.png -p "a face wearing glasses" -o out.png
    dreamsampler inpaint face.png --mask eyes.png -p "glasses" --mask mouth.png -p "a smile" -o out.png
    dreamsampler inpaint face.png --mask eyes.png -p "glasses" --method treg:scale=4 -o treg.png
    ```
    """
    from ...recipe.jobs_inverse import inpaint_jobs, inpaint_settings, solver_settings
    from .session import PNG, check_outputs, open_model, run_jobs, tell, write_results

    console = Console(quiet, as_json)
    check_outputs((("-o", out, PNG), ("--grid", grid, PNG)), (image, *mask))
    settings = solver_settings(method, null_prompt, steps, strength=strength, rho=rho, eta=eta, dps=dps)
    settings |= inpaint_settings(feather, raw=raw, inversion=inversion, size=size)
    jobs = inpaint_jobs(image, prompt, list(mask), model=model, seed=seed, settings=settings)
    prior = open_model(console, model, revision, prediction_type, device, dtype, max_batch, method=method)
    outcome = run_jobs(console, jobs, prior)
    tell(console, outcome, write_results(outcome, out, grid))
