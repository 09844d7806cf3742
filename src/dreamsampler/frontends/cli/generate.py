"""`dreamsampler generate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...tasks.settings import GenerateSettings
from . import options as opt
from .console import Console
from .options import Loading, with_options
from .task import PNG, check_outputs, request, run_jobs, tell, write_results


@with_options
def generate(
    settings: GenerateSettings,
    loading: Loading,
    console: Console,
    prompt: Annotated[str, typer.Option("--prompt", "-p", help="What the pictures show.")],
    out: Annotated[Path, opt.output("Where the picture goes (.png); several become OUT-0.png, OUT-1.png, ...")],
    count: Annotated[int, typer.Option("--count", "-n", help="How many; each further one adds 1 to the seed.")] = 1,
    seed: opt.Seed = 0,
    batch: Annotated[int, typer.Option(help="How many at once.", rich_help_panel="Run")] = 1,
    grid: Annotated[Path | None, opt.file_option("GRID.png", "Also write all pictures on one sheet.")] = None,
) -> None:
    """Make pictures of a prompt, without a source.

    **Examples**

    ```
    dreamsampler generate --prompt "a red heart" -o heart.png
    dreamsampler generate --prompt "a cat wearing a hat" -n 4 --seed 10 -o cat.png --grid cats.png
    ```
    """
    from ...runs.result import numbered
    from ...runs.run import prepare

    jobs = prepare(request(loading, settings, prompts=prompt, count=count, seed=seed))
    check_outputs([*(("-o", target, PNG) for target in numbered(out, count)), ("--grid", grid, PNG)])
    result = run_jobs(console, loading, jobs, batch=batch)
    tell(console, result, write_results(result, out, grid))
