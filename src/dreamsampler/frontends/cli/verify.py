"""`dreamsampler verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import Console
from .options import with_options


@with_options
def verify(
    console: Console,
    result: Annotated[
        Path, typer.Argument(metavar="OUT.png|OUT.svg", help="A picture or drawing that dreamsampler wrote.")
    ],
    input: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Where an input is now, if neither beside OUT nor in this folder."),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="ID|DIR|FILE", help="Where the model is now, if it moved.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Another one than it was made on: cpu, cuda, ...")] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch the model from the Hub if it is not in the local cache.")
    ] = False,
) -> None:
    """Run a picture's or a drawing's recipe again and say whether it gives the same.

    Prints "identical" (of an SVG: byte for byte), or how far the two are apart. Exit code 0 if identical, 1 if not, 2
    if it cannot be run.

    **Examples**

    ```
    dreamsampler verify dog.png
    dreamsampler verify dog.svg
    dreamsampler verify dog.png --input ~/pictures/cat.png --model ~/models/sd15
    ```
    """
    from ...runs.model import load_prior
    from ...runs.verify import check, read_claim

    claim = read_claim(result, list(input or ()))
    with console.busy(f"loading {model or claim.recipe.model.id}"):
        prior = load_prior(claim.recipe, model=model, device=device, local_files_only=not download)
    with console.progress() as observer:
        comparison = check(claim, prior, observer)
    for note in comparison.notes:
        console.note(note)
    console.say(f"{result}: {comparison}")
    console.summary(
        file=str(result),
        identical=comparison.identical,
        largest=comparison.largest,
        mean=comparison.mean,
        share=comparison.share,
        edited=comparison.edited,
        notes=list(comparison.notes),
    )
    if not comparison.identical:
        raise typer.Exit(1)
