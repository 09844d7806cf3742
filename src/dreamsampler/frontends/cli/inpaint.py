"""`dreamsampler inpaint`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt
from .console import Console
from .shared import Loading, with_options

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
Strength = Annotated[
    float | None,
    typer.Option(
        metavar="C",
        help="The paper's pull of the prompts, 0 to 1, on every third step, instead of guidance.",
        rich_help_panel="Run",
    ),
]
Eta = Annotated[
    float, typer.Option(help="With --strength: fresh noise, 0 to 1 times the paper's.", rich_help_panel="Run")
]
Dps = Annotated[
    float, typer.Option(help="Size of the gradient steps, relative to the released ones.", rich_help_panel="Run")
]


@with_options
def inpaint(
    loading: Loading,
    console: Console,
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
    guidance: Annotated[
        float, typer.Option(metavar="W", help="Scale towards the prompts: 1 follows them, above 1 exaggerates them.")
    ] = 2.0,
    feather: Annotated[int, typer.Option(help="Fade over this many pixels inside each hole's edge.")] = 0,
    raw: Annotated[
        bool, typer.Option("--raw", help="Keep what the model made outside the holes too, as in the paper.")
    ] = False,
    method: Method = "dreamsampler",
    null_prompt: NullPrompt = "",
    steps: opt.Steps = 100,
    strength: Strength = None,
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
    grid: Annotated[Path | None, opt.file_option("GRID.png", "Also write source and result side by side.")] = None,
) -> None:
    """Fill holes in a picture, each hole by its own prompt.

    Pixels outside the masks are kept byte for byte. N steps cost N (1 + prompts) evaluations of the network, two thirds
    of N with gradients.

    **Examples**

    ```
    dreamsampler inpaint face.png --mask eyes.png -p "a face wearing glasses" -o out.png
    dreamsampler inpaint face.png --mask eyes.png -p "glasses" --mask mouth.png -p "a smile" -o out.png
    dreamsampler inpaint face.png --mask eyes.png -p "glasses" --method treg:guidance_scale=4 -o treg.png
    ```
    """
    from ...runs.jobs_inverse import inpaint_jobs, inpaint_settings, solver_settings
    from .session import PNG, check_outputs, run_jobs, tell, write_results

    check_outputs((("-o", out, PNG), ("--grid", grid, PNG)), (image, *mask))
    settings = solver_settings(
        method, null_prompt, steps, guidance=guidance, strength=strength, rho=rho, eta=eta, dps=dps
    )
    settings |= inpaint_settings(feather, raw=raw, inversion=inversion, size=size)
    jobs = inpaint_jobs(image, prompt, list(mask), model=loading.model, seed=seed, settings=settings)
    prior = loading.prior(console, method)
    outcome = run_jobs(console, jobs, prior)
    tell(console, outcome, write_results(outcome, out, grid))
