"""A figure: what it is, how it looks, where it stands; and the paths that follow from that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dreamsampler.iconworld.characters import bodies
from dreamsampler.iconworld.characters.coats import COATS
from dreamsampler.iconworld.characters.skeleton import Genes, Look, Wear
from dreamsampler.iconworld.drawing import Path, placed
from dreamsampler.iconworld.objects import OBJECTS
from dreamsampler.iconworld.objects.common import paint
from dreamsampler.iconworld.palette import COLOURS

VIEWS = (*bodies.VIEWS, "object")


@dataclass(frozen=True)
class Figure:
    """One figure of a scene.

    Attributes:
        kind: its noun, in `CHARACTERS` or `OBJECTS`.
        colour: name of its coat, clothes or main colour.
        view: "face", "sitting" or "standing" for characters, "object" for objects.
        genes: proportions and pose, each in [-1, 1] (`characters.skeleton.Genes`; objects read the first eight).
        x, y: its middle, in canvas units.
        size: 1 is 100 canvas units.
        turn: degrees clockwise.
        flip: mirrored left to right.
        expression: one of `characters.features.EXPRESSIONS`.
        wears: accessories, at most one of a kind of place.
        hair: name of the hair colour (people), else "".
        skin: index of the skin tone (people).
    """

    kind: str
    colour: str
    view: str = "object"
    genes: Genes = Genes()
    x: float = 64.0
    y: float = 64.0
    size: float = 1.0
    turn: float = 0.0
    flip: bool = False
    expression: str = "neutral"
    wears: tuple[Wear, ...] = ()
    hair: str = ""
    skin: int = 0

    def paths(self, index: int = 0) -> list[Path]:
        """The figure's paths on the canvas, back to front, marked as the scene's figure number `index`."""
        if self.view == "object":
            local = OBJECTS[self.kind].draw(self.genes[:8], paint(COLOURS[self.colour]))
        else:
            look = Look(self.kind, self.colour, self.genes, self.expression, self.wears, self.hair, self.skin)
            local = bodies.VIEWS[self.view](look)
        scale = (-self.size if self.flip else self.size, self.size)
        return [replace(p, figure=index) for p in placed(local, self.x, self.y, scale, self.turn)]


def kinds() -> tuple[str, ...]:
    """All nouns: characters, then objects."""
    return (*COATS, *OBJECTS)


def views_of(kind: str) -> tuple[str, ...]:
    """The views that a kind of figure is drawn in."""
    return ("object",) if kind in OBJECTS else tuple(bodies.VIEWS)


def colours_of(kind: str) -> tuple[str, ...]:
    """The colours that a kind of figure comes in."""
    return OBJECTS[kind].colours if kind in OBJECTS else COATS[kind]
