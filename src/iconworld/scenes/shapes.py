"""Closed cubic Bezier contours: the only geometry of Icon World.

A contour is a float64 array `[3 n, 2]`: start, handle, handle, start, handle, handle, ...; segment `i` runs from point
`3 i` over its two handles to point `3 i + 3`, and the last one ends where the first began. `x` grows to the right, `y`
downwards. Every function returns such an array; none draws.

Example:
    >>> ellipse(0, 0, 10).shape
    (12, 2)
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

Contour = NDArray[np.float64]
Point = Sequence[float]

_ARC = 0.5522847498307936  # handle length of a quarter circle of radius one
_QUARTERS = np.array(
    [
        (1, 0),
        (1, _ARC),
        (_ARC, 1),
        (0, 1),
        (-_ARC, 1),
        (-1, _ARC),
        (-1, 0),
        (-1, -_ARC),
        (-_ARC, -1),
        (0, -1),
        (_ARC, -1),
        (1, -_ARC),
    ]
)


def moved(
    contour: Contour, x: float = 0.0, y: float = 0.0, scale: float | tuple[float, float] = 1.0, turn: float = 0.0
) -> Contour:
    """Scale, then turn clockwise by `turn` degrees, then shift by `(x, y)`; a negative scale mirrors."""
    sx, sy = scale if isinstance(scale, tuple) else (scale, scale)
    c, s = cos(radians(turn)), sin(radians(turn))
    return contour @ np.array([[c * sx, s * sx], [-s * sy, c * sy]]) + (x, y)


def about(contour: Contour, x: float, y: float, scale: float | tuple[float, float] = 1.0, turn: float = 0.0) -> Contour:
    """Scale and turn about the fixed point `(x, y)`."""
    return moved(contour - (x, y), x, y, scale, turn)


def reversed_(contour: Contour) -> Contour:
    """The same curve run the other way, so that it cuts a hole into one that encloses it."""
    return np.roll(contour[::-1], 1, axis=0)


def mirrored(contour: Contour) -> Contour:
    """Reflection in the line x = 0, run in the same sense as the original."""
    return reversed_(contour * (-1.0, 1.0))


def ellipse(x: float, y: float, rx: float, ry: float | None = None, turn: float = 0.0) -> Contour:
    """An ellipse (four segments) about `(x, y)`; `ry` defaults to `rx`."""
    return moved(_QUARTERS, x, y, (rx, rx if ry is None else ry), turn)


def ring(x: float, y: float, radius: float, width: float) -> tuple[Contour, Contour]:
    """A circle of the given outer radius with a hole that leaves a band of the given width."""
    return ellipse(x, y, radius), reversed_(ellipse(x, y, radius - width))


def blob(points: Sequence[Point], tension: float = 1.0) -> Contour:
    """The smooth closed curve through `points` (Catmull-Rom).

    A point may carry a third number, its roundness: 1 is smooth (the default), 0 a corner. `tension` scales all
    handles.
    """
    p = np.array([q[:2] for q in points], dtype=np.float64)
    round_ = np.array([q[2] if len(q) > 2 else 1.0 for q in points])[:, None] * (tension / 6.0)
    tangent = (np.roll(p, -1, 0) - np.roll(p, 1, 0)) * round_
    after = np.roll(p, -1, 0)
    corner_out, corner_in = round_ == 0.0, np.roll(round_, -1, 0) == 0.0
    first = np.where(corner_out, p + (after - p) / 3.0, p + tangent)
    second = np.where(corner_in, after + (p - after) / 3.0, after - np.roll(tangent, -1, 0))
    return np.stack([p, first, second], 1).reshape(-1, 2)


def symmetric(points: Sequence[Point], tension: float = 1.0) -> Contour:
    """`blob` through `points`, listed from top to bottom on the right (x >= 0), and their mirror images."""
    left = [(-q[0], *q[1:]) for q in reversed(points) if abs(q[0]) > 1e-9]
    return blob([*points, *left], tension)


def polygon(points: Sequence[Point], radius: float = 0.0) -> Contour:
    """A polygon with rounded corners; a third number in a point is that corner's own radius."""
    p = np.array([q[:2] for q in points], dtype=np.float64)
    before, after = np.roll(p, 1, 0) - p, np.roll(p, -1, 0) - p
    reach_before, reach_after = np.hypot(*before.T), np.hypot(*after.T)
    wanted = np.array([q[2] if len(q) > 2 else radius for q in points])
    cut = np.minimum(wanted, 0.5 * np.minimum(reach_before, reach_after))[:, None]
    a, b = p + before / reach_before[:, None] * cut, p + after / reach_after[:, None] * cut
    c = np.roll(a, -1, 0)
    return np.stack([a, a + _ARC * (p - a), b + _ARC * (p - b), b, b + (c - b) / 3, c + (b - c) / 3], 1).reshape(-1, 2)


def box(x0: float, y0: float, x1: float, y1: float, radius: float = 0.0) -> Contour:
    """An upright rectangle with rounded corners."""
    return polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], radius)


def stroke(points: Sequence[Point], width: float | Sequence[float]) -> Contour:
    """The outline of a pen drawn smoothly through `points`, with round ends.

    `width` is one number or one a point (a tapering pen).
    """
    p = np.array([q[:2] for q in points], dtype=np.float64)
    half = np.broadcast_to(np.asarray(width, dtype=np.float64) / 2.0, len(p)).copy()
    if len(p) > 2:  # one more point inside each span keeps the offset curves parallel
        padded = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
        middle = (9.0 * (padded[1:-2] + padded[2:-1]) - padded[:-3] - padded[3:]) / 16.0
        p, half = _interleaved(p, middle), _interleaved(half, (half[1:] + half[:-1]) / 2.0)
    along = np.gradient(p, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    aside = np.stack([-along[:, 1], along[:, 0]], 1) * half[:, None]
    return blob(
        np.concatenate(
            [p + aside, _cap(p[-1], along[-1], aside[-1]), (p - aside)[::-1], _cap(p[0], -along[0], -aside[0])]
        ).tolist()
    )


def star(
    x: float, y: float, outer: float, inner: float, count: int = 5, radius: float = 0.0, turn: float = 0.0
) -> Contour:
    """A star of `count` points, the first one up."""
    angle = np.pi * np.arange(2 * count) / count + radians(turn)
    reach = np.where(np.arange(2 * count) % 2 == 0, outer, inner)
    return polygon(np.stack([x + reach * np.sin(angle), y - reach * np.cos(angle)], 1).tolist(), radius)


def flower(x: float, y: float, outer: float, inner: float, count: int, turn: float = 0.0) -> Contour:
    """A round-lobed rosette: `count` lobes reaching `outer`, notches at `inner`."""
    angle = np.pi * np.arange(2 * count) / count + radians(turn)
    reach = np.where(np.arange(2 * count) % 2 == 0, outer, inner)
    return blob(np.stack([x + reach * np.sin(angle), y - reach * np.cos(angle)], 1).tolist(), 1.25)


def _cap(end: NDArray[np.float64], along: NDArray[np.float64], aside: NDArray[np.float64]) -> NDArray[np.float64]:
    """Three points on the half circle that closes a stroke."""
    reach = along * float(np.hypot(*aside))
    return np.stack([end + 0.7071 * (aside + reach), end + reach, end + 0.7071 * (reach - aside)])


def _interleaved(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.empty((len(a) + len(b), *a.shape[1:]))
    out[0::2], out[1::2] = a, b
    return out
