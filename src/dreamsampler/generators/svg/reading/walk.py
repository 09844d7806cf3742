"""From the element tree to filled figures in pixels: inheritance, transforms, groups, `use`, fills and strokes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np
import pathops

from ....core.errors import InputError
from ..fill import Gradient, Rgba
from .clip import Clipper
from .geometry import MAX_SEGMENTS, Array, Curve, affine, closed, shape_curves, transformed, translation
from .gradient import placed
from .outlines import Pen, lengths, skia, stroked
from .paint import Document, Painted, paint
from .values import reference
from .viewport import Viewport, fit, fraction, view_box

SHAPES = frozenset({"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"})
GROUPS = frozenset({"g", "a", "svg"})
DRAWN = SHAPES | GROUPS | {"use", "switch"}
LEFT_OUT = {
    "text": "texts left out (convert them to paths)",
    "image": "embedded pictures left out",
    "foreignObject": "foreign objects left out",
}
INHERITED = (
    *("fill", "fill-opacity", "fill-rule", "clip-rule", "color", "visibility", "paint-order"),
    *("stroke", "stroke-opacity", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit"),
    *("stroke-dasharray", "stroke-dashoffset"),
)
OPAQUE = (0.0, 0.0, 0.0, 1.0)
MAX_CLIPS = 10
MAX_VISITS = 100_000
MAX_DEPTH = 100
MAX_FIGURES = 20_000
MAX_DASHES = 10_000
"""Most dashes of one stroke; finer patterns are drawn as whole lines."""
MAX_DASHES_IN_ALL = 100_000


class Figure(NamedTuple):
    """A filled path in pixels: closed contours `[3 S, 2]`, color, whether even-odd, id, and gradient."""

    contours: list[Array]
    rgba: Rgba
    evenodd: bool
    name: str
    fill: Gradient | None = None


class Context(NamedTuple):
    """What an element takes from those above it."""

    matrix: Array
    properties: dict[str, str]
    opacity: float
    view: Viewport
    depth: int = 0

    def below(self, properties: dict[str, str]) -> Context:
        """Return the same with an element's own properties and transform."""
        own = {key: properties[key] for key in INHERITED if properties.get(key, "inherit") != "inherit"}
        matrix = self.matrix @ affine(properties["transform"]) if "transform" in properties else self.matrix
        opacity = self.opacity * fraction(properties.get("opacity"))
        return Context(
            matrix, {**self.properties, **own} if own else self.properties, opacity, self.view, self.depth + 1
        )

    def nested(self, attributes: dict[str, str], x: float, y: float) -> Context:
        """Return the coordinates inside an inner <svg> or a <symbol> at a place."""
        w = self.view.length(attributes.get("width", "100%"), "x")
        h = self.view.length(attributes.get("height", "100%"), "y")
        matrix, box = self.matrix @ translation(x, y), view_box(attributes.get("viewBox"))
        if box is None or w <= 0 or h <= 0:
            return self._replace(matrix=matrix, view=Viewport(w, h))
        matrix = matrix @ fit(box, w, h, attributes.get("preserveAspectRatio", ""))
        return self._replace(matrix=matrix, view=Viewport(box[2], box[3]))


@contextmanager
def _located(node: Element, visit: int) -> Iterator[None]:
    """Name the element in an error."""
    try:
        yield
    except InputError as error:
        where = f'id="{node.get("id", "")[:60]}"' if node.get("id") else f"number {visit}"
        raise InputError(f"<{node.tag}> {where}: {error}") from error


