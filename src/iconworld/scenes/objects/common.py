"""What every family of objects shares: the entry of the catalog, the tones of a color, two shading helpers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from iconworld.scenes.drawing import Path, path
from iconworld.scenes.edges import crescent
from iconworld.scenes.palette import light, shade
from iconworld.scenes.shapes import Contour

ANY = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
"""Colors of things that come in every color."""


class Paint(NamedTuple):
    """A color in four tones."""

    main: str
    shade: str
    light: str
    deep: str


class Object(NamedTuple):
    """An entry of the catalog: how it is drawn (eight numbers in [-1, 1], its paint), and the colors it comes in."""

    draw: Callable[[Sequence[float], Paint], list[Path]]
    colors: tuple[str, ...]


def paint(color: str) -> Paint:
    """The tones of a color given as "#rrggbb"."""
    return Paint(color, shade(color, 0.17), light(color, 0.42), shade(color, 0.40))


def solid(
    part: str, outline: Contour, p: Paint, depth: float = 6.0, start: float = 60, stop: float = 205
) -> list[Path]:
    """A filled outline with a crescent of shadow on its lower right."""
    return [path(part, p.main, outline), path(part, p.shade, crescent(outline, start, stop, depth))]
