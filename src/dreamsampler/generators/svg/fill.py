"""Fills other than one plain color: linear and radial gradients.

They are fixed: gradients flow through them to the points and opacities of a path, not to their own geometry or stops.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

Rgba = tuple[float, float, float, float]
Affine = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f of SVG: (x, y) -> (a x + c y + e, b x + d y + f)."""


GRID = 24


class Field(NamedTuple):
    """A gradient over a path's box: colors `[3, h, w]`, factor of the opacity `[h, w]`."""

    colors: Tensor
    factor: Tensor


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

    def over(self, row: list[int], like: Tensor) -> Field:
        """Return the gradient over a path's box (x0, y0, width, height, ...)."""
        x0, y0, width, height = row[:4]
        y, x = torch.meshgrid(
            torch.arange(height, dtype=like.dtype, device=like.device) + (y0 + 0.5),
            torch.arange(width, dtype=like.dtype, device=like.device) + (x0 + 0.5),
            indexing="ij",
        )
        found = self.at(x, y)
        return Field(found[:3], found[3])

    def mean(self, outline: Tensor, ends: Tensor) -> Tensor:
        """Return the mean RGBA over the inside of a polygon (even-odd), its color weighted by opacity.

        Args:
            outline: `[N, 2]` where its edges begin, and `ends`, where they end. If nothing is inside, they count.
        """
        low, high = outline.min(0).values, outline.max(0).values
        grid = (torch.arange(GRID, dtype=outline.dtype) + 0.5).unsqueeze(1) / GRID * (high - low) + low
        (xa, ya), (xb, yb), rows = outline.T, ends.T, grid[:, 1:]
        at, edge = ((rows >= torch.minimum(ya, yb)) & (rows < torch.maximum(ya, yb))).nonzero().T
        x = xa[edge] + (rows[at, 0] - ya[edge]) / (yb - ya)[edge] * (xb - xa)[edge]
        crossed = torch.zeros(GRID, GRID, dtype=torch.long).index_add_(0, at, (grid[:, 0] < x.unsqueeze(1)).long())
        y, x = torch.meshgrid(grid[:, 1], grid[:, 0], indexing="ij")
        inside = crossed % 2 == 1
        found = self.at(x[inside], y[inside]) if bool(inside.any()) else self.at(xa.contiguous(), ya.contiguous())
        weights = found[3] if float(found[3].sum()) > 0 else torch.ones_like(found[3])
        return torch.cat([(found[:3] * weights).sum(1) / weights.sum(), found[3:].mean(1)])
