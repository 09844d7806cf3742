"""Linear and radial gradients as elements describe them, and their mean color over a shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..fill import Affine, Gradient, Rgba
from .color import color
from .geometry import Array, affine
from .stylesheet import Stylesheet
from .viewport import Viewport, fraction
from .xmltree import Node

GRID = 24


def resolve(
    node: Node, ids: Mapping[str, Node], sheet: Stylesheet, view: Viewport, low: Array, high: Array
) -> Gradient | None:
    """The gradient that an element describes for a shape with the bounding box from `low` to `high`.

    Its `to_unit` starts from the shape's own coordinates. Attributes and stops that it lacks come from what it refers
    to. None where it has no stops or its coordinates have no area.
    """
    chain = _chain(node, ids)
    given: dict[str, str] = {}
    for link in chain:
        given = {**link.attributes, **given}
    stops = next((found for link in chain if (found := [c for c in link.children if c.tag == "stop"])), [])
    if not stops:
        return None
    boxed = given.get("gradientUnits", "objectBoundingBox") != "userSpaceOnUse"
    unit = Viewport(1, 1) if boxed else view
    radial = node.tag == "radialGradient"
    own = _radial(given, unit) if radial else _linear(given, unit)
    matrix = affine(given["gradientTransform"]) if "gradientTransform" in given else np.eye(3)
    if boxed:
        size = high - low
        matrix = np.array([[size[0], 0, low[0]], [0, size[1], low[1]], [0, 0, 1]]) @ matrix
    offsets, colors = _stops(stops, sheet)
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix[:2, :2])) < 1e-18:
        return None
    if abs(np.linalg.det(own.matrix)) == 0:  # ends or radius of no length: the last stop everywhere
        return Gradient(False, (1, 0, 0, 1, 0, 0), offsets[-1:], colors[-1:])
    matrix = matrix @ own.matrix
    spread = given.get("spreadMethod", "pad")
    inverse: Array = np.linalg.inv(matrix).astype(np.float64)
    return Gradient(radial, to_affine(inverse), offsets, colors, spread, own.focus)


class _Frame(NamedTuple):
    """The map from unit space to the gradient's coordinates, and the focus in unit space."""

    matrix: Array
    focus: tuple[float, float] = (0.0, 0.0)


def _linear(given: Mapping[str, str], unit: Viewport) -> _Frame:
    keys = (("x1", "0%", "x"), ("y1", "0%", "y"), ("x2", "100%", "x"), ("y2", "0%", "y"))
    x1, y1, x2, y2 = (unit.length(given.get(key, default), axis) for key, default, axis in keys)
    dx, dy = x2 - x1, y2 - y1
    return _Frame(np.array([[dx, -dy, x1], [dy, dx, y1], [0, 0, 1]], dtype=np.float64))


def _radial(given: Mapping[str, str], unit: Viewport) -> _Frame:
    keys = (("cx", "50%", "x"), ("cy", "50%", "y"), ("r", "50%", "r"))
    cx, cy, r = (unit.length(given.get(key, default), axis) for key, default, axis in keys)
    matrix = np.array([[r, 0, cx], [0, r, cy], [0, 0, 1]], dtype=np.float64)
    if r <= 0:
        return _Frame(matrix)
    fx, fy = (unit.length(given[key], key[1]) if key in given else center for key, center in (("fx", cx), ("fy", cy)))
    focus = np.array([(fx - cx) / r, (fy - cy) / r])
    inside = focus * min(1.0, 0.999 / max(float(np.hypot(*focus)), 1e-12))
    return _Frame(matrix, (float(inside[0]), float(inside[1])))


def to_affine(matrix: Array) -> Affine:
    """A 3 x 3 matrix as SVG's six numbers."""
    (a, c, e), (b, d, f), _ = matrix.tolist()
    return a, b, c, d, e, f


def placed(gradient: Gradient, matrix: Array) -> Gradient:
    """The gradient of a shape that a matrix takes to pixels."""
    a, b, c, d, e, f = gradient.to_unit
    own = np.array([[a, c, e], [b, d, f], [0, 0, 1]])
    return replace(gradient, to_unit=to_affine(own @ np.linalg.inv(matrix)))


def _chain(node: Node, ids: Mapping[str, Node]) -> list[Node]:
    """The element and what it refers to, each once."""
    chain = [node]
    while True:
        reference = chain[-1].attributes.get("href", "")
        following = ids.get(reference[1:]) if reference.startswith("#") else None
        if following is None or any(following is link for link in chain):
            return chain
        chain.append(following)


def _stops(stops: list[Node], sheet: Stylesheet) -> tuple[tuple[float, ...], tuple[Rgba, ...]]:
    offsets: list[float] = []
    colors: list[Rgba] = []
    for stop in stops:
        properties = sheet.properties(stop)
        at = fraction(properties.get("offset", "0"))
        offsets.append(max(at, offsets[-1] if offsets else 0.0))
        text = properties.get("stop-color", "black")
        r, g, b, a = color("black" if text in ("currentcolor", "inherit") else text)
        colors.append((r, g, b, a * fraction(properties.get("stop-opacity"))))
    return tuple(offsets), tuple(colors)


def mean_color(gradient: Gradient, outline: list[Array]) -> Rgba:
    """The mean over the inside of polygons, weighted by opacity; over their corners where nothing is inside."""
    corners = np.concatenate(outline)
    low, high = corners.min(0), corners.max(0)
    u = (np.arange(GRID) + 0.5) / GRID
    grid = low + np.stack(np.meshgrid(u, u, indexing="ij"), axis=-1).reshape(-1, 2) * (high - low)
    inside = grid[_inside(grid, outline)]
    places = torch.from_numpy(inside if len(inside) else corners)
    values = gradient.at(places[:, 0], places[:, 1]).T.numpy()
    alpha = values[:, 3]
    weights = alpha if alpha.sum() > 0 else np.ones_like(alpha)
    r, g, b = (np.average(values[:, :3], axis=0, weights=weights)).tolist()
    return r, g, b, float(alpha.mean())


def _inside(points: Array, outline: list[Array]) -> NDArray[np.bool_]:
    """Even-odd test of points against closed polygons."""
    odd = np.zeros(len(points), dtype=bool)
    for polygon in outline:
        for (xa, ya), (xb, yb) in zip(polygon, np.roll(polygon, -1, axis=0)):
            if ya == yb:
                continue
            crosses = (points[:, 1] >= min(ya, yb)) & (points[:, 1] < max(ya, yb))
            odd ^= crosses & (points[:, 0] < xa + (points[:, 1] - ya) / (yb - ya) * (xb - xa))
    return odd
