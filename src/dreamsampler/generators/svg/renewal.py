"""Paths that no longer do anything: how to see them, and how to start them anew."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .drawing import Drawing
from .flatten import Flattening, flatten
from .generator import SvgGenerator
from .initialize import random_circles
from .rasterizer import rasterize
from .shapes import ellipse
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
    """Enclosed pixels of each path: `[B, N, 2]` -> `[B, P]`."""
    lines = flatten(points.detach(), structure, Flattening())
    x, y = lines.vertices.unbind(1)
    cross = (x * y[lines.following] - y * x[lines.following]) / 2
    path = torch.repeat_interleave(lines.counts)
    total = torch.zeros(lines.counts.numel(), dtype=x.dtype, device=x.device).scatter_add_(0, path, cross)
    return total.abs().reshape(points.shape[0], -1)


def path_use(points: Tensor, structure: Structure, rgba: Tensor, size: tuple[int, int]) -> PathUse:
    """Measure all paths; `visible` is the derivative of the picture's sum by the path's own color."""
    grey = rgba.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        total = rasterize(points.detach(), structure, grey, size)[:, 0].sum()
        (gradient,) = torch.autograd.grad(total, grey)
    return PathUse(path_areas(points, structure), rgba.detach()[..., 3], gradient[..., 0])


def dead_paths(
    generator: SvgGenerator,
    *,
    min_opacity: float = MIN_OPACITY,
    min_area: float = MIN_AREA,
    min_visible: float = 0.0,
) -> Tensor:
    """Which paths `[B, P]` (bool) are nearly transparent, nearly without area, or hidden.

    Args:
        min_opacity: below it a path is dead.
        min_area, min_visible: as fractions of the canvas.
    """
    height, width = generator.template.size
    structure = generator.template.structure
    use = path_use(generator.points, structure, generator.rgba, generator.template.size)
    canvas = height * width
    return (use.opacity < min_opacity) | (use.area < min_area * canvas) | (use.visible < min_visible * canvas)


@torch.no_grad()
def renew(
    generator: SvgGenerator,
    dead: Tensor,
    rng: torch.Generator,
    optimizer: torch.optim.Optimizer | None = None,
    *,
    radius: float | None = None,
) -> int:
    """Put new random circles where paths are dead; they keep their place in the painting order.

    The optimizer's moments of the renewed rows are set to zero: they belong to the path that is gone.

    Args:
        dead: `[B, P]` as `dead_paths` gives.
        rng: a generator on the CPU. Circles are drawn for all paths of an item that has dead ones, so a path's new
            place does not depend on which others are dead.

    Returns:
        How many paths were renewed. Paths of several contours get the circle in their first one and lose the others.
    """
    count = int(dead.sum())
    if count == 0:
        return 0
    structure = generator.template.structure
    rows = torch.repeat_interleave(dead, _points_a_path(structure, dead.device), dim=1)
    for item in range(dead.shape[0]):
        if not bool(dead[item].any()):
            continue
        fresh = _circles_like(structure, generator.template.size, rng, radius)
        for parameter, values, mask in (
            (generator.points, fresh.points, rows[item]),
            (generator.rgba, fresh.rgba, dead[item]),
        ):
            parameter[item, mask] = values.to(parameter)[mask]
    for parameter, mask in ((generator.points, rows), (generator.rgba, dead)):
        forget(optimizer, parameter, mask)
    return count


def _points_a_path(structure: Structure, device: torch.device) -> Tensor:
    return 3 * torch.tensor(structure.path_segments, device=device)


def _circles_like(structure: Structure, size: tuple[int, int], rng: torch.Generator, radius: float | None) -> Drawing:
    """Random circles with the packing of a structure; further contours of a path shrink to its first anchor."""
    base = random_circles(structure.path_count, size, rng, radius=radius)
    contours = []
    for path, counts in enumerate(structure.segments):
        circle = base.points[12 * path : 12 * path + 12]
        for place, count in enumerate(counts):
            contours.append(_resegmented(circle, count) if place == 0 else circle[:1].expand(3 * count, 2))
    points = torch.cat(contours) if contours else base.points[:0]
    return Drawing(points, structure, base.rgba, size, base.background)


def _resegmented(circle: Tensor, count: int) -> Tensor:
    """The same circle with another number of segments; one segment cannot close, so it becomes a drop."""
    center = circle[::3].mean(0)
    radii = (circle[::3] - center).norm(dim=1).mean().expand(2)
    if count == 1:
        return torch.stack([center, center + 2 * radii, center + 2 * radii * torch.tensor([-1.0, 1.0])])
    return ellipse(center, radii, count)


def forget(optimizer: torch.optim.Optimizer | None, parameter: Tensor, mask: Tensor) -> None:
    """Zero the optimizer's moments (entries shaped like the parameter) where the mask is set."""
    if optimizer is None:
        return
    for value in optimizer.state.get(parameter, {}).values():
        if isinstance(value, Tensor) and value.shape == parameter.shape:
            value[mask] = 0
