"""Closed cubic contours of simple figures, as `[3 S, 2]` control points."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...core.errors import InputError


def polygon(vertices: Tensor) -> Tensor:
    """Return straight segments with handles at 1/3 and 2/3: `[S, 2]` -> `[3 S, 2]`; the last vertex joins the first."""
    step = (vertices.roll(-1, 0) - vertices) / 3
    return torch.stack([vertices, vertices + step, vertices + 2 * step], dim=1).flatten(0, 1)


def rectangle(x0: float, y0: float, x1: float, y1: float, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return the axis-aligned rectangle with these corners, `[12, 2]`."""
    return polygon(torch.tensor([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=dtype))


def ellipse(center: Tensor, radii: Tensor, segments: int = 4) -> Tensor:
    """Return ellipses with axes along x and y: `[..., 2]` centers and radii -> `[..., 3 S, 2]`.

    Handles have length 4/3 tan(pi / 2S) times the radius: with 4 segments the radius is right to 0.03 %.

    Raises:
        InputError: fewer than 2 segments.

    Example:
        >>> ellipse(torch.tensor([8.0, 8.0]), torch.tensor([3.0, 3.0])).shape
        torch.Size([12, 2])
    """
    if segments < 2:
        raise InputError(f"segments: {segments}, a closed curve needs at least 2")
    angle = torch.arange(segments, dtype=torch.float64) * (2 * math.pi / segments)
    anchor = torch.stack([angle.cos(), angle.sin()], dim=1)
    handle = 4 / 3 * math.tan(math.pi / (2 * segments)) * torch.stack([-angle.sin(), angle.cos()], dim=1)
    after, before = anchor + handle, (anchor - handle).roll(-1, 0)
    unit = torch.stack([anchor, after, before], dim=1).flatten(0, 1).to(center)
    return center.unsqueeze(-2) + radii.unsqueeze(-2) * unit
