"""SVG files from the wild -> drawings of filled paths.

Shapes, transforms, groups, `use`, style sheets of simple selectors, strokes (as fills, with joins, caps and dashes),
gradients and clips are read exactly; opacities of groups go to each path, and masks, filters, texts, patterns and
pictures are left out. What was approximated is listed in `Drawing.notes`. Nothing outside the file is ever read.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
import torch

from ...core.errors import InputError
from ...io.content import read_bytes
from ...io.decode import MAX_PIXELS
from .arguments import MAX_SIDE
from .drawing import Drawing, Shape
from .reading.clip import Clipper
from .reading.geometry import Array
from .reading.paint import Document
from .reading.stylesheet import read_stylesheet
from .reading.viewport import Viewport, fit, view_box
from .reading.walk import Context, Figure, Walker
from .reading.xmltree import MAX_BYTES, parse_xml
from .structure import FillRule
from .writer import BACKGROUND_ID, PROVENANCE_ID

NATURAL_LIMIT = 4096
Source = str | os.PathLike[str] | bytes


def read_svg(source: Source, size: int | tuple[int, int] | None = None, dtype: torch.dtype = torch.float32) -> Drawing:
    """Read a drawing.

    Args:
        source: a path, or the file's bytes (.svg or .svgz).
        size: height and width in pixels that the view box is fitted into, or the longer side; None for the file's own.

    Returns:
        A drawing in pixels. Its background is that of files written by `write_svg`, otherwise None.

    Raises:
        InputError: no such file, broken XML, entities, malformed or non-finite numbers, nothing to draw, too much of
            anything, more than 64 megapixels asked for.

    Example:
        >>> text = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3"/></svg>'
        >>> read_svg(text, 64).structure.segments
        ((4,),)
    """
    data, name = _load(source)
    root = _svg_root(parse_xml(data, name), name)
    try:
        return _drawing(root, size, dtype)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def read_provenance(source: Source) -> dict[str, Any] | None:
    """What `write_svg` kept in <metadata>; None for files that it did not write."""
    data, name = _load(source)
    for node in parse_xml(data, name).iter():
        if node.tag == "metadata" and node.get("id") == PROVENANCE_ID:
            try:
                found = json.loads(node.text or "")
            except ValueError:
                return None
            return found if isinstance(found, dict) else None
    return None


def _load(source: Source) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        return source, "svg"
    return read_bytes(source, MAX_BYTES), os.fspath(source)


def _svg_root(root: Element, name: str) -> Element:
    if root.tag != "svg":
        raise InputError(f"{name}: its root element is not <svg>; is it an SVG file?")
    return root


def _drawing(root: Element, size: int | tuple[int, int] | None, dtype: torch.dtype) -> Drawing:
    canvas, view, matrix = _canvas(root, size)
    ids: dict[str, Element] = {}
    for node in root.iter():
        if node.get("id"):
            ids.setdefault(node.attrib["id"], node)
    notes: Counter[str] = Counter()
    walker = Walker(Document(ids, read_stylesheet(root, notes), notes), Clipper(notes))
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused where it would be drawn
        walker.visit(root, Context(matrix, {}, 1.0, view))
    if not walker.figures:
        left_out = "; " + ", ".join(notes) if notes else ""
        raise InputError(f"nothing to draw: no filled or stroked shape is visible{left_out}")
    ground, figures = _background(walker.figures, canvas)
    shapes = [_shape(figure, dtype) for figure in figures]
    color = None if ground is None else torch.tensor(ground, dtype=dtype)
    drawing = Drawing.of(shapes, canvas, color, [f"{what} ({count}x)" for what, count in notes.items()])
    return drawing.to(dtype=dtype)


def _canvas(root: Element, size: int | tuple[int, int] | None) -> tuple[tuple[int, int], Viewport, Array]:
    """Height and width in pixels, what percentages refer to, and the matrix from user units to pixels."""
    box = view_box(root.get("viewBox"))
    ground = Viewport(box[2], box[3]) if box else Viewport(300, 150)
    width, height = (ground.length(root.get(key) or "100%", axis) for key, axis in (("width", "x"), ("height", "y")))
    if width <= 0 or height <= 0:
        raise InputError(f"width and height: {width:g} x {height:g}, nothing would be drawn")
    if box is not None and ("width" in root.attrib) != ("height" in root.attrib):
        # The missing one follows from the aspect of the view box.
        width, height = (
            (width, width * box[3] / box[2]) if "width" in root.attrib else (height * box[2] / box[3], height)
        )
    box = box or (0.0, 0.0, width, height)
    if isinstance(size, tuple):
        canvas = size
    else:
        longest = max(width, height)
        if size is not None and size < 1:
            raise InputError(f"size: {size}, expected a number of pixels from 1 to {MAX_SIDE}")
        scale = (min(longest, NATURAL_LIMIT) if size is None else size) / longest
        canvas = (max(1, round(height * scale)), max(1, round(width * scale)))
    if not all(1 <= side <= MAX_SIDE for side in canvas):
        raise InputError(f"size: {canvas}, expected height and width from 1 to {MAX_SIDE}")
    pixels = canvas[0] * canvas[1]
    if pixels > MAX_PIXELS:
        raise InputError(
            f"size: {canvas[1]} x {canvas[0]} pixels ({pixels / 1e6:.0f} megapixels); at most {MAX_PIXELS / 1e6:g} "
            f"megapixels are drawn: ask for {int(max(canvas) * math.sqrt(MAX_PIXELS / pixels))} or less on the longer "
            "side"
        )
    matrix = fit(box, canvas[1], canvas[0], root.get("preserveAspectRatio", ""))
    if not math.isfinite(float(np.abs(matrix).max())):
        raise InputError("viewBox: its numbers are too large or too small")
    return canvas, Viewport(box[2], box[3]), matrix


def _background(
    figures: list[Figure], canvas: tuple[int, int]
) -> tuple[tuple[float, float, float] | None, list[Figure]]:
    """Take the background rectangle of our own files off the list."""
    first = figures[0]
    if first.name != BACKGROUND_ID or first.rgba[3] < 1 or len(first.contours) != 1 or len(first.contours[0]) != 12:
        return None, figures
    low, high = first.contours[0].min(0), first.contours[0].max(0)
    if (low > 0).any() or high[0] < canvas[1] or high[1] < canvas[0]:
        return None, figures
    return (first.rgba[0], first.rgba[1], first.rgba[2]), figures[1:]


def _shape(figure: Figure, dtype: torch.dtype) -> Shape:
    contours = tuple(torch.from_numpy(np.ascontiguousarray(contour)).to(dtype) for contour in figure.contours)
    rule = FillRule.EVENODD if figure.evenodd else FillRule.NONZERO
    return Shape(contours, figure.rgba, rule, figure.name, figure.fill)
