"""From the element tree to filled figures in pixels: inheritance, transforms, groups, `use`, fills and strokes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ....core.errors import InputError
from ..fill import Fill, Rgba
from .clip import Clipping, clipping, closed
from .dash import dashed
from .geometry import Array, Curve, affine, shape_curves, transformed
from .gradient import placed
from .paint import Document, Painted, paint
from .stroke import Pen, stroke_contours
from .values import reference
from .viewport import Viewport, fit, fraction, view_box
from .xmltree import Node

SHAPES = frozenset({"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"})
GROUPS = frozenset({"g", "a", "svg"})
LEFT_OUT = {
    "text": "texts left out (convert them to paths)",
    "image": "embedded pictures left out",
    "foreignObject": "foreign objects left out",
}
INHERITED = (
    *("fill", "fill-opacity", "fill-rule", "color", "visibility", "paint-order"),
    *("stroke", "stroke-opacity", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit"),
    *("stroke-dasharray", "stroke-dashoffset"),
)
MAX_VISITS = 100_000
MAX_DEPTH = 100
MAX_SEGMENTS = 1_000_000


class Figure(NamedTuple):
    """A filled path in pixels: closed contours `[3 S, 2]`, color, whether even-odd, id, and gradient and clips."""

    contours: list[Array]
    rgba: Rgba
    evenodd: bool
    name: str
    fill: Fill | None = None


class Context(NamedTuple):
    """What an element takes from those above it."""

    matrix: Array
    properties: dict[str, str]
    opacity: float
    view: Viewport
    clips: tuple[Clipping, ...] = ()
    depth: int = 0


@dataclass
class Walker:
    """Collects figures in painting order."""

    document: Document
    figures: list[Figure] = field(default_factory=list)
    visits: int = 0
    segments: int = 0
    clippings: dict[tuple[int, bytes], Clipping] = field(default_factory=dict)

    def visit(self, node: Node, context: Context) -> None:
        """Draw an element and all below it."""
        self.visits += 1
        if self.visits > MAX_VISITS or context.depth > MAX_DEPTH:
            raise InputError("use: elements refer to each other endlessly or too often; expand or simplify the file")
        if node.tag in LEFT_OUT:
            self.document.notes[LEFT_OUT[node.tag]] += 1
        if node.tag not in SHAPES | GROUPS | {"use", "switch"}:
            return
        properties = self.document.sheet.properties(node)
        if properties.get("display") == "none":
            return
        inner = self._context(node, properties, context)
        first = len(self.figures)
        if node.tag in SHAPES:
            self._shape(node, properties, inner)
        elif node.tag == "use":
            self._use(node, properties, inner)
        else:
            self._children(node, inner)
        self._effects(properties, first)

    def _context(self, node: Node, properties: dict[str, str], context: Context) -> Context:
        own = {key: properties[key] for key in INHERITED if properties.get(key, "inherit") != "inherit"}
        matrix = context.matrix
        if properties.get("transform", "none") not in ("none", ""):
            matrix = matrix @ affine(properties["transform"])
        opacity = context.opacity * fraction(properties.get("opacity"))
        inner = Context(matrix, {**context.properties, **own}, opacity, context.view, context.clips, context.depth + 1)
        link = reference(properties.get("clip-path", "none"))
        node_of_clip = self.document.ids.get(link[0]) if link else None
        if node_of_clip is None or node_of_clip.tag != "clipPath":
            return inner
        key = (id(node_of_clip), matrix.tobytes())
        if key not in self.clippings:
            self.clippings[key] = clipping(node_of_clip, matrix, context.view, self.document)
        return inner._replace(clips=(*context.clips, self.clippings[key]))

    def _children(self, node: Node, context: Context) -> None:
        if node.tag == "svg" and context.depth > 1:
            x, y = (context.view.length(node.attributes.get(key, "0"), key) for key in "xy")
            context = self._nested(node, context, (x, y), "100%", "100%")
        children = node.children
        if node.tag == "switch":
            children = [c for c in children if c.tag in SHAPES | GROUPS | {"use"}][:1]
        for child in children:
            self.visit(child, context)

    def _nested(self, node: Node, context: Context, at: tuple[float, float], width: str, height: str) -> Context:
        """The coordinates inside an inner <svg> or a <symbol>."""
        w = context.view.length(node.attributes.get("width", width), "x")
        h = context.view.length(node.attributes.get("height", height), "y")
        matrix = context.matrix @ np.array([[1, 0, at[0]], [0, 1, at[1]], [0, 0, 1]])
        box = view_box(node.attributes.get("viewBox"))
        if box is None or w <= 0 or h <= 0:
            return context._replace(matrix=matrix, view=Viewport(w, h))
        matrix = matrix @ fit(box, w, h, node.attributes.get("preserveAspectRatio", ""))
        return context._replace(matrix=matrix, view=Viewport(box[2], box[3]))

    def _use(self, node: Node, properties: dict[str, str], context: Context) -> None:
        href = properties.get("href", "")
        target = self.document.ids.get(href[1:]) if href.startswith("#") else None
        if target is None:
            self.document.notes["references to other files or missing elements left out"] += 1
            return
        x, y = (context.view.length(properties.get(key, "0"), key) for key in "xy")
        if target.tag not in ("symbol", "svg"):
            moved = context.matrix @ np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])
            self.visit(target, context._replace(matrix=moved))
            return
        size = (properties.get("width", "100%"), properties.get("height", "100%"))
        sized = Node(
            target.tag, {**target.attributes, **{k: v for k, v in properties.items() if k in ("width", "height")}}
        )
        inner = self._nested(sized, context, (x, y), *size)
        for child in target.children:
            self.visit(child, inner)

    def _shape(self, node: Node, properties: dict[str, str], context: Context) -> None:
        if context.properties.get("visibility", "visible") != "visible":
            return
        curves = shape_curves(node.tag, properties, context.view.length)
        if not curves:
            return
        name = node.attributes.get("id", "")
        parts = [self._fill, self._stroke]
        if context.properties.get("paint-order") == "stroke":
            parts.reverse()
        for part in parts:
            part(curves, context, name)
        if any(key in properties for key in ("marker-start", "marker-mid", "marker-end")):
            self.document.notes["markers left out"] += 1
        if properties.get("vector-effect") == "non-scaling-stroke":
            self.document.notes["strokes of fixed width scaled like all else"] += 1

    def _fill(self, curves: list[Curve], context: Context, name: str) -> None:
        painted = paint("fill", context.properties, curves, self.document, context.view)
        if painted is not None:
            contours = [contour for curve in curves if (contour := closed(curve.points)) is not None]
            self._add(contours, painted, context, context.properties.get("fill-rule") == "evenodd", name)

    def _stroke(self, curves: list[Curve], context: Context, name: str) -> None:
        properties = context.properties
        width = context.view.length(properties.get("stroke-width", "1"), "r")
        painted = paint("stroke", properties, curves, self.document, context.view) if width > 0 else None
        scale = math.sqrt(abs(float(np.linalg.det(context.matrix[:2, :2]))))
        if painted is None or scale == 0:
            return
        pattern = properties.get("stroke-dasharray", "none")
        if pattern != "none":
            lengths = [context.view.length(part, "r") for part in pattern.split()]
            offset = context.view.length(properties.get("stroke-dashoffset", "0"), "r")
            cut = dashed(curves, lengths, offset)
            if cut is curves and sum(lengths) > 0:
                self.document.notes["dash patterns too fine drawn as whole lines"] += 1
            curves = cut
        pen = Pen(
            width,
            properties.get("stroke-linecap", "butt"),
            properties.get("stroke-linejoin", "miter"),
            context.view.length(properties.get("stroke-miterlimit", "4"), "r"),
            tolerance=0.01 / scale,
        )
        self._add(stroke_contours(curves, pen), painted, context, False, f"{name}-stroke" if name else "")

    def _add(self, contours: list[Array], painted: Painted, context: Context, evenodd: bool, name: str) -> None:
        opacity = painted.rgba[3] * context.opacity
        if not contours or opacity <= 0:
            return
        self.segments += sum(len(contour) // 3 for contour in contours)
        if self.segments > MAX_SEGMENTS:
            raise InputError(f"path data: more than {MAX_SEGMENTS} curve segments; simplify the file")
        shapes = [transformed(contour, context.matrix) for contour in contours]
        if not all(np.isfinite(contour).all() and np.abs(contour).max() < 1e7 for contour in shapes):
            raise InputError(f"coordinates: NaN, infinite or beyond 10^7 pixels{' in ' + name if name else ''}")
        clips = tuple(c.clip for c in context.clips if not c.contains(shapes))
        gradient = placed(painted.gradient, context.matrix) if painted.gradient is not None else None
        fill = Fill(gradient, clips, painted.mean) if gradient is not None or clips else None
        self.figures.append(Figure(shapes, (*painted.rgba[:3], opacity), evenodd, name, fill))

    def _effects(self, properties: dict[str, str], first: int) -> None:
        """Note what cannot be expressed by filled paths, where it changes what was drawn since `first`."""
        drawn, notes = self.figures[first:], self.document.notes
        if not drawn:
            return
        if fraction(properties.get("opacity")) < 1 and len(drawn) > 1:
            notes["group opacities applied to each path"] += 1
        for key, what in (("mask", "masks left out"), ("filter", "filters left out")):
            if properties.get(key, "none") not in ("none", ""):
                notes[what] += 1
