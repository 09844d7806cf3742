"""`dreamsampler models`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .console import Console
from .options import with_options

if TYPE_CHECKING:
    from ...priors.catalog import Listed


@with_options
def models(console: Console) -> None:
    """List the models that are known to load, their licenses, and which of them are on this machine.

    Any other Stable Diffusion 1, 2 or XL checkpoint loads too: `--model` takes a Hugging Face id, a diffusers folder or
    a .safetensors file. A Hugging Face model is downloaded when it is first used.

    **Examples**

    ```
    dreamsampler models
    dreamsampler edit cat.png -p "a dog" -m stable-diffusion-v1-5/stable-diffusion-v1-5 -o dog.png
    ```
    """
    from ...priors.catalog import bundled_place, listing, others_in_cache

    bundled, known, others = bundled_place(), listing(), others_in_cache()
    console.summary(
        bundled=None if bundled is None else str(bundled),
        models=[
            {
                "model": entry.known.model,
                "family": entry.known.family,
                "prediction": entry.known.prediction,
                "native_size": entry.known.native_size,
                "parameters": entry.known.parameters * 10**6,
                "license": entry.known.license,
                "place": None if entry.place is None else str(entry.place),
            }
            for entry in known
        ],
        others=list(others),
    )
    console.say(f"bundled  {'comes with this installation' if bundled else 'not in this installation'}")
    console.say("")
    for line in _table(known):
        console.say(line)
    for name in others:
        console.say(f"{name}  in the local cache")


def _table(known: Sequence[Listed]) -> list[str]:
    """One line a model, in columns; what to know of it on a line of its own."""
    head = ("model", "kind", "pixels", "16 bits", "license", "here")
    rows = [
        (
            entry.known.model,
            f"{entry.known.family} {entry.known.prediction}",
            str(entry.known.native_size),
            f"{entry.known.gigabytes():.1f} GB",
            entry.known.license,
            "yes" if entry.place else "no",
        )
        for entry in known
    ]
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(head, widths, strict=True)).rstrip()]
    for entry, row in zip(known, rows, strict=True):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if entry.known.note:
            lines.append(f"    {entry.known.note}")
    return lines
