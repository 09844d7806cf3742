"""What a shape is painted with: `fill`, `stroke` and their opacities, down to a color or a gradient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ..fill import Gradient, Rgba
from .color import color
from .geometry import Array, Curve
from .gradient import mean_color, resolve
from .stylesheet import Stylesheet
from .values import accepted, reference
from .viewport import Viewport, fraction
from .xmltree import Node


class Document(NamedTuple):
    """What all elements of a file share.

    Attributes:
        ids: elements by id.
        sheet: its style sheet.
        notes: how often each kind of approximation was made.
    """

    ids: Mapping[str, Node]
    sheet: Stylesheet
    notes: Counter[str]


class Painted(NamedTuple):
    """A color with the paint's own opacity; with a gradient (in the shape's coordinates) its mean takes its place."""

    rgba: Rgba
    gradient: Gradient | None = None
    mean: Rgba | None = None


def paint(
    key: str, properties: Mapping[str, str], curves: list[Curve], document: Document, view: Viewport
) -> Painted | None:
    """What a shape's "fill" or "stroke" paints; None if nothing."""
    found = _painted(properties.get(key, "black" if key == "fill" else "none"), properties, curves, document, view)
    if found is None:
        return None
    r, g, b, a = found.rgba
    a *= fraction(properties.get(f"{key}-opacity"))
    return found._replace(rgba=(r, g, b, a)) if a > 0 else None


def _painted(
    text: str, properties: Mapping[str, str], curves: list[Curve], document: Document, view: Viewport
) -> Painted | None:
    if text in ("none", "transparent"):
        return None
    link = reference(text)
    if link is not None:
        return _server(link, properties, curves, document, view)
    if text == "currentcolor":
        text = properties.get("color", "black")
    if text.startswith("context-"):
        document.notes["paints taken from a context drawn black"] += 1
        text = "black"
    return Painted(color(text))


def _server(
    link: tuple[str, str], properties: Mapping[str, str], curves: list[Curve], document: Document, view: Viewport
) -> Painted | None:
    name, fallback = link
    node = document.ids.get(name)
    if node is not None and node.tag in ("linearGradient", "radialGradient") and curves:
        outline = [polygon(curve.points) for curve in curves]
        corners = np.concatenate(outline)
        gradient = resolve(node, document.ids, document.sheet, view, corners.min(0), corners.max(0))
        if gradient is None:
            return None
        if len(set(gradient.colors)) == 1:
            return Painted(gradient.colors[0])
        mean = mean_color(gradient, outline)
        return Painted((*mean[:3], 1.0), gradient, mean)
    if node is not None and node.tag == "pattern":
        document.notes["patterns left out"] += 1
    if name == "":
        document.notes["references to other files left out"] += 1
    return _painted(accepted("fill", fallback) or "none", properties, curves, document, view)


def polygon(points: Array, steps: int = 8) -> Array:
    """Vertices on a curve `[3 S + 1, 2]`, `steps` a segment."""
    cubics = np.stack([points[0:-3:3], points[1::3], points[2::3], points[3::3]], axis=1)
    t = (np.arange(steps) / steps)[:, None]
    basis = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    inner = np.einsum("nk,skd->snd", basis, cubics).reshape(-1, 2)
    return np.concatenate([inner, points[-1:]])
