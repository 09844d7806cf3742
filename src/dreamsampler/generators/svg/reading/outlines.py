"""Strokes, dashes and clips as filled outlines, by Skia's path operations (skia-pathops)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pathops

from ....core.errors import InputError
from .geometry import MAX_SEGMENTS, Array, Curve, closed, polygon

CAPS = {"butt": pathops.LineCap.BUTT_CAP, "round": pathops.LineCap.ROUND_CAP, "square": pathops.LineCap.SQUARE_CAP}
JOINS = {"round": pathops.LineJoin.ROUND_JOIN, "bevel": pathops.LineJoin.BEVEL_JOIN}
FINENESS = 32.0
"""Skia's units to a pixel: it works to about a quarter of a unit, in 32-bit floats."""
MAX_PAIRS = 3000
"""Most pairs of segments whose boxes meet in one operation: half a second; twice as many take four times as long."""


class Pen(NamedTuple):
    """How a curve is stroked, in its own units: SVG's stroke-width, -linecap, -linejoin, -miterlimit, -dasharray."""

    width: float
    cap: str = "butt"
    join: str = "miter"
    miter_limit: float = 4.0
    dashes: Sequence[float] = ()
    offset: float = 0.0


def lengths(curves: Iterable[Curve]) -> list[float]:
    """Return the lengths of curves, as polygons of eight sides a segment."""
    return [float(np.hypot(*np.diff(polygon(curve.points), axis=0).T).sum()) for curve in curves]


def stroked(curves: Sequence[Curve], pen: Pen, scale: float) -> list[Array]:
    """Return closed contours `[3 S, 2]` (non-zero rule) of the stroke of curves.

    Args:
        scale: pixels to a unit of the curves.
    """
    everything = np.concatenate([curve.points for curve in curves])
    center, unit = (everything.min(0) + everything.max(0)) / 2, FINENESS * scale
    moved = [Curve((curve.points - center) * unit, curve.closed) for curve in curves]
    dashes = [length * unit for length in (*pen.dashes, *(pen.dashes if len(pen.dashes) % 2 else ()))]
    path = skia(moved)
    path.stroke(
        pen.width * unit,
        CAPS[pen.cap],
        JOINS.get(pen.join, pathops.LineJoin.MITER_JOIN),
        pen.miter_limit,
        dashes if sum(dashes) > 0 else None,
        pen.offset * unit,
    )
    return [contour / unit + center for contour in contours_of(path)]


def skia(curves: Iterable[Curve], evenodd: bool = False) -> pathops.Path:
    """Return curves as Skia's path; cubics with handles at thirds become lines."""
    path = pathops.Path()
    path.fillType = pathops.FillType.EVEN_ODD if evenodd else pathops.FillType.WINDING
    for points, is_closed in curves:
        path.moveTo(*points[0].tolist())
        cubics = np.stack([points[0:-3:3], points[1::3], points[2::3], points[3::3]], axis=1)
        thirds = np.array([[2, 0, 0, 1], [1, 0, 0, 2]]) / 3 @ cubics
        lines = np.abs(thirds - cubics[:, 1:3]).max((1, 2)) <= 1e-9 * (1 + np.abs(cubics).max((1, 2)))
        for line, (_, first, second, end) in zip(lines.tolist(), cubics.tolist()):
            if line:
                path.lineTo(*end)
            else:
                path.cubicTo(*first, *second, *end)
        if is_closed:
            path.close()
    return path


def contours_of(path: pathops.Path) -> list[Array]:
    """Return the closed contours `[3 S, 2]` of a path that is to be filled."""
    if len(path.verbs) > MAX_SEGMENTS:
        raise InputError(f"path data: more than {MAX_SEGMENTS} curve segments; simplify the file")
    path.convertConicsToQuads(0.05)
    contours: list[Array] = []
    points: list[tuple[float, float]] = []
    for verb, given in path:
        if verb == pathops.PathVerb.MOVE:
            _finish(contours, points)
            points = [given[0]]
        elif verb != pathops.PathVerb.CLOSE:
            points += _cubic(points[-1], given)
    _finish(contours, points)
    return contours


def _cubic(start: tuple[float, float], given: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The three further points of a line, a quadratic or a cubic as a cubic."""
    if len(given) == 3:
        return list(given)
    (x0, y0), (x1, y1), (x2, y2) = start, given[0], given[-1]
    if len(given) == 1:
        return [((2 * x0 + x2) / 3, (2 * y0 + y2) / 3), ((x0 + 2 * x2) / 3, (y0 + 2 * y2) / 3), (x2, y2)]
    return [((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3), ((x2 + 2 * x1) / 3, (y2 + 2 * y1) / 3), (x2, y2)]


def _finish(contours: list[Array], points: list[tuple[float, float]]) -> None:
    if len(points) > 1 and (contour := closed(np.array(points, dtype=np.float64))) is not None:
        contours.append(contour)


def meeting(*paths: pathops.Path) -> int:
    """Return how many pairs of segments have boxes that meet: what an operation on paths costs is about its square."""
    corners: list[Array] = []
    for path in paths:
        last: tuple[float, float] | None = None
        for _, points in path:
            if points and last is not None:
                both = np.array([last, *points])
                corners.append(np.concatenate([both.min(0), both.max(0)]))
            last = points[-1] if points else last
        if len(corners) > MAX_PAIRS:
            return MAX_PAIRS**2
    if not corners:
        return 0
    low, high = np.split(np.stack(corners), 2, axis=1)
    meet = (low[:, None] <= high).all(2) & (high[:, None] >= low).all(2)
    return int(meet.sum() - len(low)) // 2


def combined(one: pathops.Path, two: pathops.Path, operation: pathops.PathOp) -> pathops.Path | None:
    """Return the union or intersection of two areas, with the non-zero rule; None if Skia finds none."""
    try:
        found = pathops.op(one, two, operation, fix_winding=True)
    except pathops.PathOpsError:
        return None
    found.fillType = pathops.FillType.WINDING
    return found
