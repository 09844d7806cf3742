"""What every family of objects shares: the entry of the catalogue, the tones of a colour, two shading helpers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dreamsampler.iconworld.drawing import Path, path
from dreamsampler.iconworld.edges import crescent
from dreamsampler.iconworld.palette import light, shade
from dreamsampler.iconworld.shapes import Contour

ANY = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
"""Colours of things that come in every colour."""


class Paint(NamedTuple):
    """A colour in four tones."""

    main: str
    shade: str
    light: str
    deep: str


class Object(NamedTuple):
    """An entry of the catalogue: how it is drawn (eight numbers in [-1, 1], its paint), and the colours it comes in."""

    draw: Callable[[Sequence[float], Paint], list[Path]]
    colours: tuple[str, ...]


def paint(colour: str) -> Paint:
    """The tones of a colour given as "#rrggbb"."""
    return Paint(colour, shade(colour, 0.17), light(colour, 0.42), shade(colour, 0.40))


def solid(
    part: str, outline: Contour, p: Paint, depth: float = 6.0, start: float = 60, stop: float = 205
) -> list[Path]:
    """A filled outline with a crescent of shadow on its lower right."""
    return [path(part, p.main, outline), path(part, p.shade, crescent(outline, start, stop, depth))]
