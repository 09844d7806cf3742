"""Which cells of the cube may hold something: samples elsewhere are never evaluated (Instant-NGP, appendix C)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .field import RadianceField

_DECAY = 0.95
_MOST = 0.5
"""Highest density that still counts as empty."""


@dataclass(frozen=True, eq=False)
class Occupancy:
    """A grid of R^3 cells over [-1, 1]^3; frozen, so that both passes of a deferred rendering use the same one.

    Attributes:
        density: highest density seen lately, [R, R, R] in the order x, y, z.
        mask: cells to sample, [R, R, R] bool: above the threshold, or next to such a cell.
        low, high: corners of the box around the mask, [3] each.
    """

    density: Tensor
    mask: Tensor
    low: Tensor
    high: Tensor

    @classmethod
    def full(cls, resolution: int, device: torch.device | str = "cpu") -> Occupancy:
        """Return a grid in which everything is sampled."""
        shape = (resolution,) * 3
        ones = torch.ones(3, device=device)
        return cls(torch.zeros(shape, device=device), torch.ones(shape, dtype=torch.bool, device=device), -ones, ones)

    @classmethod
    def of(cls, density: Tensor) -> Occupancy:
        """Return the grid of given densities: threshold, one cell of margin, box."""
        # an all but empty field has a mean near 0; the smallest normal number keeps true zeros out
        threshold = density.mean().clamp(torch.finfo(density.dtype).tiny, _MOST)
        above = (density > threshold).to(density.dtype)[None, None]
        mask = F.max_pool3d(above, 3, stride=1, padding=1)[0, 0] > 0
        return cls(density, mask, *_box(mask, density.dtype))

    @torch.no_grad()
    def refreshed(self, field: RadianceField, seed: int) -> Occupancy:
        """Return the grid after a look at one random point of every cell; old densities fade by 5 %."""
        r = self.density.shape[0]
        draw = torch.Generator().manual_seed(seed)
        axis = torch.arange(r)
        corners = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
        points = (corners + torch.rand(r**3, 3, generator=draw)) * (2.0 / r) - 1.0
        points = points.to(self.density)
        found = torch.cat([field(part).density for part in points.split(2**16)]).reshape(r, r, r)
        return Occupancy.of(torch.maximum(self.density * _DECAY, found.to(self.density.dtype)))

    def holds(self, points: Tensor) -> Tensor:
        """Return whether points [..., 3] lie in sampled cells, [...] bool; never outside the cube."""
        r = self.mask.shape[0]
        cell = ((points + 1.0) * (0.5 * r)).floor().long()
        inside = ((cell >= 0) & (cell < r)).all(-1)
        cell = cell.clamp(0, r - 1)
        flat = (cell[..., 0] * r + cell[..., 1]) * r + cell[..., 2]
        return self.mask.reshape(-1)[flat] & inside


def _box(mask: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Corners of the box around the cells of a mask; the whole cube where there are none."""
    r, lows, highs = mask.shape[0], [], []
    for axis in range(3):
        cells = mask.any(dim=[d for d in range(3) if d != axis]).nonzero()
        first, last = (cells[0], cells[-1] + 1) if len(cells) else (torch.zeros(1), torch.full((1,), float(r)))
        lows.append(first.to(mask.device) * (2.0 / r) - 1.0)
        highs.append(last.to(mask.device) * (2.0 / r) - 1.0)
    return torch.cat(lows).to(dtype), torch.cat(highs).to(dtype)
