"""What a shape is painted with: `fill`, `stroke` and their opacities, down to a color or a gradient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from ..fill import Gradient, Rgba
from .geometry import Curve, polygon
from .gradient import Described, describe, resolve
from .stylesheet import Stylesheet
from .values import accepted, color, reference
from .viewport import Viewport, fraction


@dataclass
class Document:
    """What all elements of a file share.

    Attributes:
        ids: elements by id.
        sheet: its style sheet.
        notes: how often each kind of approximation was made.
        gradients: those that were described already.
    """

    ids: Mapping[str, Element]
    sheet: Stylesheet
    notes: Counter[str]
    gradients: dict[Element, Described | None] = field(default_factory=dict)

    def linked(self, href: str) -> Element | None:
        """Return the element that `#id` refers to."""
        return self.ids.get(href[1:]) if href.startswith("#") else None


class Painted(NamedTuple):
    """A color with the paint's own opacity, or a gradient in the shape's coordinates (and a color that is not seen)."""

    rgba: Rgba
    gradient: Gradient | None = None


def paint(
    key: str, properties: Mapping[str, str], curves: Sequence[Curve], document: Document, view: Viewport
) -> Painted | None:
    """Return what a shape's "fill" or "stroke" paints; None if nothing."""
    found = _painted(properties.get(key, "black" if key == "fill" else "none"), properties, curves, document, view)
    if found is None:
        return None
    r, g, b, a = found.rgba
    a *= fraction(properties.get(f"{key}-opacity"))
    return found._replace(rgba=(r, g, b, a)) if a > 0 else None


def _painted(
    text: str, properties: Mapping[str, str], curves: Sequence[Curve], document: Document, view: Viewport
) -> Painted | None:
    if text in ("none", "transparent"):
        return None
    link = reference(text)
    if link is not None:
        return _server(link, properties, curves, document, view)
    if text == "currentcolor":
        text = properties.get("color", "black")
        text = "black" if text == "currentcolor" else text
    if text.startswith("context-"):
        document.notes["paints taken from a context drawn black"] += 1
        text = "black"
    return Painted(color(text))


def _server(
    link: tuple[str, str], properties: Mapping[str, str], curves: Sequence[Curve], document: Document, view: Viewport
) -> Painted | None:
    name, fallback = link
    node = document.ids.get(name)
    if node is not None and node.tag in ("linearGradient", "radialGradient") and curves:
        if node not in document.gradients:
            document.gradients[node] = describe(node, document.ids, document.sheet)
        found = document.gradients[node]
        corners = np.concatenate([polygon(curve.points) for curve in curves])
        gradient = resolve(found, view, corners.min(0), corners.max(0)) if found is not None else None
        if gradient is None:
            return None
        if len(set(gradient.colors)) == 1:
            return Painted(gradient.colors[0])
        return Painted((*gradient.colors[0][:3], 1.0), gradient)
    if node is not None and node.tag == "pattern":
        document.notes["patterns left out"] += 1
    if name == "":
        document.notes["references to other files left out"] += 1
    return _painted(accepted("fill", fallback) or "none", properties, curves, document, view)
