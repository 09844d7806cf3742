"""Fills other than one plain color: linear and radial gradients, and clips.

They are fixed: gradients flow through them to the points and opacities of a path, not to their own geometry or stops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from .structure import Structure

Rgba = tuple[float, float, float, float]
Affine = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f of SVG: (x, y) -> (a x + c y + e, b x + d y + f)."""


@dataclass(frozen=True)
class Gradient:
    """A gradient in the unit space of its own: t = u along a line, or t = 0 at the focus to 1 on the unit circle.

    Attributes:
        radial: whether it is radial.
        to_unit: from the canvas's pixels to (u, v).
        offsets: of the stops, in [0, 1], not decreasing.
        colors: RGBA of the stops, not premultiplied; interpolated as they are, in sRGB.
        spread: "pad", "reflect" or "repeat" beyond [0, 1].
        focus: of a radial one, within the unit circle.

    Example:
        >>> ramp = Gradient(False, (0.1, 0, 0, 1, 0, 0), (0.0, 1.0), ((0, 0, 0, 1), (1, 1, 1, 1)))
        >>> ramp.at(torch.tensor([5.0]), torch.tensor([0.0]))[:, 0]
        tensor([0.5000, 0.5000, 0.5000, 1.0000])
    """

    radial: bool
    to_unit: Affine
    offsets: tuple[float, ...]
    colors: tuple[Rgba, ...]
    spread: str = "pad"
    focus: tuple[float, float] = (0.0, 0.0)

    def at(self, x: Tensor, y: Tensor) -> Tensor:
        """RGBA `[4, ...]` at positions in pixels."""
        a, b, c, d, e, f = self.to_unit
        t = self._radius(a * x + c * y + e, b * x + d * y + f) if self.radial else a * x + c * y + e
        if self.spread == "repeat":
            t = t % 1
        elif self.spread == "reflect":
            t = 1 - (t % 2 - 1).abs()
        offsets = torch.tensor(self.offsets, dtype=x.dtype, device=x.device)
        colors = torch.tensor(self.colors, dtype=x.dtype, device=x.device)
        if len(self.offsets) == 1:
            return colors[0].view(4, *[1] * x.dim()).expand(4, *x.shape)
        upper = torch.searchsorted(offsets, t.contiguous(), right=True).clamp(1, len(self.offsets) - 1)
        low, high = offsets[upper - 1], offsets[upper]
        share = torch.where(high > low, (t - low) / (high - low), (t >= high).to(t.dtype)).clamp(0, 1)
        return torch.lerp(colors[upper - 1], colors[upper], share.unsqueeze(-1)).movedim(-1, 0)

    def _radius(self, u: Tensor, v: Tensor) -> Tensor:
        """1 / s where focus + s (p - focus) lies on the unit circle; the plain radius if the focus is the center."""
        fu, fv = self.focus
        du, dv = u - fu, v - fv
        square = du * du + dv * dv
        along = fu * du + fv * dv
        root = (along * along + square * (1 - fu * fu - fv * fv)).clamp_min(0).sqrt()
        return square / (root - along).clamp_min(1e-12)

    def scaled(self, sx: float, sy: float) -> Gradient:
        """The same gradient on a canvas that is sx times as wide and sy times as high."""
        a, b, c, d, e, f = self.to_unit
        return replace(self, to_unit=(a / sx, b / sx, c / sy, d / sy, e, f))


@dataclass(frozen=True, eq=False)
class Clip:
    """What may be painted: the union of paths.

    Attributes:
        points, structure: packed as those of drawings, in pixels.
    """

    points: Tensor
    structure: Structure

    def scaled(self, sx: float, sy: float) -> Clip:
        return Clip(self.points * torch.tensor([sx, sy], dtype=self.points.dtype), self.structure)


@dataclass(frozen=True, eq=False)
class Fill:
    """How a path is filled if not by one plain color.

    Attributes:
        gradient: takes the place of the path's color; its alpha multiplies the path's opacity.
        clips: only what lies in all of them is painted.
        mean: mean color and alpha of the gradient over the path.
    """

    gradient: Gradient | None = None
    clips: tuple[Clip, ...] = ()
    mean: Rgba | None = None


def scaled_fills(fills: Sequence[Fill | None], sx: float, sy: float) -> tuple[Fill | None, ...]:
    """The fills on a canvas sx times as wide and sy times as high; paths that share a clip still share it."""
    clips = {id(clip): clip.scaled(sx, sy) for fill in fills if fill is not None for clip in fill.clips}
    return tuple(
        fill
        and replace(
            fill,
            gradient=fill.gradient and fill.gradient.scaled(sx, sy),
            clips=tuple(clips[id(clip)] for clip in fill.clips),
        )
        for fill in fills
    )


class Field(NamedTuple):
    """A fill over a path's box: colors `[3, h, w]` or None, factor of the opacity `[h, w]`."""

    colors: Tensor | None
    factor: Tensor


@dataclass(frozen=True, eq=False)
class Fills:
    """The fills of all paths of a scene, with the masks of their clips (1 inside, 0 outside) rendered once.

    Attributes:
        fills: one a path; None for a plain color.
        masks: `[H, W]` for every clip, by its identity.
    """

    fills: Sequence[Fill | None]
    masks: dict[int, Tensor] = field(default_factory=dict)

    def at(self, path: int, row: list[int], like: Tensor) -> Field | None:
        """The fill of a path over its box (x0, y0, width, height, ...)."""
        fill = self.fills[path]
        if fill is None:
            return None
        x0, y0, width, height = row[:4]
        colors, factor = None, like.new_ones(height, width)
        if fill.gradient is not None:
            y, x = torch.meshgrid(
                torch.arange(height, dtype=like.dtype, device=like.device) + (y0 + 0.5),
                torch.arange(width, dtype=like.dtype, device=like.device) + (x0 + 0.5),
                indexing="ij",
            )
            found = fill.gradient.at(x, y)
            colors, factor = found[:3], found[3]
        for clip in fill.clips:
            factor = factor * self.masks[id(clip)][y0 : y0 + height, x0 : x0 + width]
        return Field(colors, factor)
