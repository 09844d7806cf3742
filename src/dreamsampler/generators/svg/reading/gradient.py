"""Linear and radial gradients: their colours at given points, and their mean over a shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .geometry import Array, affine, colour
from .stylesheet import Stylesheet
from .viewport import Viewport
from .xmltree import Node

GRID = 24


class Gradient(NamedTuple):
    """A gradient in the coordinates of the shape that it paints.

    Attributes:
        radial: whether it is radial.
        ends: `[2, 2]`: start and end of a linear one; centre and (radius, 0) of a radial one.
        to_gradient: `[3, 3]` from shape coordinates to those of `ends`.
        offsets: `[K]` in [0, 1], not decreasing.
        colours: `[K, 4]` RGBA.
        spread: "pad", "reflect" or "repeat".
    """

    radial: bool
    ends: Array
    to_gradient: Array
    offsets: Array
    colours: Array
    spread: str

    def at(self, points: Array) -> Array:
        """RGBA at points `[n, 2]` of the shape."""
        p = points @ self.to_gradient[:2, :2].T + self.to_gradient[:2, 2]
        if self.radial:
            t = np.hypot(*(p - self.ends[0]).T) / max(self.ends[1, 0], 1e-12)
        else:
            axis = self.ends[1] - self.ends[0]
            t = (p - self.ends[0]) @ axis / max(axis @ axis, 1e-24)
        if self.spread == "repeat":
            t = t % 1
        elif self.spread == "reflect":
            t = 1 - np.abs(t % 2 - 1)
        return np.stack([np.interp(t, self.offsets, channel) for channel in self.colours.T], axis=1)


def resolve(
    node: Node, ids: Mapping[str, Node], sheet: Stylesheet, view: Viewport, low: Array, high: Array
) -> Gradient | None:
    """The gradient that an element describes for a shape with the bounding box from `low` to `high`.

    Attributes and stops that it lacks come from what it refers to. None where it has no stops or cannot be inverted.
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
    keys: tuple[tuple[str, str, str], ...]
    if radial:
        keys = (("cx", "50%", "x"), ("cy", "50%", "y"), ("r", "50%", "r"))
    else:
        keys = (("x1", "0%", "x"), ("y1", "0%", "y"), ("x2", "100%", "x"), ("y2", "0%", "y"))
    values = [unit.length(given.get(key, default), axis) for key, default, axis in keys] + [0.0] * radial
    matrix = affine(given["gradientTransform"]) if "gradientTransform" in given else np.eye(3)
    if boxed:
        size = high - low
        matrix = np.array([[size[0], 0, low[0]], [0, size[1], low[1]], [0, 0, 1]]) @ matrix
    if abs(np.linalg.det(matrix)) < 1e-18:
        return None
    offsets, colours = _stops(stops, sheet)
    spread = given.get("spreadMethod", "pad")
    inverse: Array = np.linalg.inv(matrix).astype(np.float64)
    return Gradient(radial, np.array(values).reshape(2, 2), inverse, offsets, colours, spread)


def _chain(node: Node, ids: Mapping[str, Node]) -> list[Node]:
    """The element and what it refers to, each once."""
    chain = [node]
    while True:
        reference = chain[-1].attributes.get("href", "")
        following = ids.get(reference[1:]) if reference.startswith("#") else None
        if following is None or any(following is link for link in chain):
            return chain
        chain.append(following)


def _stops(stops: list[Node], sheet: Stylesheet) -> tuple[Array, Array]:
    offsets: list[float] = []
    colours: list[tuple[float, float, float, float]] = []
    for stop in stops:
        properties = sheet.properties(stop)
        at = min(max(Viewport(1, 1).length(properties.get("offset", "0"), "x"), 0.0), 1.0)
        offsets.append(max(at, offsets[-1] if offsets else 0.0))
        text = properties.get("stop-color", "black")
        r, g, b, a = colour("black" if text in ("currentColor", "inherit") else text)
        a *= Viewport(1, 1).length(properties.get("stop-opacity", "1"), "x")
        colours.append((r, g, b, a))
    return np.array(offsets), np.array(colours)


def mean_colour(gradient: Gradient, outline: list[Array]) -> tuple[float, float, float, float]:
    """The mean over the inside of polygons, weighted by opacity; over their corners where nothing is inside."""
    corners = np.concatenate(outline)
    low, high = corners.min(0), corners.max(0)
    u = (np.arange(GRID) + 0.5) / GRID
    grid = low + np.stack(np.meshgrid(u, u, indexing="ij"), axis=-1).reshape(-1, 2) * (high - low)
    inside = grid[_inside(grid, outline)]
    values = gradient.at(inside if len(inside) else corners)
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
