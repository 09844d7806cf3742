"""What a shape is painted with: `fill`, `stroke` and their opacities, down to a colour or a gradient."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ....core.errors import InputError
from ..fill import Gradient, Rgba
from .geometry import Array, Curve, colour
from .gradient import mean_colour, resolve
from .stylesheet import Stylesheet
from .viewport import Viewport
from .xmltree import Node

_URL = re.compile(r"url\(\s*['\"]?([^'\")]*)['\"]?\s*\)\s*(.*)")


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
    """A colour with the paint's own opacity; with a gradient (in the shape's coordinates) its mean takes its place."""

    rgba: Rgba
    gradient: Gradient | None = None
    mean: Rgba | None = None


def reference(text: str) -> tuple[str, str] | None:
    """`url(#id) fallback` as (id, fallback); None for anything else. References to other files give the id ""."""
    match = _URL.match(text.strip())
    if match is None:
        return None
    return (match[1][1:] if match[1].startswith("#") else ""), match[2].strip()


def fraction(text: str | None, what: str) -> float:
    """An opacity: a number or percentage, clamped to [0, 1]; 1 if absent."""
    if text is None or text in ("inherit", ""):
        return 1.0
    try:
        return min(max(Viewport(1, 1).length(text, "x"), 0.0), 1.0)
    except InputError as error:
        raise InputError(f"{what}: {error}") from error


def paint(
    key: str, properties: Mapping[str, str], curves: list[Curve], document: Document, view: Viewport
) -> Painted | None:
    """What a shape's "fill" or "stroke" paints; None if nothing."""
    text = properties.get(key, "black" if key == "fill" else "none").strip()
    found = _painted(text, properties, curves, document, view)
    if found is None:
        return None
    r, g, b, a = found.rgba
    a *= fraction(properties.get(f"{key}-opacity"), f"{key}-opacity")
    return found._replace(rgba=(r, g, b, a)) if a > 0 else None


def _painted(
    text: str, properties: Mapping[str, str], curves: list[Curve], document: Document, view: Viewport
) -> Painted | None:
    if text in ("none", "transparent", ""):
        return None
    link = reference(text)
    if link is not None:
        return _server(link, properties, curves, document, view)
    if text.lower() == "currentcolor":
        text = properties.get("color", "black")
    if text.startswith("context-"):
        document.notes["paints taken from a context drawn black"] += 1
        text = "black"
    return Painted(colour(text))


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
        if len(set(gradient.colours)) == 1:
            return Painted(gradient.colours[0])
        mean = mean_colour(gradient, outline)
        return Painted((*mean[:3], 1.0), gradient, mean)
    if node is not None and node.tag == "pattern":
        document.notes["patterns left out"] += 1
    if name == "":
        document.notes["references to other files left out"] += 1
    return _painted(fallback or "none", properties, curves, document, view)


def polygon(points: Array, steps: int = 8) -> Array:
    """Vertices on a curve `[3 S + 1, 2]`, `steps` a segment."""
    cubics = np.stack([points[0:-3:3], points[1::3], points[2::3], points[3::3]], axis=1)
    t = (np.arange(steps) / steps)[:, None]
    basis = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    inner = np.einsum("nk,skd->snd", basis, cubics).reshape(-1, 2)
    return np.concatenate([inner, points[-1:]])
