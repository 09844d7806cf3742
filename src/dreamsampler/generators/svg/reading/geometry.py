"""SVG's basic shapes, path data and transforms as numbers. The only file that uses svgelements.

A curve is an array `[3 S + 1, 2]`: anchor, two handles, anchor, two handles, ..., anchor.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....core.errors import InputError, MissingExtra

Array = NDArray[np.float64]
ROUNDING = 1e-9
_WORD = re.compile(r"[A-Za-z]+")
_TRANSFORM_WORDS = frozenset(
    {"matrix", "translate", "translatex", "translatey", "scale", "scalex", "scaley", "rotate", "skew", "skewx", "skewy"}
    | {"e", "none", "deg", "rad", "grad", "turn", "px", "pt", "pc", "in", "cm", "mm", "q", "em", "rem", "ex"}
)
KAPPA = 4 / 3 * math.tan(math.pi / 8)


class Curve(NamedTuple):
    """A piecewise cubic curve `[3 S + 1, 2]` and whether the file closes it."""

    points: Array
    closed: bool


def _library() -> Any:
    try:
        import svgelements
    except ImportError as error:
        raise MissingExtra("reading SVG files needs svgelements: pip install 'dreamsampler[svg]'") from error
    return svgelements


@contextmanager
def _explained(what: str, text: str) -> Iterator[None]:
    """Whatever the parser throws on malformed text becomes an InputError that quotes it."""
    try:
        yield
    except MissingExtra:
        raise
    except Exception as error:
        shown = text if len(text) <= 60 else text[:57] + "..."
        raise InputError(f"{what}: cannot read {shown!r} ({type(error).__name__}: {error})") from error


def affine(text: str) -> Array:
    """A `transform` attribute as a 3 x 3 matrix for column vectors."""
    with _explained("transform", text):
        # the parser takes what it does not know for nothing
        unknown = [word for word in _WORD.findall(text) if word.lower() not in _TRANSFORM_WORDS]
        if unknown:
            raise ValueError(f"unknown word {unknown[0][:20]!r}")
        m = _library().Matrix(text)
        return np.array([[m.a, m.c, m.e], [m.b, m.d, m.f], [0, 0, 1]], dtype=np.float64)


def transformed(points: Array, matrix: Array) -> Array:
    result: Array = points @ matrix[:2, :2].T + matrix[:2, 2]
    return result


def path_curves(data: str) -> list[Curve]:
    """The subpaths of a `d` attribute, everything converted to cubics (arcs to 1e-5 of their radius)."""
    with _explained("path data", data):
        library = _library()
        path = library.Path(data)
        path.approximate_arcs_with_cubics(error=0.125)  # eighths of a turn
        curves: list[Curve] = []
        points: list[tuple[float, float]] = []
        for segment in path:
            if isinstance(segment, library.Move):
                _finish(curves, points, False)
                points = [_xy(segment.end)]
            elif isinstance(segment, library.Close):
                start = points[0]
                if len(points) > 1 and math.dist(points[-1], start) <= ROUNDING * (1 + math.hypot(*start)):
                    points[-1] = start  # relative steps add up to nearly the start
                elif points[-1] != start:
                    points += line_to(points[-1], start)
                _finish(curves, points, True)
                points = [start]
            else:
                if not points:
                    points = [_xy(segment.start)]
                points += _cubic(library, segment, points[-1])
        _finish(curves, points, False)
    for curve in curves:
        if not np.isfinite(curve.points).all():
            raise InputError(f"path data: NaN or infinite coordinates in {data[:60]!r}")
    return curves


def _finish(curves: list[Curve], points: list[tuple[float, float]], closed: bool) -> None:
    if len(points) > 1 or (points and closed):
        curves.append(Curve(np.array(points, dtype=np.float64), closed))


def _xy(point: Any) -> tuple[float, float]:
    return float(point.x), float(point.y)


def line_to(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    """Handles at 1/3 and 2/3, and the end."""
    (x0, y0), (x1, y1) = start, end
    return [((2 * x0 + x1) / 3, (2 * y0 + y1) / 3), ((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3), end]


def _cubic(library: Any, segment: Any, start: tuple[float, float]) -> list[tuple[float, float]]:
    """The three further points of a segment as a cubic."""
    end = _xy(segment.end)
    if isinstance(segment, library.CubicBezier):
        return [_xy(segment.control1), _xy(segment.control2), end]
    if isinstance(segment, library.QuadraticBezier):
        (x0, y0), (x1, y1), (x2, y2) = start, _xy(segment.control), end
        return [((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3), ((x2 + 2 * x1) / 3, (y2 + 2 * y1) / 3), end]
    return line_to(start, end)


Lengths = Callable[[str, str], float]
"""(attribute text, axis "x", "y" or "r") -> number in user units."""


def shape_curves(tag: str, attributes: Mapping[str, str], length: Lengths) -> list[Curve]:
    """The outline of a basic shape or path; empty where SVG says that nothing is drawn."""

    def number(key: str, axis: str) -> float:
        return length(attributes.get(key, "0"), axis)

    if tag == "path":
        data = attributes.get("d", "").strip()
        return path_curves(data) if data and data != "none" else []
    if tag in ("polygon", "polyline"):
        vertices = _vertices(attributes.get("points", ""))
        return [straight(vertices, tag == "polygon")] if len(vertices) > 1 else []
    if tag == "line":
        ends = [[number("x1", "x"), number("y1", "y")], [number("x2", "x"), number("y2", "y")]]
        return [straight(np.array(ends), False)]
    if tag == "rect":
        return _rectangle(attributes, number)
    if tag in ("circle", "ellipse"):
        rx = number("r", "r") if tag == "circle" else number("rx", "x")
        ry = rx if tag == "circle" else number("ry", "y")
        center, radii = np.array([number("cx", "x"), number("cy", "y")]), np.array([rx, ry])
        return [_from_the_right(_rounded(center - radii, center + radii, rx, ry))] if rx > 0 and ry > 0 else []
    return []


def _from_the_right(ellipse: Curve) -> Curve:
    """An ellipse that begins at its rightmost point, as SVG has it: dashes are counted from there."""
    ring = np.roll(ellipse.points[:-1], -3, axis=0)
    return Curve(np.concatenate([ring, ring[:1]]), True)


def _vertices(text: str) -> Array:
    with _explained("points", text):
        values = np.array([float(part) for part in text.replace(",", " ").split()])
        if not np.isfinite(values).all():
            raise ValueError("not finite")
        return values[: len(values) // 2 * 2].reshape(-1, 2)


def straight(vertices: Array, closed: bool) -> Curve:
    """A polyline as cubics."""
    if closed and (vertices[0] != vertices[-1]).any():
        vertices = np.concatenate([vertices, vertices[:1]])
    a, b = vertices[:-1], vertices[1:]
    rest = np.stack([(2 * a + b) / 3, (a + 2 * b) / 3, b], axis=1).reshape(-1, 2)
    return Curve(np.concatenate([vertices[:1], rest]), closed)


def _rectangle(attributes: Mapping[str, str], number: Callable[[str, str], float]) -> list[Curve]:
    x, y, width, height = (number(key, axis) for key, axis in zip(("x", "y", "width", "height"), "xyxy"))
    if width <= 0 or height <= 0:
        return []
    given = [key for key in ("rx", "ry") if attributes.get(key, "auto").strip() not in ("", "auto")]
    rx = number("rx", "x") if "rx" in given else (number("ry", "y") if given else 0.0)
    ry = number("ry", "y") if "ry" in given else rx
    low, high = np.array([x, y]), np.array([x + width, y + height])
    if rx <= 0 or ry <= 0:
        corners = np.array([[x, y], [high[0], y], high, [x, high[1]]])
        return [straight(corners, True)]
    return [_rounded(low, high, min(rx, width / 2), min(ry, height / 2))]


def _rounded(low: Array, high: Array, rx: float, ry: float) -> Curve:
    """A rectangle with elliptic corners, clockwise from the top left one's right end; an ellipse has no sides."""
    (x0, y0), (x1, y1) = low.tolist(), high.tolist()
    kx, ky = rx * (1 - KAPPA), ry * (1 - KAPPA)
    points = [(x0 + rx, y0)]
    corners = (
        ((x1 - rx, y0), (x1 - kx, y0), (x1, y0 + ky), (x1, y0 + ry)),
        ((x1, y1 - ry), (x1, y1 - ky), (x1 - kx, y1), (x1 - rx, y1)),
        ((x0 + rx, y1), (x0 + kx, y1), (x0, y1 - ky), (x0, y1 - ry)),
        ((x0, y0 + ry), (x0, y0 + ky), (x0 + kx, y0), (x0 + rx, y0)),
    )
    for start, first, second, end in corners:
        if math.dist(points[-1], start) > 1e-9 * (1 + abs(x0) + abs(y1)):
            points += line_to(points[-1], start)
        points += [first, second, end]
    points[-1] = points[0]
    return Curve(np.array(points, dtype=np.float64), True)
