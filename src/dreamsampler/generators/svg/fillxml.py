"""Gradients and clips of a drawing as the <defs> of an SVG file, and the attributes that refer to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from .fill import Affine, Clip, Fill, Gradient, Rgba
from .pathdata import path_data
from .structure import FillRule


@dataclass
class Definitions:
    """Collects gradients and clips, each once.

    Attributes:
        paint: RGBA -> attribute values (#rrggbb, opacity).
        decimals: of the coordinates of clips.
    """

    paint: Callable[[Rgba], tuple[str, str]]
    decimals: int = 2
    lines: list[str] = field(default_factory=list)
    gradients: dict[Gradient, str] = field(default_factory=dict)
    clips: dict[int, str] = field(default_factory=dict)

    def gradient(self, gradient: Gradient) -> str:
        """The id of a gradient."""
        if gradient not in self.gradients:
            name = f"gradient{len(self.gradients) + 1}"
            self.gradients[gradient] = name
            self.lines.append(self._gradient(gradient, name))
        return self.gradients[gradient]

    def clip(self, clip: Clip) -> str:
        """The id of a clip."""
        if id(clip) not in self.clips:
            name = f"clip{len(self.clips) + 1}"
            self.clips[id(clip)] = name
            self.lines.append(self._clip(clip, name))
        return self.clips[id(clip)]

    def around(self, fill: Fill | None, element: str) -> str:
        """The element within groups that clip it: all clips must let a point through."""
        for clip in fill.clips if fill is not None else ():
            element = f'<g clip-path="url(#{self.clip(clip)})">{element}</g>'
        return element

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

    def _clip(self, clip: Clip, name: str) -> str:
        parts = []
        for path, (first, end) in enumerate(clip.structure.point_ranges()):
            contours: tuple[Tensor, ...] = clip.points[first:end].split([3 * n for n in clip.structure.segments[path]])
            rule = ' clip-rule="evenodd"' if clip.structure.rules[path] is FillRule.EVENODD else ""
            parts.append(f'<path d="{path_data(contours, self.decimals)}"{rule}/>')
        return f'<clipPath id="{name}">{"".join(parts)}</clipPath>'


def inverse(affine: Affine) -> Affine:
    """The inverse of an affine map."""
    a, b, c, d, e, f = affine
    size = a * d - b * c
    return d / size, -b / size, -c / size, a / size, (c * f - d * e) / size, (b * e - a * f) / size
