"""Gradients of a drawing as the <defs> of an SVG file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .fill import Affine, Gradient, Rgba


@dataclass
class Definitions:
    """Collects gradients, each once.

    Attributes:
        paint: RGBA -> attribute values (#rrggbb, opacity).
    """

    paint: Callable[[Rgba], tuple[str, str]]
    lines: list[str] = field(default_factory=list)
    gradients: dict[Gradient, str] = field(default_factory=dict)

    def gradient(self, gradient: Gradient) -> str:
        """The id of a gradient."""
        if gradient not in self.gradients:
            name = f"gradient{len(self.gradients) + 1}"
            self.gradients[gradient] = name
            self.lines.append(self._gradient(gradient, name))
        return self.gradients[gradient]

    def _gradient(self, gradient: Gradient, name: str) -> str:
        where = 'x1="0" y1="0" x2="1" y2="0"'
        if gradient.radial:
            fx, fy = gradient.focus
            where = f'cx="0" cy="0" r="1" fx="{fx:.6g}" fy="{fy:.6g}"'
        kind = "radialGradient" if gradient.radial else "linearGradient"
        matrix = " ".join(f"{value:.8g}" for value in inverse(gradient.to_unit))
        spread = "" if gradient.spread == "pad" else f' spreadMethod="{gradient.spread}"'
        stops = []
        for offset, rgba in zip(gradient.offsets, gradient.colors, strict=True):
            color, opacity = self.paint(rgba)
            alpha = "" if opacity == "1" else f' stop-opacity="{opacity}"'
            stops.append(f'<stop offset="{offset:.6g}" stop-color="{color}"{alpha}/>')
        return (
            f'<{kind} id="{name}" gradientUnits="userSpaceOnUse" {where} gradientTransform="matrix({matrix})"{spread}>'
            f"{''.join(stops)}</{kind}>"
        )


def inverse(affine: Affine) -> Affine:
    """The inverse of an affine map."""
    a, b, c, d, e, f = affine
    size = a * d - b * c
    return d / size, -b / size, -c / size, a / size, (c * f - d * e) / size, (b * e - a * f) / size
