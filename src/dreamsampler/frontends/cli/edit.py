"""`dreamsampler edit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...tasks.settings import EditSettings
from . import options as opt
from .console import Console
from .options import Loading, with_options
from .task import GIF, PNG, check_outputs, request, run, tell, write_results


@with_options
def edit(
    settings: EditSettings,
    loading: Loading,
    console: Console,
    image: opt.Picture,
    prompt: Annotated[
        list[str],
        typer.Option("--prompt", "-p", help="What the picture should show. Repeat it for several prompts at once."),
    ],
    out: Annotated[Path, opt.output()],
    mask: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="M.png",
            help="Where a prompt acts: white acts, black does not. Masks and prompts pair in order; one more prompt "
            "than masks, given first, acts outside all masks.",
        ),
    ] = None,
    seed: opt.Seed = 0,
    report: Annotated[
        bool | None,
        typer.Option(
            "--report/--no-report",
            help="Measure what the inversion keeps, for N further evaluations; --grid implies it.",
            rich_help_panel="Output",
        ),
    ] = None,
    grid: Annotated[
        Path | None, opt.file_option("GRID.png", "Also write source, reconstruction and edit side by side.")
    ] = None,
    animate: Annotated[Path | None, opt.file_option("OUT.gif", "Also write the way from source to edit.")] = None,
) -> None:
    """Edit a picture towards a prompt.

    The picture is inverted into noise and sampled back while it is pulled towards the prompt. N steps cost N
    evaluations of the network up and N (1 + prompts) down.

    **Examples**

    ```
    dreamsampler edit cat.png --prompt "a dog" -o dog.png --grid grid.png
    dreamsampler edit face.png --mask eyes.png --prompt "a face with glasses" -o glasses.png
    dreamsampler edit two.png --mask l.png -p "a red heart" --mask r.png -p "a star" -o out.png
    dreamsampler edit photo.jpg -p "a zebra" --source-prompt "a horse" -m ~/models/sd15 -o zebra.png
    ```
    """
    check_outputs((("-o", out, PNG), ("--grid", grid, PNG), ("--animate", animate, GIF)), (image, *(mask or ())))
    asked = request(loading, settings, image, prompt, mask or None, seed=seed)
    wanted = report if report is not None else grid is not None
    result = run(console, loading, [asked], report=wanted, frames=24 if animate else 0)
    tell(console, result, write_results(result, out, grid, animate))
