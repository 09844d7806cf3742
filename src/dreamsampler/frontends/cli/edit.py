"""`dreamsampler edit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt
from .console import Console
from .shared import Loading, with_options


@with_options
def edit(
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
    source_prompt: opt.SourcePrompt = "",
    strength: Annotated[
        list[float],
        typer.Option(help="0 reconstructs, 1 is the default, 2 is strong; repeat it for one value a prompt."),
    ] = [1.0],  # noqa: B006 (typer reads the default and never changes it)
    paper_c: Annotated[
        float | None,
        typer.Option(metavar="C", help="The paper's own weight in place of --strength; 0.2 with --steps 200."),
    ] = None,
    steps: opt.Steps = 50,
    inversion: opt.Inversion = "two-step",
    rounds: opt.Rounds = 2,
    start: opt.Start = 1.0,
    bound: Annotated[
        float, typer.Option(help="Leave the prompts out of steps where they weigh less.", rich_help_panel="Run")
    ] = 0.0,
    seed: opt.Seed = 0,
    size: opt.Size = None,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="With masks: keep what the model made outside them too.", rich_help_panel="Run"),
    ] = False,
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
    from ...runs.jobs import edit_jobs, edit_settings, inversion_settings
    from ..python import FRAMES
    from .session import GIF, PNG, check_outputs, run_jobs, tell, write_results

    masks = list(mask or ())
    check_outputs((("-o", out, PNG), ("--grid", grid, PNG), ("--animate", animate, GIF)), (image, *masks))
    settings = inversion_settings(source_prompt, steps, inversion, rounds, start, size)
    settings |= edit_settings(strength, paper_c, raw=raw, bound=bound)
    jobs = edit_jobs(image, prompt, masks or None, model=loading.model, seed=seed, settings=settings)
    prior = loading.prior(console)
    wanted = report if report is not None else grid is not None
    outcome = run_jobs(console, jobs, prior, report=wanted, frames=FRAMES if animate else 0)
    tell(console, outcome, write_results(outcome, out, grid, animate))
