"""Backgrounds: a named color, plain or with a simple pattern in a neighboring tone of the same color."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dreamsampler.core.errors import InputError
from iconworld.scenes.drawing import CANVAS, Path, path
from iconworld.scenes.palette import BACKGROUNDS, lightness, mix
from iconworld.scenes.shapes import Contour, box, ellipse, polygon

_MIDDLE = CANVAS / 2


@dataclass(frozen=True)
class Background:
    """A background.

    Attributes:
        color: a name in `palette.BACKGROUNDS`.
        pattern: a name in `PATTERNS`; "plain" for none.
        phase: where the pattern starts, 0..1.
        period: its scale, 0..1.
    """

    color: str
    pattern: str = "plain"
    phase: float = 0.0
    period: float = 0.5

    def __post_init__(self) -> None:
        if self.color not in BACKGROUNDS:
            raise InputError(f"background.color is {self.color!r}: give one of {', '.join(BACKGROUNDS)}")
        if self.pattern not in PATTERNS:
            raise InputError(f"background.pattern is {self.pattern!r}: give one of {', '.join(PATTERNS)}")

    def paths(self) -> list[Path]:
        """The square of the canvas and the pattern on it."""
        base = BACKGROUNDS[self.color]
        light_base = lightness(base) > 0.82
        second = mix(base, "#3a1f3d", 0.07) if light_base else mix(base, "#ffffff", 0.20)
        marks = PATTERNS[self.pattern](self.phase, self.period)
        square = path("background", base, box(0, 0, CANVAS, CANVAS))
        return [square, *([path("background", second, *marks)] if marks else [])]


def _plain(phase: float, period: float) -> list[Contour]:
    return []


def _dots(phase: float, period: float) -> list[Contour]:
    step = 20 + 12 * period
    start = phase * step
    rows = np.arange(-1, int(CANVAS / step) + 2)
    return [
        ellipse(start + (i + 0.5 * (j % 2)) * step, start + j * step * 0.9, 0.22 * step) for j in rows for i in rows
    ]


def _stripes(phase: float, period: float) -> list[Contour]:
    step = 24 + 16 * period
    first = np.arange(-CANVAS - step * (1 - phase), CANVAS + step, step)
    return [polygon([(x, 0), (x + step / 2, 0), (x + step / 2 + CANVAS, CANVAS), (x + CANVAS, CANVAS)]) for x in first]


def _bars(phase: float, period: float) -> list[Contour]:
    step = 24 + 16 * period
    return [box(x, 0, x + step / 2, CANVAS) for x in np.arange(-step * phase, CANVAS, step)]


def _disc(phase: float, period: float) -> list[Contour]:
    return [ellipse(_MIDDLE, _MIDDLE, 50 + 8 * period)]


def _floor(phase: float, period: float) -> list[Contour]:
    return [box(0, 84 + 18 * phase, CANVAS, CANVAS)]


def _halves(phase: float, period: float) -> list[Contour]:
    x = _MIDDLE + 30 * (phase - 0.5)
    return [polygon([(x + 24 * (period - 0.5), 0), (CANVAS, 0), (CANVAS, CANVAS), (x - 24 * (period - 0.5), CANVAS)])]


def _rays(phase: float, period: float) -> list[Contour]:
    count = 8 + 2 * int(period * 3.99)
    at = 2 * np.pi * (np.arange(count) + phase) / count
    half = np.pi / count / 2
    tip = [(_MIDDLE + 100 * np.cos(a), _MIDDLE + 100 * np.sin(a)) for a in np.concatenate([at - half, at + half])]
    return [polygon([(_MIDDLE, _MIDDLE), tip[i], tip[i + count]]) for i in range(count)]


PATTERNS: dict[str, Callable[[float, float], list[Contour]]] = {
    "plain": _plain,
    "dots": _dots,
    "stripes": _stripes,
    "bars": _bars,
    "disc": _disc,
    "floor": _floor,
    "halves": _halves,
    "rays": _rays,
}
