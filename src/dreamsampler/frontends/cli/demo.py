"""`dreamsampler demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt
from .console import Console
from .shared import with_options


@with_options
def demo(
    console: Console,
    out: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")] = Path(
        "dreamsampler-demo"
    ),
    steps: opt.Steps = 50,
    device: opt.Device = None,
    dtype: opt.Dtype = None,
    model: opt.Model = "bundled",
) -> None:
    """Show what the library does, on bundled pictures with the bundled prior.

    A cat becomes a dog, a horse a zebra, a face gets glasses, and two objects of one picture are exchanged at once,
    each in its own mask. Writes the pictures and a sheet of them all beside the true answers.

    **Examples**

    ```
    dreamsampler demo
    dreamsampler demo -o /tmp/demo --steps 20
    ```
    """
    from ..demo import run_demo
    from .session import open_model

    prior = open_model(console, model, device=device, dtype=dtype)
    with console.progress() as on_progress:
        sheet = run_demo(prior, out, steps=steps, progress=on_progress)
    console.say(f"wrote {sheet} and its pictures in {sheet.parent} ({console.seconds:.1f} s)")
    console.summary(sheet=str(sheet), folder=str(sheet.parent), seconds=round(console.seconds, 3))
