"""`dreamsampler degrade`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt
from .console import Console
from .options import with_options
from .task import check_outputs

Operators = Annotated[
    list[str],
    typer.Option(
        "--operator",
        metavar="KIND:FIELD=VALUE,...",
        help="What is done to the picture, see `restore`. Repeat it; the first comes first.",
    ),
]


@with_options
def degrade(
    console: Console,
    image: opt.Picture,
    operator: Operators,
    out: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="Y.png|Y.npy|Y.safetensors",
            help="Where the measurement goes; .npy and .safetensors keep every value.",
            rich_help_panel="Output",
        ),
    ],
    noise_std: Annotated[float, typer.Option(help="Standard deviation of the noise; white minus black is 2.")] = 0.0,
    peak: Annotated[
        float | None, typer.Option(metavar="PHOTONS", help="Poisson noise instead: photons counted at white.")
    ] = None,
    seed: opt.Seed = 0,
) -> None:
    """Blur, shrink, gray or mask a picture and add noise: a measurement to restore. No model is needed.

    **Examples**

    ```
    dreamsampler degrade heart.png --operator sr:factor=4 -o small.png
    dreamsampler degrade cat.png --operator blur:sigma=3,size=21 --noise-std 0.01 -o y.npy
    ```
    """
    from ...io.measured import SUFFIXES, write_measurement
    from ..python import degrade as measure

    check_outputs((("-o", out, SUFFIXES),), (image,))
    values = measure(image, operator, noise_std=noise_std, peak=peak, seed=seed)
    notes = write_measurement(out, values)
    for note in notes:
        console.note(note)
    channels, height, width = values.shape
    console.say(f"wrote {out} ({width} x {height}, {channels} channel{'s' if channels > 1 else ''})")
    console.summary(files=[str(out)], width=width, height=height, channels=channels, notes=list(notes))
