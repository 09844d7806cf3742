"""`dreamsampler demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt
from .console import Console
from .options import Loading, with_options


@with_options
def demo(
    loading: Loading,
    console: Console,
    out: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")] = Path(
        "dreamsampler-demo"
    ),
    steps: opt.Steps = 50,
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

    prior = loading.prior(console)
    with console.progress() as observer:
        sheet = run_demo(prior, out, steps=steps, callback=observer)
    console.say(f"wrote {sheet} and its pictures in {sheet.parent} ({console.seconds:.1f} s)")
    console.summary(sheet=str(sheet), folder=str(sheet.parent), seconds=round(console.seconds, 3))
