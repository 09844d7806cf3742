"""Lengths with units, and the transform from a viewBox to a rectangle of pixels."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np

from ....core.errors import InputError
from .geometry import Array

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([a-zA-Z%]*)\s*")
_PIXELS = {"": 1, "px": 1, "pt": 4 / 3, "pc": 16, "in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4, "q": 96 / 101.6,
           "em": 16, "rem": 16, "ex": 8}  # fmt: skip


class Viewport(NamedTuple):
    """Size in user units of the box that percentages refer to."""

    width: float
    height: float

    def length(self, text: str, axis: str) -> float:
        """A length attribute in user units; axis "x", "y" or "r" says what 100 % is.

        Raises:
            InputError: not a finite number with a known unit.
        """
        match = _NUMBER.fullmatch(text)
        unit = match[2].lower() if match else ""
        if match is None or unit not in (*_PIXELS, "%"):
            raise InputError(f"length: cannot read {text[:40]!r}; expected a number, perhaps with px, mm, pt, in or %")
        value = float(match[1])
        if not math.isfinite(value):
            raise InputError(f"length: {text[:40]!r} is not finite")
        if unit != "%":
            return value * _PIXELS[unit]
        diagonal = math.hypot(self.width, self.height) / math.sqrt(2)
        return value / 100 * {"x": self.width, "y": self.height, "r": diagonal}[axis]


def fraction(text: str | None) -> float:
    """An opacity or an offset: a number or percentage, clamped to [0, 1]; 1 if absent.

    Raises:
        InputError: as `Viewport.length`.
    """
    return 1.0 if text is None or text == "inherit" else min(max(Viewport(1, 1).length(text, "x"), 0.0), 1.0)


def view_box(text: str | None) -> tuple[float, float, float, float] | None:
    """min-x, min-y, width, height; None where there is none or it is empty.

    Raises:
        InputError: not four finite numbers.
    """
    if text is None or not text.strip():
        return None
    try:
        values = [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        values = []
    if len(values) != 4 or not all(map(math.isfinite, values)):
        raise InputError(f"viewBox: {text[:60]!r}, expected four numbers")
    x, y, width, height = values
    return (x, y, width, height) if width > 0 and height > 0 else None


def fit(box: tuple[float, float, float, float], width: float, height: float, aspect: str = "") -> Array:
    """The matrix that lays a viewBox into width x height as `preserveAspectRatio` says (default xMidYMid meet)."""
    x, y, w, h = box
    sx, sy = width / w, height / h
    words = aspect.replace("defer", "").split()
    align = words[0] if words else "xMidYMid"
    if align != "none":
        sx = sy = max(sx, sy) if "slice" in words else min(sx, sy)
    share = {"Min": 0.0, "Mid": 0.5, "Max": 1.0}
    dx = 0.0 if align == "none" else (width - w * sx) * share.get(align[1:4], 0.5)
    dy = 0.0 if align == "none" else (height - h * sy) * share.get(align[5:8], 0.5)
    return np.array([[sx, 0, dx - x * sx], [0, sy, dy - y * sy], [0, 0, 1]], dtype=np.float64)
