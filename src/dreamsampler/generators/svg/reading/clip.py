"""`clipPath` elements as the area that may be painted, and whether a shape lies wholly within it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from ..fill import Clip
from ..structure import FillRule, Structure
from .geometry import Array, affine, shape_curves, transformed
from .paint import Document, polygon
from .viewport import Viewport
from .xmltree import Node

SLACK = 0.02
"""Pixels by which a shape may stick out of a clip that is taken as doing nothing to it."""


class Clipping(NamedTuple):
    """A clip and the outlines of its shapes as polygons, in pixels."""

    clip: Clip
    outlines: list[Array]

    def contains(self, contours: list[Array]) -> bool:
        """Whether contours lie within one convex outline, so that the clip does nothing to them."""
        points = np.concatenate(contours)
        return any(_within_convex(points, outline) for outline in self.outlines)


def clipping(node: Node, matrix: Array, view: Viewport, document: Document) -> Clipping:
    """The union of the shapes of a <clipPath> for an element whose coordinates `matrix` takes to pixels."""
    if node.attributes.get("clipPathUnits") == "objectBoundingBox" or "clip-path" in node.attributes:
        document.notes["clip paths relative to a bounding box, or clipped themselves, applied without that"] += 1
    matrix = _moved(node, matrix)
    segments: list[tuple[int, ...]] = []
    rules: list[FillRule] = []
    contours: list[Array] = []
    outlines: list[Array] = []
    for child in node.children:
        properties, inner, target = document.sheet.properties(child), _moved(child, matrix), child
        if child.tag == "use":
            found = document.ids.get(properties.get("href", "")[1:])
            if found is None:
                continue
            shift = [view.length(properties.get(key, "0"), key) for key in "xy"]
            inner = _moved(found, inner @ np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]]))
            target = found
        own = document.sheet.properties(target)
        curves = [transformed(curve.points, inner) for curve in shape_curves(target.tag, own, view.length)]
        parts = [contour for curve in curves if (contour := closed(curve)) is not None]
        segments.append(tuple(len(part) // 3 for part in parts))
        rules.append(FillRule.EVENODD if own.get("clip-rule") == "evenodd" else FillRule.NONZERO)
        contours += parts
        if len(parts) == 1:
            outlines.append(polygon(np.concatenate([parts[0], parts[0][:1]])))
    points = np.concatenate(contours) if contours else np.zeros((0, 2))
    clip = Clip(torch.from_numpy(np.ascontiguousarray(points)), Structure(tuple(segments), tuple(rules)))
    return Clipping(clip, outlines)


def _moved(node: Node, matrix: Array) -> Array:
    text = node.attributes.get("transform", "none")
    return matrix if text in ("none", "") else matrix @ affine(text)


def closed(points: Array) -> Array | None:
    """A curve `[3 S + 1, 2]` as a closed contour `[3 S, 2]`; None where it encloses nothing."""
    spread = points - points[0]
    reach = np.abs(spread).max()
    far = spread[np.abs(spread).sum(1).argmax()]
    if np.abs(spread @ np.array([-far[1], far[0]])).max() <= 1e-12 * reach * reach:
        return None  # all on one line
    if np.abs(points[-1] - points[0]).max() <= 1e-9 * reach:
        return points[:-1]
    end, start = points[-1], points[0]
    return np.concatenate([points, [(2 * end + start) / 3, (end + 2 * start) / 3]])


def _within_convex(points: Array, outline: Array) -> bool:
    """Whether points lie within a polygon; False where it is not convex."""
    edges = np.roll(outline, -1, axis=0) - outline
    lengths = np.hypot(*edges.T)
    edges, corners, lengths = edges[lengths > 1e-9], outline[lengths > 1e-9], lengths[lengths > 1e-9]
    if len(edges) < 3:
        return False
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    sign = 1.0 if turns.sum() > 0 else -1.0
    if (sign * turns < -1e-6 * lengths * np.roll(lengths, -1)).any():
        return False
    normals = sign * np.stack([-edges[:, 1], edges[:, 0]], axis=1) / lengths[:, None]
    return bool(((points @ normals.T) - (corners * normals).sum(1) >= -SLACK).all())
