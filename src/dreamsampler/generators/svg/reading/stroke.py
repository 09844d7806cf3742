"""Strokes -> fills: the area within half the stroke width of a curve, as closed cubic contours.

The stroke is the union of strips along the curve, wedges at its corners and caps at its ends. Every part is a contour
of one orientation, so that with the non-zero rule parts may overlap and never cancel. (An outline that follows the
curve on one side and returns on the other leaves holes where the curve turns tighter than half the width.)
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .geometry import Array, Curve, line_to

MAX_TURN = math.radians(30)
MAX_HALVINGS = 6
STRAIGHT = 1e-9


class Pen(NamedTuple):
    """How a curve is stroked, in its own units.

    Attributes:
        width: of the stroke.
        cap: "butt", "round" or "square".
        join: "miter", "round" or "bevel".
        miter_limit: longest miter in widths; longer ones are bevelled.
        tolerance: largest distance between an offset cubic and the true offset.
    """

    width: float
    cap: str = "butt"
    join: str = "miter"
    miter_limit: float = 4.0
    tolerance: float = 0.01


class _Piece(NamedTuple):
    """A cubic `[4, 2]` that turns little, with unit normals at its ends (the curve's direction turned by +90 deg)."""

    points: Array
    normals: Array


def stroke_contours(curves: list[Curve], pen: Pen) -> list[Array]:
    """Closed contours `[3 S, 2]` (non-zero rule) of the stroke of curves."""
    contours: list[Array] = []
    for curve in curves:
        contours += _stroke(curve, pen)
    return contours


def _stroke(curve: Curve, pen: Pen) -> list[Array]:
    half = pen.width / 2
    pieces = _pieces(curve.points, half, pen.tolerance)
    if not pieces:
        return _dot(curve.points[0], half, pen.cap)
    contours: list[Array] = []
    run: list[_Piece] = []
    pairs = list(zip(pieces, [*pieces[1:], pieces[0]]))
    for number, (piece, following) in enumerate(pairs):
        if _folds(piece, half):
            contours += _strip(run, half) + _lobes(piece, half)
            run = []
        else:
            run.append(piece)
        if number + 1 == len(pieces) and not curve.closed:
            break
        wedge = _join(piece, following, half, pen)
        if wedge:
            contours += _strip(run, half) + wedge
            run = []
    contours += _strip(run, half)
    if not curve.closed:
        contours += _cap(pieces[0].points[0], -pieces[0].normals[0], half, pen.cap)
        contours += _cap(pieces[-1].points[3], pieces[-1].normals[1], half, pen.cap)
    return [_oriented(contour) for contour in contours]


def _direction(points: Array, at_end: bool) -> Array:
    """Unit tangent of a cubic at one end, from the first control point that differs from it."""
    ordered = points[::-1] if at_end else points
    scale = np.abs(points - points[0]).max()
    for other in ordered[1:]:
        step = ordered[0] - other if at_end else other - ordered[0]
        length = float(np.hypot(*step))
        if length > STRAIGHT * scale:
            unit: Array = step / length
            return unit
    return np.array([1.0, 0.0])


def _turned(vector: Array) -> Array:
    return np.array([-vector[1], vector[0]])


def _pieces(points: Array, half: float, tolerance: float) -> list[_Piece]:
    """Split a curve until every part turns little and its offset is close to a cubic; parts of no length vanish."""
    found: list[_Piece] = []
    stack = [(points[3 * k : 3 * k + 4], 0) for k in reversed(range(len(points) // 3))]
    while stack:
        cubic, depth = stack.pop()
        if np.abs(cubic - cubic[0]).max() <= 1e-12 * (1 + np.abs(cubic[0]).max()):
            continue
        start, end = _direction(cubic, False), _direction(cubic, True)
        piece = _Piece(cubic, np.stack([_turned(start), _turned(end)]))
        if depth < MAX_HALVINGS and not _simple(piece, half, tolerance):
            left, right = halves(cubic)
            stack += [(right, depth + 1), (left, depth + 1)]
        else:
            found.append(piece)
    return found


def halves(cubic: Array, t: float = 0.5) -> tuple[Array, Array]:
    """De Casteljau's subdivision of a cubic at t."""
    a = cubic[:-1] + t * (cubic[1:] - cubic[:-1])
    b = a[:-1] + t * (a[1:] - a[:-1])
    c = b[0] + t * (b[1] - b[0])
    return np.stack([cubic[0], a[0], b[0], c]), np.stack([c, b[1], a[2], cubic[3]])


def _simple(piece: _Piece, half: float, tolerance: float) -> bool:
    legs = piece.points[1:] - piece.points[:-1]
    lengths = np.hypot(legs[:, 0], legs[:, 1])
    legs = legs[lengths > STRAIGHT * lengths.max()]
    angles = np.arctan2(legs[:, 1], legs[:, 0])
    turns = (np.diff(angles) + math.pi) % (2 * math.pi) - math.pi
    if np.abs(turns).sum() > MAX_TURN:
        return False
    middle = halves(piece.points)[0][3]
    left, _ = halves(piece.points)
    normal = _turned(_direction(left, True))
    for side in (half, -half):
        offset = halves(_offset(piece, side))[0][3]
        if np.hypot(*(offset - middle - side * normal)) > tolerance:
            return False
    return True


def _offset(piece: _Piece, distance: float) -> Array:
    """The cubic at a distance: ends moved along their normals, handles scaled like the chord."""
    points = piece.points
    start, end = points[0] + distance * piece.normals[0], points[3] + distance * piece.normals[1]
    chord = points[3] - points[0]
    scale = float((end - start) @ chord / max(chord @ chord, 1e-300))
    return np.stack([start, start + scale * (points[1] - points[0]), end + scale * (points[2] - points[3]), end])


def _folds(piece: _Piece, half: float) -> bool:
    """Whether the inner offset runs backwards: the piece turns tighter than half the width."""
    chord = piece.points[3] - piece.points[0]
    shift = piece.normals[1] - piece.normals[0]
    return bool(abs(half * float(shift @ chord)) > float(chord @ chord))


def _strip(run: list[_Piece], half: float) -> list[Array]:
    """One contour around consecutive pieces: along them on one side, back on the other."""
    if not run:
        return []
    ahead, back = [_offset(piece, half) for piece in run], [_offset(piece, -half)[::-1] for piece in reversed(run)]
    return [_closed([*ahead, *back])]


def _lobes(piece: _Piece, half: float) -> list[Array]:
    """Both sides of a piece that turns about a point within the stroke, each a contour that ends in that point."""
    p, q = piece.points[0], piece.points[3]
    n, m = piece.normals
    # p + s n = q + s m at the center of the turn
    apart = n - m
    center = p + float((q - p) @ apart / max(apart @ apart, 1e-300)) * n
    return [_closed([_offset(piece, side), _line(_offset(piece, side)[3], center)]) for side in (half, -half)]


def _line(start: Array, end: Array) -> Array:
    return np.array([tuple(start), *line_to((start[0], start[1]), (end[0], end[1]))])


def _closed(cubics: list[Array]) -> Array:
    """Cubics one after the other as a closed contour `[3 S, 2]`, gaps between them bridged by lines."""
    rows: list[Array] = []
    for cubic, following in zip(cubics, [*cubics[1:], cubics[0]]):
        rows.append(cubic[:3])
        if np.abs(cubic[3] - following[0]).max() > 1e-12:
            rows.append(_line(cubic[3], following[0])[:3])
    return np.concatenate(rows)


def _join(before: _Piece, after: _Piece, half: float, pen: Pen) -> list[Array]:
    """The wedge on the outer side of a corner; nothing where the curve goes on smoothly."""
    n, m = before.normals[1], after.normals[0]
    sine, cosine = float(n[0] * m[1] - n[1] * m[0]), float(n @ m)
    if cosine > 0 and abs(sine) < 1e-6:
        return []
    corner = before.points[3]
    side = -half if sine > 0 else half
    a, b = corner + side * n, corner + side * m
    if pen.join == "round":
        turn = math.copysign(abs(math.atan2(sine, cosine)), -side)  # a curve that doubles back has sine 0
        return [_closed([*_arc(corner, side * n, turn), _line(b, corner), _line(corner, a)])]
    vertices = [corner, a, b]
    # The miter's length in widths is 1 / sin(angle / 2), with sin^2(angle / 2) = (1 + cosine) / 2.
    if pen.join.startswith("miter") and (1 + cosine) / 2 * pen.miter_limit**2 >= 1:
        vertices.insert(2, corner + side * (n + m) / (1 + cosine))
    return [_closed([_line(p, q) for p, q in zip(vertices, [*vertices[1:], vertices[0]])])]


def _arc(center: Array, radius: Array, angle: float) -> list[Array]:
    """Cubics along a circle from center + radius through an angle."""
    count = max(1, math.ceil(abs(angle) / (math.pi / 4)))
    step = angle / count
    handle = 4 / 3 * math.tan(step / 4)
    found = []
    for k in range(count):
        ends = [radius * math.cos(x) + _turned(radius) * math.sin(x) for x in (k * step, (k + 1) * step)]
        start, end = ends
        cubic = [start, start + handle * _turned(start), end - handle * _turned(end), end]
        found.append(center + np.stack(cubic))
    return found


def _cap(end: Array, normal: Array, half: float, cap: str) -> list[Array]:
    """What lies beyond an end whose outward direction is `normal` turned by -90 degrees."""
    if cap == "round":
        arc = _arc(end, half * normal, -math.pi)
        return [_closed([*arc, _line(arc[-1][3], arc[0][0])])]
    if cap == "square":
        out, side = -_turned(normal) * half, half * normal
        corners = [end + side, end + side + out, end - side + out, end - side]
        return [_closed([_line(p, q) for p, q in zip(corners, [*corners[1:], corners[0]])])]
    return []


def _dot(center: Array, half: float, cap: str) -> list[Array]:
    """A subpath of no length: round caps draw a disc, square ones a square, butt ones nothing."""
    right = np.array([0.0, -1.0])
    return [_oriented(part) for sign in (1, -1) for part in _cap(center, sign * right, half, cap)]


def _oriented(contour: Array) -> Array:
    """The contour with positive area, started anew at the same anchor if it must be reversed."""
    x, y = contour.T
    area = float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())
    return contour if area >= 0 else np.roll(contour[::-1], 1, axis=0)
