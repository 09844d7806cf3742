"""Views of a character: the head alone, sitting from the front, standing from the side."""

from __future__ import annotations

from collections.abc import Callable

from dreamsampler.iconworld.characters import accessories
from dreamsampler.iconworld.characters.coats import tones
from dreamsampler.iconworld.characters.heads import HEADS
from dreamsampler.iconworld.characters.skeleton import Look, frame
from dreamsampler.iconworld.drawing import Path, placed


def head(look: Look) -> list[Path]:
    """The head and what it wears, in head units, upright."""
    entry = HEADS[look.kind]
    f = frame(entry.plan, look.genes, tones(look.colour))
    paths = entry.draw(f, look.expression)
    for wear in look.wears:
        paths += accessories.draw(f, wear)
    return paths


def face(look: Look) -> list[Path]:
    """The head alone, in a box of about 100 x 100 units."""
    return placed(head(look), 0, 3, 1.12, 5 * look.genes.tilt)


VIEWS: dict[str, Callable[[Look], list[Path]]] = {"face": face}
