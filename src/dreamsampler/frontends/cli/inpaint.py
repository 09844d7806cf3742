"""`dreamsampler inpaint`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...tasks.settings import InpaintSettings
from . import options as opt
from .console import Console
from .options import Loading, with_options
from .task import PNG, check_outputs, request, run, tell, write_results


@with_options
def inpaint(
    settings: InpaintSettings,
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
    seed: opt.Seed = 0,
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
    check_outputs((("-o", out, PNG), ("--grid", grid, PNG)), (image, *mask))
    result = run(console, loading, [request(loading, settings, image, prompt, mask, seed=seed)])
    tell(console, result, write_results(result, out, grid))
