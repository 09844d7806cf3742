"""Fruit."""

from __future__ import annotations

from collections.abc import Sequence

from dreamsampler.iconworld.drawing import Path, path
from dreamsampler.iconworld.objects.common import Object, Paint, paint, solid
from dreamsampler.iconworld.shapes import Contour, blob, ellipse, moved, stroke, symmetric

STEM = "#7a4b34"
LEAF = paint("#4caf50")


def leaf(x: float, y: float, size: float, turn: float) -> list[Path]:
    """A pointed leaf that grows from `(x, y)` to the right, with a darker lower half."""
    whole = blob([(0, 0, 0), (0.5, -0.30), (1, -0.08, 0), (0.52, 0.26)])
    half = blob([(0, 0, 0), (0.5, -0.04), (1, -0.08, 0), (0.52, 0.26)])
    return [
        path("leaf", LEAF.main, moved(whole, x, y, size, turn)),
        path("leaf", LEAF.shade, moved(half, x, y, size, turn)),
    ]


def gleam(x: float, y: float, size: float, turn: float) -> Contour:
    """A soft oblong highlight."""
    return ellipse(x, y, 0.42 * size, size, turn)


def apple(v: Sequence[float], p: Paint) -> list[Path]:
    w, h = 40 * (1 + 0.08 * v[0]), 37 * (1 + 0.07 * v[1])
    body = symmetric(
        [
            (0, 12 - 0.82 * h),
            (0.52 * w, 12 - h),
            (w, 12 - 0.28 * h),
            (0.72 * w, 12 + 0.68 * h),
            (0.30 * w, 12 + 0.98 * h),
            (0, 12 + 0.90 * h),
        ]
    )
    top = 12 - 0.78 * h
    return [
        *solid("apple", body, p, 8),
        path("stem", STEM, stroke([(0, top + 4), (1.5 + 2 * v[2], top - 9), (6 + 4 * v[2], top - 19)], (5, 5, 7))),
        *leaf(3 + 2 * v[2], top - 7, 29 * (1 + 0.15 * v[3]), -14 + 12 * v[4]),
        path("apple", p.light, gleam(-0.58 * w, 12 - 0.34 * h, 9, 24)),
    ]


def orange(v: Sequence[float], p: Paint) -> list[Path]:
    r = 41 * (1 + 0.05 * v[0])
    return [
        *solid("orange", ellipse(0, 5, r, r * (0.95 + 0.03 * v[1])), p, 9),
        path("orange", p.light, gleam(-0.52 * r, -10, 9, 38)),
        *leaf(0, 6 - 0.93 * r, 28 * (1 + 0.15 * v[3]), -8 + 16 * v[4]),
        path("stem", STEM, ellipse(0, 7 - 0.93 * r, 5.5, 4.0)),
    ]


FRUIT: dict[str, Object] = {
    "apple": Object(apple, ("red", "green", "yellow")),
    "tangerine": Object(orange, ("orange",)),
}
