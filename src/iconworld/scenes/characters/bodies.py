"""Views of a character: the head alone, sitting from the front, standing from the side, a person standing."""

from __future__ import annotations

from collections.abc import Callable

from iconworld.scenes.characters import accessories
from iconworld.scenes.characters.clothed import person_standing
from iconworld.scenes.characters.coats import tones
from iconworld.scenes.characters.equine import equine_standing
from iconworld.scenes.characters.heads import HEADS
from iconworld.scenes.characters.people import PEOPLE
from iconworld.scenes.characters.quadruped import sitting_body, standing_body
from iconworld.scenes.characters.skeleton import Look, frame
from iconworld.scenes.drawing import Path, placed

_NEVER_SITS = ("horse", "zebra", *PEOPLE)
_NEVER_STANDS = ("rabbit", "mouse", "frog", "monkey", "panda")


def views_of(kind: str) -> tuple[str, ...]:
    """The views in which a character is drawn."""
    sits, stands = kind not in _NEVER_SITS, kind not in _NEVER_STANDS
    return ("face", *(["sitting"] if sits else []), *(["standing"] if stands else []))


def head(look: Look) -> list[Path]:
    """The head and what it wears, in head units, upright."""
    entry = HEADS[look.kind]
    f = frame(entry.plan, look.genes, tones(look.color))
    paths = entry.draw(f, look)
    for wear in look.wears:
        paths += accessories.draw(f, wear)
    return paths


def face(look: Look) -> list[Path]:
    """The head alone, in a box of about 100 x 100 units."""
    return placed(head(look), 0, 2, 1.07, 5 * look.genes.tilt)


def sitting(look: Look) -> list[Path]:
    """From the front, sitting; the head is the same, smaller."""
    return [*sitting_body(look), *placed(head(look), 0, -17, 0.74, 5 * look.genes.tilt)]


def standing(look: Look) -> list[Path]:
    """Horses and zebras in profile, people from the front, others from the side with the face to us."""
    if look.kind in PEOPLE:
        return [*person_standing(look), *placed(head(look), 0, -21, 0.66, 4 * look.genes.tilt)]
    if look.kind in ("horse", "zebra"):
        return placed(equine_standing(look), 0, 2, 0.95)
    return [*standing_body(look), *placed(head(look), -20, -18, 0.66, 5 * look.genes.tilt)]


VIEWS: dict[str, Callable[[Look], list[Path]]] = {"face": face, "sitting": sitting, "standing": standing}
"""The views by name."""
