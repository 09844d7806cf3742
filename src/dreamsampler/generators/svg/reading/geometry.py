"""SVG's path data, basic shapes and transforms as numbers.

A curve is an array `[3 S + 1, 2]`: anchor, two handles, anchor, two handles, ..., anchor.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....core.errors import InputError

Array = NDArray[np.float64]
Lengths = Callable[[str, str], float]
"""(attribute text, axis "x", "y" or "r") -> number in user units."""
ROUNDING = 1e-9
MAX_SEGMENTS = 300_000
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_NUMBERS = re.compile(rf"[\s,]*(?:({_NUMBER})|$)")
_SPACE = re.compile(r"[\s,]*")
_FLAG = re.compile(r"[\s,]*([01])")
_COMMANDS = re.compile(r"([MmZzLlHhVvCcSsQqTtAa])([^MmZzLlHhVvCcSsQqTtAa]*)")
_COUNTS = {"M": 2, "Z": 0, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7}
_CALL = re.compile(r"[\s,]*([A-Za-z]+)\s*\(([^()]*)\)[\s,]*")
_ANGLES = {"": math.pi / 180, "deg": math.pi / 180, "rad": 1.0, "grad": math.pi / 200, "turn": math.tau}


class Curve(NamedTuple):
    """A piecewise cubic curve `[3 S + 1, 2]` and whether the file closes it."""

    points: Array
    closed: bool


def transformed(points: Array, matrix: Array) -> Array:
    result: Array = points @ matrix[:2, :2].T + matrix[:2, 2]
    return result


def translation(x: float, y: float) -> Array:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=np.float64)


def affine(text: str) -> Array:
    """Return a `transform` attribute as a 3 x 3 matrix for column vectors.

    Raises:
        InputError: a function or a number that is none.

    Example:
        >>> affine("translate(2 3) scale(4)").tolist()
        [[4.0, 0.0, 2.0], [0.0, 4.0, 3.0], [0.0, 0.0, 1.0]]
    """
    matrix, place, text = np.eye(3), 0, text.strip()
    if len(text) > 10_000:
        raise InputError(f"transform: {len(text)} characters; simplify the file")
    while place < len(text) and text != "none":
        call = _CALL.match(text, place)
        own = _function(call[1].lower(), call[2]) if call else None
        if call is None or own is None:
            raise InputError(f"transform: cannot read {text[place : place + 60]!r}")
        matrix, place = matrix @ own, call.end()
    return matrix


def _function(name: str, inside: str) -> Array | None:
    parts = [re.fullmatch(rf"({_NUMBER})(px|deg|rad|grad|turn)?", part) for part in inside.replace(",", " ").split()]
    if not parts or None in parts:
        return None
    numbers = [float(part[1]) for part in parts if part]
    angle = numbers[0] * _ANGLES.get(parts[0][2] or "", 0.0)  # type: ignore[index]
    make, counts = _FUNCTIONS.get(name, (_matrix, ()))
    return make(angle, *numbers) if len(numbers) in counts else None


def _matrix(_: float, a: float, b: float, c: float, d: float, e: float, f: float) -> Array:
    return np.array([[a, c, e], [b, d, f], [0, 0, 1]], dtype=np.float64)


def _rotation(angle: float, _: float, x: float = 0.0, y: float = 0.0) -> Array:
    c, s = math.cos(angle), math.sin(angle)
    return translation(x, y) @ _matrix(0, c, s, -s, c, 0, 0) @ translation(-x, -y)


_FUNCTIONS: dict[str, tuple[Callable[..., Array], tuple[int, ...]]] = {
    "matrix": (_matrix, (6,)),
    "translate": (lambda _, x, y=0.0: translation(x, y), (1, 2)),
    "translatex": (lambda _, x: translation(x, 0), (1,)),
    "translatey": (lambda _, y: translation(0, y), (1,)),
    "scale": (lambda _, x, y=None: np.diag([x, x if y is None else y, 1.0]), (1, 2)),
    "scalex": (lambda _, x: np.diag([x, 1.0, 1.0]), (1,)),
    "scaley": (lambda _, y: np.diag([1.0, y, 1.0]), (1,)),
    "rotate": (_rotation, (1, 3)),
    "skewx": (lambda angle, _: _matrix(0, 1, 0, math.tan(angle), 1, 0, 0), (1,)),
    "skewy": (lambda angle, _: _matrix(0, 1, math.tan(angle), 0, 1, 0, 0), (1,)),
}
"""How many numbers each transform takes, and what it makes of the first as an angle and of all."""


@functools.lru_cache(256)
def path_curves(data: str) -> tuple[Curve, ...]:
    """Return the subpaths of a `d` attribute, everything converted to cubics (arcs to 3e-4 of their radius).

    Raises:
        InputError: malformed, not finite, or more than `MAX_SEGMENTS` segments.

    Example:
        >>> [(len(curve.points), curve.closed) for curve in path_curves("M0 0h9v9zM1 1q2 2 4 0")]
        [(10, True), (4, False)]
    """
    curves: list[Curve] = []
    points = [0j]
    control, last = 0j, ""
    for command, values in _segments(data):
        kind, here = command.upper(), points[-1]
        base = here if command.islower() else 0j
        pairs = [complex(x, y) + base for x, y in zip(values[-2::-2], values[::-2])][::-1] if kind not in "HVZ" else []
        if kind == "M":
            _finish(curves, points, False)
            points = pairs
        elif kind == "Z":
            if len(points) > 1 and abs(here - points[0]) <= ROUNDING * (1 + abs(points[0])):
                points[-1] = points[0]  # relative steps add up to nearly the start
            elif here != points[0]:
                points += _line(here, points[0])
            _finish(curves, points, True)
            points = [points[0]]
        elif kind in "LHV":
            x = here.real if kind == "V" else values[0] + base.real
            y = here.imag if kind == "H" else values[0] + base.imag
            end = pairs[0] if kind == "L" else complex(x, y)
            points += _line(here, end)
        elif kind in "CS":
            first = pairs[-3] if kind == "C" else 2 * here - control if last in "CS" else here
            control = pairs[-2]
            points += [first, control, pairs[-1]]
        elif kind in "QT":
            control = pairs[0] if kind == "Q" else 2 * here - control if last in "QT" else here
            end = pairs[-1]
            points += [(here + 2 * control) / 3, (end + 2 * control) / 3, end]
        else:
            points += _arc(here, values, pairs[-1])
        last = kind
        if len(points) > 3 * MAX_SEGMENTS:
            raise InputError(f"path data: more than {MAX_SEGMENTS} curve segments; simplify the file")
    _finish(curves, points, False)
    return tuple(curves)


def _segments(data: str) -> Iterator[tuple[str, list[float]]]:
    """Each command with the numbers of one segment; a command whose numbers repeat is repeated."""
    place = len(data) - len(data.lstrip())
    if data[place : place + 1] not in ("M", "m", ""):
        raise InputError(f"path data: {data[:60]!r} does not begin with a move")
    while place < len(data):
        command = _COMMANDS.match(data, place)
        if command is None:
            raise InputError(f"path data: cannot read {data[place : place + 60]!r}")
        letter, end = command[1], command.end()
        count, values, at = _COUNTS[letter.upper()], list[float](), command.start(2)
        more = count > 0
        while more or _SPACE.match(data, at, end).end() < end:  # type: ignore[union-attr]
            flag = letter in "Aa" and len(values) in (3, 4)
            number = (_FLAG if flag else _NUMBERS).match(data, at, end)
            if number is None or number[1] is None or count == 0:
                raise InputError(f"path data: cannot read {data[command.start() : command.start() + 60]!r}")
            values.append(float(number[1]))
            at, more = number.end(), len(values) + 1 < count
            if not math.isfinite(values[-1]):
                raise InputError(f"path data: infinite coordinates in {data[:60]!r}")
            if len(values) == count:
                yield letter, values
                letter, values = {"M": "L", "m": "l"}.get(letter, letter), []
        if values:
            raise InputError(f"path data: numbers are missing in {data[command.start() : end][:60]!r}")
        if count == 0:
            yield letter, values
        place = end


def _finish(curves: list[Curve], points: list[complex], closed: bool) -> None:
    if len(points) > 1 or closed:
        curves.append(Curve(np.array(points).view(np.float64).reshape(-1, 2), closed))


def _line(start: complex, end: complex) -> list[complex]:
    """Handles at 1/3 and 2/3, and the end."""
    return [(2 * start + end) / 3, (start + 2 * end) / 3, end]


def _arc(start: complex, values: list[float], end: complex) -> list[complex]:
    """An elliptic arc as cubics of at most a quarter turn (SVG 1.1, appendix F.6)."""
    rx, ry, degrees, large, sweep = abs(values[0]), abs(values[1]), *values[2:5]
    if start == end or rx == 0 or ry == 0:
        return _line(start, end)
    turn = complex(math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
    a, b = (complex((p / turn).real / rx, (p / turn).imag / ry) for p in (start, end))  # on a unit circle
    half = abs(b - a) / 2
    grow = max(1.0, half)  # radii that do not reach are enlarged
    a, b, half = a / grow, b / grow, min(half, 1.0)
    sign = 1.0 if large == sweep else -1.0
    center = (a + b) / 2 - sign * math.sqrt(max(0.0, 1 - half * half)) * 1j * (b - a) / max(abs(b - a), 1e-300)
    angle = math.atan2(((b - center) / (a - center)).imag, ((b - center) / (a - center)).real)
    if (sweep and angle < 0) or (not sweep and angle > 0):
        angle += math.tau if sweep else -math.tau
    count = max(1, math.ceil(abs(angle) / (math.pi / 2) - 1e-9))
    handle, step = 4j / 3 * math.tan(angle / count / 4), angle / count
    found: list[complex] = []
    for k in range(count):
        p, q = ((a - center) * complex(math.cos(t), math.sin(t)) for t in (k * step, (k + 1) * step))
        found += [center + p + handle * p, center + q - handle * q, center + q]
    placed = [turn * complex(grow * rx * p.real, grow * ry * p.imag) for p in found]
    return [*placed[:-1], end]


def shape_curves(tag: str, attributes: Mapping[str, str], length: Lengths) -> tuple[Curve, ...]:
    """Return the outline of a basic shape or path; empty if SVG draws nothing.

    Ellipses begin at their rightmost point and rectangles at the left end of their upper side, clockwise, as SVG has
    it: dashes are counted from there.
    """

    def number(key: str, axis: str) -> float:
        return length(attributes.get(key, "0"), axis)

    if tag == "path":
        data = attributes.get("d", "").strip()
        return path_curves(data) if data != "none" else ()
    if tag in ("polygon", "polyline"):
        text = attributes.get("points", "").strip()
        if text.count(" ") + text.count(",") > 4 * MAX_SEGMENTS:
            raise InputError(f"points: more than {MAX_SEGMENTS}; simplify the file")
        try:
            values = np.array([float(part) for part in text.replace(",", " ").split()])
        except ValueError as error:
            raise InputError(f"points: cannot read {text[:60]!r} ({error})") from error
        points = values[: len(values) // 2 * 2].tolist()
        close = "Z" if tag == "polygon" else ""
        return path_curves("M" + " ".join(map(repr, points)) + close) if len(points) > 2 else ()
    if tag == "line":
        x1, y1, x2, y2 = number("x1", "x"), number("y1", "y"), number("x2", "x"), number("y2", "y")
        return path_curves(f"M{x1!r} {y1!r}L{x2!r} {y2!r}")
    if tag == "rect":
        return _rectangle(attributes, number)
    rx = number("r", "r") if tag == "circle" else number("rx", "x")
    ry = rx if tag == "circle" else number("ry", "y")
    return _ellipse(number("cx", "x"), number("cy", "y"), rx, ry) if rx > 0 and ry > 0 else ()


def _ellipse(cx: float, cy: float, rx: float, ry: float) -> tuple[Curve, ...]:
    arcs = "".join(f"A{rx!r} {ry!r} 0 0 1 {cx + x!r} {cy + y!r}" for x, y in ((0, ry), (-rx, 0), (0, -ry), (rx, 0)))
    return path_curves(f"M{cx + rx!r} {cy!r}{arcs}Z")


def _rectangle(attributes: Mapping[str, str], number: Callable[[str, str], float]) -> tuple[Curve, ...]:
    x, y, width, height = (number(key, axis) for key, axis in zip(("x", "y", "width", "height"), "xyxy"))
    if width <= 0 or height <= 0:
        return ()
    given = [key for key in ("rx", "ry") if attributes.get(key, "auto").strip() not in ("", "auto")]
    rx = number("rx", "x") if "rx" in given else number("ry", "y") if given else 0.0
    ry = number("ry", "y") if "ry" in given else rx
    right, low = x + width, y + height
    if rx <= 0 or ry <= 0:
        return path_curves(f"M{x!r} {y!r}H{right!r}V{low!r}H{x!r}Z")
    rx, ry = min(rx, width / 2), min(ry, height / 2)
    if 2 * rx == width and 2 * ry == height:
        return _ellipse(x + rx, y + ry, rx, ry)
    corner = f"A{rx!r} {ry!r} 0 0 1 "
    return path_curves(
        f"M{x + rx!r} {y!r}H{right - rx!r}{corner}{right!r} {y + ry!r}V{low - ry!r}{corner}{right - rx!r} {low!r}"
        f"H{x + rx!r}{corner}{x!r} {low - ry!r}V{y + ry!r}{corner}{x + rx!r} {y!r}Z"
    )


def polygon(points: Array, steps: int = 8) -> Array:
    """Return vertices on a curve `[3 S + 1, 2]`, `steps` a segment."""
    cubics = np.stack([points[0:-3:3], points[1::3], points[2::3], points[3::3]], axis=1)
    t = (np.arange(steps) / steps)[:, None]
    basis = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    inner = np.einsum("nk,skd->snd", basis, cubics).reshape(-1, 2)
    return np.concatenate([inner, points[-1:]])


def closed(points: Array) -> Array | None:
    """Return a curve `[3 S + 1, 2]` as a closed contour `[3 S, 2]`; None if it encloses nothing."""
    spread = points - points[0]
    reach = np.abs(spread).max()
    far = spread[np.abs(spread).sum(1).argmax()]
    if np.abs(spread @ np.array([-far[1], far[0]])).max() <= 1e-12 * reach * reach:
        return None  # all on one line
    if np.abs(points[-1] - points[0]).max() <= ROUNDING * reach:
        return points[:-1]
    end, start = points[-1], points[0]
    return np.concatenate([points, [(2 * end + start) / 3, (end + 2 * start) / 3]])
