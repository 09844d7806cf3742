"""`dreamsampler generate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt
from .console import Console
from .shared import Loading, with_options


@with_options
def generate(
    loading: Loading,
    console: Console,
    prompt: Annotated[str, typer.Option("--prompt", "-p", help="What the pictures show.")],
    out: Annotated[Path, opt.output("Where the picture goes (.png); several become OUT-0.png, OUT-1.png, ...")],
    count: Annotated[int, typer.Option("--count", "-n", help="How many; each further one adds 1 to the seed.")] = 1,
    negative_prompt: Annotated[str, typer.Option(help="What they should not show.")] = "",
    scale: Annotated[float, typer.Option(help="Guidance scale: how closely they follow the prompt.")] = 7.5,
    cfgpp: Annotated[
        bool, typer.Option("--cfgpp", help="CFG++: --scale is then a weight from 0 to 1.", rich_help_panel="Run")
    ] = False,
    steps: opt.Steps = 50,
    seed: opt.Seed = 0,
    size: Annotated[
        str | None,
        typer.Option(metavar="N|WxH", help="In pixels; by default the model's own.", rich_help_panel="Run"),
    ] = None,
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
    from ...runs.jobs import generate_jobs, sized
    from ...runs.outcome import numbered
    from .session import PNG, check_outputs, run_jobs, tell, write_results

    carry = "null" if cfgpp else "guided"
    settings = {"negative_prompt": negative_prompt, "steps": steps, "scale": scale, "carry": carry}
    jobs = generate_jobs(prompt, count, model=loading.model, seed=seed, settings=settings)
    outputs = [("-o", target, PNG) for target in numbered(out, count)]
    check_outputs([*outputs, ("--grid", grid, PNG)])
    sides = None if size is None else parse_sides(size)
    prior = loading.prior(console)
    outcome = run_jobs(console, sized(jobs, prior, sides), prior, batch=batch)
    tell(console, outcome, write_results(outcome, out, grid))


def parse_sides(words: str) -> tuple[int, int]:
    """(width, height) of "512" or "768x512".

    Raises:
        InputError: something else.
    """
    from ...core.errors import InputError

    parts = words.lower().split("x")
    if len(parts) in (1, 2) and all(part.isascii() and part.isdigit() and 0 < len(part) < 6 for part in parts):
        return int(parts[0]), int(parts[-1])
    raise InputError(f"--size {words!r}: expected pixels such as 512 or 768x512")
