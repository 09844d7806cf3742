"""A figure: what it is, how it looks, where it stands; and the paths that follow from that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dreamsampler.core.errors import InputError
from iconworld.scenes.characters import bodies
from iconworld.scenes.characters.accessories import ACCESSORIES
from iconworld.scenes.characters.coats import COATS
from iconworld.scenes.characters.features import EXPRESSIONS
from iconworld.scenes.characters.people import PEOPLE
from iconworld.scenes.characters.skeleton import Genes, Look, Wear
from iconworld.scenes.drawing import Path, placed
from iconworld.scenes.objects import OBJECTS
from iconworld.scenes.objects.common import paint
from iconworld.scenes.palette import COLORS, FUR, HAIR, SKINS
from iconworld.scenes.styles import PLAIN, Style

MEAN = Genes()
VIEWS = (*bodies.VIEWS, "object")


@dataclass(frozen=True)
class Figure:
    """One figure of a scene.

    Attributes:
        kind: its noun, in `CHARACTERS` or `OBJECTS`.
        color: name of its coat, clothes or main color.
        view: "face", "sitting" or "standing" for characters, "object" for objects.
        genes: proportions and pose, each in [-1, 1] (`characters.skeleton.Genes`; objects read the first eight).
        x, y: its middle, in canvas units.
        size: 1 is 100 canvas units.
        turn: degrees clockwise.
        flip: mirrored left to right.
        expression: one of `characters.features.EXPRESSIONS`.
        wears: accessories, at most one of a kind of place.
        hair: name of the hair color (people), else "".
        skin: index of the skin tone (people).
        style: how all this is painted.
    """

    kind: str
    color: str
    view: str = "object"
    genes: Genes = MEAN
    x: float = 64.0
    y: float = 64.0
    size: float = 1.0
    turn: float = 0.0
    flip: bool = False
    expression: str = "neutral"
    wears: tuple[Wear, ...] = ()
    hair: str = ""
    skin: int = 0
    style: Style = PLAIN

    def __post_init__(self) -> None:
        if self.kind not in kinds():
            raise InputError(f"kind is {self.kind!r}: give one of {', '.join(kinds())}")
        _check(self, "color", colors_of(self.kind))
        _check(self, "view", views_of(self.kind))
        _check(self, "expression", EXPRESSIONS if self.view != "object" else EXPRESSIONS[:1])
        _check(self, "hair", hairs_of(self.kind))
        if self.skin not in range(len(SKINS) if self.kind in PEOPLE else 1):
            raise InputError(f"skin of a {self.kind} is {self.skin!r}: give 0 to {len(SKINS) - 1} for people, else 0")
        if self.wears and not can_wear(self.kind, self.view):
            raise InputError(f"wears is {self.wears!r}: a {self.view} {self.kind} wears nothing; give ()")
        places = [ACCESSORIES[w.kind].place for w in self.wears if w.kind in ACCESSORIES]
        if len(places) != len(self.wears) or len(set(places)) != len(places):
            raise InputError(
                f"wears is {self.wears!r}: give at most one each for eyes and top, of {tuple(ACCESSORIES)}"
            )
        for w in self.wears:
            if w.color not in ACCESSORIES[w.kind].colors:
                raise InputError(f"wears: color of {w.kind} is {w.color!r}: give one of {ACCESSORIES[w.kind].colors}")

    def paths(self, index: int = 0) -> list[Path]:
        """The figure's paths on the canvas, back to front, marked as the scene's figure number `index`."""
        if self.view == "object":
            local = OBJECTS[self.kind].draw(self.genes[:8], paint(COLORS[self.color]))
        else:
            look = Look(self.kind, self.color, self.genes, self.expression, self.wears, self.hair, self.skin)
            local = bodies.VIEWS[self.view](look)
        scale = (-self.size if self.flip else self.size, self.size)
        here = placed(local, self.x, self.y, scale, self.turn)
        return [replace(p, figure=index) for p in self.style.paint(here, self.main_color)]

    @property
    def main_color(self) -> str:
        """The color of most of the figure, "#rrggbb": of people in close-up their skin."""
        if self.view == "object":
            return COLORS[self.color]
        return SKINS[self.skin] if self.kind in PEOPLE else FUR[self.color]


def _check(figure: Figure, field: str, allowed: tuple[str, ...]) -> None:
    value = getattr(figure, field)
    if value not in allowed:
        raise InputError(f"{field} of a {figure.kind} is {value!r}: give one of {', '.join(map(repr, allowed))}")


def hairs_of(kind: str) -> tuple[str, ...]:
    """The hair colors of a kind of figure: only adults go grey; ("",) for all but people."""
    if kind not in PEOPLE:
        return ("",)
    return tuple(HAIR) if kind in ("man", "woman") else tuple(h for h in HAIR if h != "grey")


def can_wear(kind: str, view: str) -> bool:
    """Whether accessories can be put on: characters whose face is toward us."""
    return view in ("face", "sitting") or (view == "standing" and kind not in ("horse", "zebra"))


def kinds() -> tuple[str, ...]:
    """All nouns: characters, then objects."""
    return (*COATS, *OBJECTS)


def views_of(kind: str) -> tuple[str, ...]:
    """The views that a kind of figure is drawn in."""
    return ("object",) if kind in OBJECTS else bodies.views_of(kind)


def colors_of(kind: str) -> tuple[str, ...]:
    """The colors that a kind of figure comes in."""
    return OBJECTS[kind].colors if kind in OBJECTS else COATS[kind]