@dataclass
class Work:
    """What was done so far; all parts of a file count together."""

    visits: int = 0
    segments: int = 0
    dashes: float = 0.0

    def add_segments(self, contours: Iterable[Array]) -> None:
        self.segments += sum(len(points) // 3 for points in contours)
        if self.segments > MAX_SEGMENTS:
            raise InputError(f"path data: more than {MAX_SEGMENTS} curve segments; simplify the file")


@dataclass
class Walker:
    """Collects figures in painting order; within a clip path, the areas of its shapes."""

    document: Document
    clipper: Clipper
    work: Work = field(default_factory=Work)
    clips: tuple[Element, ...] = ()
    figures: list[Figure] = field(default_factory=list)
    areas: dict[tuple[Element, bytes, Viewport], pathops.Path | None] = field(default_factory=dict)

    def visit(self, node: Element, context: Context) -> None:
        """Draw an element and all below it.

        Raises:
            InputError: malformed numbers, elements that refer to each other endlessly, too much of anything.
        """
        self.work.visits += 1
        if self.work.visits > MAX_VISITS or context.depth > MAX_DEPTH:
            raise InputError("use: elements refer to each other endlessly or too often; expand or simplify the file")
        if node.tag in LEFT_OUT:
            self.document.notes[LEFT_OUT[node.tag]] += 1
        if node.tag not in DRAWN:
            return
        properties = self.document.sheet.properties(node)
        if properties.get("display") == "none":
            return
        first, visit = len(self.figures), self.work.visits
        curves: Sequence[Curve] = ()
        with _located(node, visit):
            inner = context.below(properties)
            children = self._children(node, properties)
            if node.tag in SHAPES:
                curves = shape_curves(node.tag, properties, context.view.length)
                self._shape(node, curves, properties, inner)
            elif node.tag in ("use", "svg") and inner.depth > 1:
                inner = self._moved(node, children, properties, inner)
        for child in children:
            self.visit(child, inner)
        if len(self.figures) > first:
            with _located(node, visit):
                self._clip(properties, inner, curves, first)
            self._note(properties, first)

    def _children(self, node: Element, properties: dict[str, str]) -> list[Element]:
        if node.tag == "switch":
            return [child for child in node if child.tag in DRAWN][:1]
        if node.tag != "use":
            return list(node) if node.tag in GROUPS else []
        target = self.document.linked(properties.get("href", ""))
        if target is None:
            self.document.notes["references to other files or missing elements left out"] += 1
            return []
        return list(target) if target.tag in ("symbol", "svg") else [target]

    def _moved(self, node: Element, children: list[Element], properties: dict[str, str], context: Context) -> Context:
        """The coordinates of what a <use> or an inner <svg> holds."""
        x, y = (context.view.length(properties.get(key, "0"), key) for key in "xy")
        target = self.document.linked(properties.get("href", "")) if node.tag == "use" else node
        if target is None or target.tag not in ("symbol", "svg"):
            return context._replace(matrix=context.matrix @ translation(x, y))
        size = {key: value for key, value in properties.items() if key in ("width", "height")}
        return context.nested({**target.attrib, **size}, x, y)

    def _shape(self, node: Element, curves: Sequence[Curve], properties: dict[str, str], context: Context) -> None:
        if context.properties.get("visibility", "visible") != "visible" or not curves:
            return
        self.work.add_segments(curve.points for curve in curves)
        name = node.get("id", "")
        if self.clips:
            self._add(_closed(curves), Painted(OPAQUE), context, context.properties.get("clip-rule") == "evenodd", name)
            return
        parts = [self._fill, self._stroke]
        if context.properties.get("paint-order") == "stroke":
            parts.reverse()
        for part in parts:
            part(curves, context, name)
        if any(key in properties for key in ("marker-start", "marker-mid", "marker-end")):
            self.document.notes["markers left out"] += 1
        if properties.get("vector-effect") == "non-scaling-stroke":
            self.document.notes["strokes of fixed width scaled like all else"] += 1

    def _fill(self, curves: Sequence[Curve], context: Context, name: str) -> None:
        painted = paint("fill", context.properties, curves, self.document, context.view)
        if painted is not None:
            self._add(_closed(curves), painted, context, context.properties.get("fill-rule") == "evenodd", name)

    def _stroke(self, curves: Sequence[Curve], context: Context, name: str) -> None:
        properties, length = context.properties, context.view.length
        width = length(properties.get("stroke-width", "1"), "r")
        painted = paint("stroke", properties, curves, self.document, context.view) if width > 0 else None
        scale = math.sqrt(abs(float(np.linalg.det(context.matrix[:2, :2]))))
        if painted is None or scale == 0 or not math.isfinite(scale):
            return
        offset = length(properties.get("stroke-dashoffset", "0"), "r")
        pen = Pen(
            width,
            properties.get("stroke-linecap", "butt"),
            properties.get("stroke-linejoin", "miter"),
            length(properties.get("stroke-miterlimit", "4"), "r"),
            self._dashes(curves, properties, context.view, offset),
            offset,
        )
        self._add(stroked(curves, pen, scale), painted, context, False, f"{name}-stroke" if name else "")

    def _dashes(
        self, curves: Sequence[Curve], properties: dict[str, str], view: Viewport, offset: float
    ) -> list[float]:
        """The dash pattern; empty where it changes nothing, or would give too many dashes."""
        pattern = properties.get("stroke-dasharray", "none")
        dashes = [] if pattern == "none" else [view.length(part, "r") for part in pattern.split()]
        period = sum(dashes) * (1 + len(dashes) % 2)
        if period <= 0:
            return []
        found = lengths(curves)
        if offset % period + max(found) <= dashes[0]:
            return []
        count = sum(found) / sum(dashes) * len(dashes)
        if not count <= MAX_DASHES:
            self.document.notes["dash patterns too fine drawn as whole lines"] += 1
            return []
        self.work.dashes += count
        if self.work.dashes > MAX_DASHES_IN_ALL:
            raise InputError(f"stroke-dasharray: more than {MAX_DASHES_IN_ALL} dashes in the file; simplify it")
        return dashes

    def _add(self, contours: list[Array], painted: Painted, context: Context, evenodd: bool, name: str) -> None:
        opacity = painted.rgba[3] * context.opacity
        if not contours or opacity <= 0:
            return
        self.work.add_segments(contours)
        if len(self.figures) >= MAX_FIGURES:
            raise InputError(f"more than {MAX_FIGURES} paths; simplify the file")
        shapes = [transformed(contour, context.matrix) for contour in contours]
        if not all(np.isfinite(contour).all() and np.abs(contour).max() < 1e7 for contour in shapes):
            raise InputError(f"coordinates: NaN, infinite or beyond 10^7 pixels{' in ' + name if name else ''}")
        fill = placed(painted.gradient, context.matrix) if painted.gradient is not None else None
        self.figures.append(Figure(shapes, (*painted.rgba[:3], opacity), evenodd, name, fill))

    def _clip(self, properties: dict[str, str], context: Context, curves: Sequence[Curve], first: int) -> None:
        """Clip what was drawn since `first`."""
        link = reference(properties.get("clip-path", "none"))
        node = self.document.ids.get(link[0]) if link else None
        if node is None or node.tag != "clipPath" or node in self.clips or len(self.clips) > MAX_CLIPS:
            return
        if node.get("clipPathUnits") == "objectBoundingBox":
            if not curves:
                self.document.notes["clip paths relative to the box of a group left out"] += 1
                return
            x0, y0, x1, y1 = skia(curves).bounds
            box = np.array([[x1 - x0, 0, x0], [0, y1 - y0, y0], [0, 0, 1]])
            context = context._replace(matrix=context.matrix @ box, view=Viewport(1, 1))
        key = (node, context.matrix.tobytes(), context.view)
        if key not in self.areas:
            self.areas[key] = self._area(node, context)
        area = self.areas[key]
        drawn, self.figures[first:] = self.figures[first:], []
        for figure in drawn if area is not None else ():
            contours, evenodd = self.clipper.intersection((figure.contours, figure.evenodd), area)
            if contours:
                self.figures.append(figure._replace(contours=contours, evenodd=evenodd))
        if area is None:
            self.figures += drawn

    def _area(self, node: Element, context: Context) -> pathops.Path | None:
        """The area that a <clipPath> lets through for an element with these coordinates; None for all."""
        inner = Walker(self.document, self.clipper, self.work, (*self.clips, node), areas=self.areas)
        properties = self.document.sheet.properties(node)
        below = Context(context.matrix, {}, 1.0, context.view, context.depth).below({**properties, "opacity": "1"})
        for child in node:
            if child.tag in SHAPES | {"use"}:
                inner.visit(child, below)
        inner._clip(properties, below, (), 0)
        return self.clipper.union([(figure.contours, figure.evenodd) for figure in inner.figures])

    def _note(self, properties: dict[str, str], first: int) -> None:
        """Note what cannot be expressed by filled paths, where it changes what was drawn since `first`."""
        notes = self.document.notes if not self.clips else Counter[str]()
        if fraction(properties.get("opacity")) < 1 and len(self.figures) > first + 1:
            notes["group opacities applied to each path"] += 1
        for key, what in (("mask", "masks left out"), ("filter", "filters left out")):
            if properties.get(key, "none") not in ("none", ""):
                notes[what] += 1


def _closed(curves: Iterable[Curve]) -> list[Array]:
    return [contour for curve in curves if (contour := closed(curve.points)) is not None]
