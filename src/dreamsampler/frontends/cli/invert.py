"""`dreamsampler invert`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from ...core.errors import InputError
from ...core.settings import options_of
from ...tasks.settings import InvertSettings
from . import options as opt
from .console import Console
from .options import Loading, with_options
from .task import PNG, check_outputs, request, run, tell, write_results


@with_options
def invert(
    settings: InvertSettings,
    loading: Loading,
    console: Console,
    image: opt.Picture,
    out: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT.png", help="Also write the reconstruction.", rich_help_panel="Output"
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Say what each method of inversion keeps; writes nothing.")
    ] = False,
    seed: opt.Seed = 0,
    grid: Annotated[
        Path | None, opt.file_option("GRID.png", "Also write source and reconstruction side by side.")
    ] = None,
) -> None:
    """Say how much of a picture a model keeps, before anything is edited.

    Prints the autoencoder's and the inversion's round trip in dB: 22 dB and less lose what a viewer would call the
    picture. Costs 2 N evaluations.

    **Examples**

    ```
    dreamsampler invert cat.png
    dreamsampler invert cat.png --compare --steps 20
    dreamsampler invert cat.png --steps 20 --inversion fixed-point -o reconstruction.png
    ```
    """
    if compare and (out or grid):
        raise InputError("--compare writes nothing; leave -o and --grid out, or name one method with --inversion")
    check_outputs((("-o", out, PNG), ("--grid", grid, PNG)), (image,))
    known = next(option.choices for option in options_of(InvertSettings) if option.name == "inversion")
    methods = known if compare else (settings.inversion,)
    several = [dataclasses.replace(settings, inversion=method) for method in methods]  # type: ignore[arg-type]
    result = run(console, loading, [request(loading, one, image, seed=seed) for one in several])
    if not compare:
        return tell(console, result, write_results(result, out, grid))
    kept = {}
    for method, item in zip(methods, result.items, strict=True):
        console.say(f"{method}: {item.reconstruction} ({item.stats.evaluations} evaluations)")
        kept[method] = None if item.reconstruction is None else item.reconstruction.inversion_psnr
    console.summary(inversion_psnr=kept, evaluations=result.evaluations, seconds=round(console.seconds, 3))
