"""Linear and radial gradients as elements describe them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from ....core.errors import InputError
from ..fill import Affine, Gradient, Rgba
from .geometry import Array, affine
from .stylesheet import Stylesheet
from .values import color
from .viewport import Viewport, fraction

MAX_CHAIN = 100
MAX_STOPS = 500


class Described(NamedTuple):
    """A gradient element with what it takes from those that it refers to."""

    radial: bool
    given: Mapping[str, str]
    offsets: tuple[float, ...]
    colors: tuple[Rgba, ...]


def describe(node: Element, ids: Mapping[str, Element], sheet: Stylesheet) -> Described | None:
    """Return the attributes and stops of a gradient; what it lacks comes from what it refers to. None without stops.

    Raises:
        InputError: malformed numbers, or too many stops.
    """
    chain = [node]
    while len(chain) <= MAX_CHAIN:
        link = chain[-1].get("href", "")
        following = ids.get(link[1:]) if link.startswith("#") else None
        if following is None or following in chain:
            break
        chain.append(following)
    given = {key: value for link in reversed(chain) for key, value in link.attrib.items()}
    stops = next((found for link in chain if (found := link.findall("stop"))), [])
    if len(stops) > MAX_STOPS:
        raise InputError(f"gradient: {len(stops)} stops, at most {MAX_STOPS} are read")
    offsets, colors = list[float](), list[Rgba]()
    for stop in stops:
        properties = sheet.properties(stop)
        offsets.append(max(fraction(properties.get("offset", "0")), offsets[-1] if offsets else 0.0))
        text = properties.get("stop-color", "black")
        r, g, b, a = color("black" if text in ("currentcolor", "inherit") else text)
        colors.append((r, g, b, a * fraction(properties.get("stop-opacity"))))
    return Described(node.tag == "radialGradient", given, tuple(offsets), tuple(colors)) if stops else None


def resolve(found: Described, view: Viewport, low: Array, high: Array) -> Gradient | None:
    """Return the gradient for a shape with the bounding box from `low` to `high`, in the shape's own coordinates.

    None if its coordinates have no area.
    """
    given = found.given
    boxed = given.get("gradientUnits", "objectBoundingBox") != "userSpaceOnUse"
    unit = Viewport(1, 1) if boxed else view
    own, focus = (_radial if found.radial else _linear)(given, unit)
    matrix = affine(given.get("gradientTransform", ""))
    if boxed:
        size = high - low
        matrix = np.array([[size[0], 0, low[0]], [0, size[1], low[1]], [0, 0, 1]]) @ matrix
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix[:2, :2])) < 1e-18:
        return None
    if abs(np.linalg.det(own)) == 0:  # ends or radius of no length: the last stop everywhere
        return Gradient(False, (1, 0, 0, 1, 0, 0), found.offsets[-1:], found.colors[-1:])
    inverse: Array = np.linalg.inv(matrix @ own).astype(np.float64)
    return Gradient(found.radial, _six(inverse), found.offsets, found.colors, given.get("spreadMethod", "pad"), focus)


Frame = tuple[Array, tuple[float, float]]
"""The map from unit space to the gradient's coordinates, and the focus in unit space."""


def _linear(given: Mapping[str, str], unit: Viewport) -> Frame:
    keys = (("x1", "0%", "x"), ("y1", "0%", "y"), ("x2", "100%", "x"), ("y2", "0%", "y"))
    x1, y1, x2, y2 = (unit.length(given.get(key, default), axis) for key, default, axis in keys)
    dx, dy = x2 - x1, y2 - y1
    return np.array([[dx, -dy, x1], [dy, dx, y1], [0, 0, 1]], dtype=np.float64), (0.0, 0.0)


def _radial(given: Mapping[str, str], unit: Viewport) -> Frame:
    cx, cy, r = (unit.length(given.get(key, "50%"), axis) for key, axis in (("cx", "x"), ("cy", "y"), ("r", "r")))
    matrix = np.array([[r, 0, cx], [0, r, cy], [0, 0, 1]], dtype=np.float64)
    if r <= 0:
        return np.zeros((3, 3)), (0.0, 0.0)
    fx, fy = (unit.length(given[key], key[1]) if key in given else center for key, center in (("fx", cx), ("fy", cy)))
    focus = np.array([(fx - cx) / r, (fy - cy) / r])
    inside = focus * min(1.0, 0.999 / max(float(np.hypot(*focus)), 1e-12))
    return matrix, (float(inside[0]), float(inside[1]))


def _six(matrix: Array) -> Affine:
    """A 3 x 3 matrix as SVG's six numbers."""
    (a, c, e), (b, d, f), _ = matrix.tolist()
    return a, b, c, d, e, f


def placed(gradient: Gradient, matrix: Array) -> Gradient:
    """Return the gradient of a shape that a matrix takes to pixels."""
    a, b, c, d, e, f = gradient.to_unit
    own = np.array([[a, c, e], [b, d, f], [0, 0, 1]])
    return replace(gradient, to_unit=_six(own @ np.linalg.inv(matrix)))
