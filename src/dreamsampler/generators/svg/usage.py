"""What each path of a drawing contributes: enclosed area, opacity, visible pixels."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .flatten import Flattening, flatten
from .generator import SvgGenerator
from .rasterizer import rasterize
from .structure import Structure

MIN_OPACITY = 0.05
MIN_AREA = (8 / 600) ** 2
"""As a fraction of the canvas: 64 square pixels at 600 x 600."""


class PathUse(NamedTuple):
    """What each path of a batch of drawings contributes; each `[B, P]`.

    Attributes:
        area: pixels that its contours enclose (signed areas of the contours added up, then the magnitude).
        opacity: in [0, 1].
        visible: the pixels' worth of its color that is left in the picture: on the canvas, not covered by others.
    """

    area: Tensor
    opacity: Tensor
    visible: Tensor


def path_areas(points: Tensor, structure: Structure) -> Tensor:
    """Return the enclosed pixels of each path: `[B, N, 2]` -> `[B, P]`."""
    lines = flatten(points.detach(), structure, Flattening())
    x, y = lines.vertices.unbind(1)
    cross = (x * y[lines.following] - y * x[lines.following]) / 2
    path = torch.repeat_interleave(lines.counts)
    total = torch.zeros(lines.counts.numel(), dtype=x.dtype, device=x.device).scatter_add_(0, path, cross)
    return total.abs().reshape(points.shape[0], -1)


def path_use(points: Tensor, structure: Structure, rgba: Tensor, size: tuple[int, int]) -> PathUse:
    """Measure all paths; `visible` is the derivative of the picture's sum by the path's own color."""
    gray = rgba.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        total = rasterize(points.detach(), structure, gray, size)[:, 0].sum()
        (gradient,) = torch.autograd.grad(total, gray)
    return PathUse(path_areas(points, structure), rgba.detach()[..., 3], gradient[..., 0])


def dead_paths(generator: SvgGenerator, *, min_opacity: float = MIN_OPACITY, min_area: float = MIN_AREA) -> Tensor:
    """Return which paths `[B, P]` (bool) are nearly transparent or nearly without area.

    Args:
        min_opacity: below it a path is dead.
        min_area: likewise, as a fraction of the canvas.
    """
    height, width = generator.template.size
    area = path_areas(generator.points, generator.template.structure)
    return (generator.rgba.detach()[..., 3] < min_opacity) | (area < min_area * height * width)
