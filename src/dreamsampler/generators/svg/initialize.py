"""Where the paths start: circles at random places, on a grid, or around given centers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ...core.errors import InputError
from .drawing import Drawing, Shape
from .shapes import ellipse

MAX_PATHS = 4096
RADIUS = 20 / 512
"""Radius of a new circle as a fraction of the canvas's shorter side: 20 px at 512, as VectorFusion starts."""
OPACITY = (0.7, 1.0)


class Seed(NamedTuple):
    """A place for a new path: center (x, y) in pixels and RGB color in [0, 1]."""

    center: tuple[float, float]
    color: tuple[float, float, float]


def random_circles(
    count: int,
    size: tuple[int, int],
    rng: torch.Generator,
    *,
    segments: int = 4,
    radius: float | None = None,
    background: Tensor | None = None,
) -> Drawing:
    """Return circles with uniform centers and colors and opacities from U(0.7, 1), as VectorFusion starts.

    Args:
        rng: a generator on the CPU; the same seed gives the same circles on every device.
        radius: in pixels; None for 20/512 of the shorter side.

    Raises:
        InputError: not between 1 and 4096 paths, a radius that is not positive, or fewer than 2 segments.
    """
    _check(count, radius)
    draws = torch.rand(count, 6, generator=rng)
    centers = draws[:, :2] * torch.tensor([size[1], size[0]])
    return _circles(centers, _rgba(draws[:, 2:]), size, radius or RADIUS * min(size), segments, background)


def grid_circles(
    count: int, size: tuple[int, int], rng: torch.Generator, *, segments: int = 4, background: Tensor | None = None
) -> Drawing:
    """Return circles on a grid of nearly square cells that fill the canvas, in random colors and painting order."""
    _check(count, None)
    height, width = size
    columns = max(1, min(count, round(math.sqrt(count * width / height))))
    rows = math.ceil(count / columns)
    order = torch.randperm(rows * columns, generator=rng)[:count]
    cell = torch.tensor([width / columns, height / rows])
    centers = (torch.stack([order % columns, order // columns], dim=1) + 0.5) * cell
    radius = float(cell.min()) / 2
    return _circles(centers, _rgba(torch.rand(count, 4, generator=rng)), size, radius, segments, background)


def seeded_circles(
    seeds: Sequence[Seed],
    size: tuple[int, int],
    *,
    radius: float = 5.0,
    segments: int = 4,
    background: Tensor | None = None,
) -> Drawing:
    """Return opaque circles around given centers in given colors (LIVE's start; its radius is 5 px)."""
    _check(len(seeds), radius)
    centers = torch.tensor([seed.center for seed in seeds], dtype=torch.float32)
    rgba = torch.tensor([(*seed.color, 1.0) for seed in seeds], dtype=torch.float32)
    return _circles(centers, rgba, size, radius, segments, background)


def joined(below: Drawing, above: Drawing) -> Drawing:
    """Return the paths of one drawing over those of another; canvas and background are those of the lower one."""
    shapes = [*below.shapes(), *above.scaled(below.size).shapes()]
    return Drawing.of(shapes, below.size, below.background, below.notes)


def _circles(
    centers: Tensor, rgba: Tensor, size: tuple[int, int], radius: float, segments: int, background: Tensor | None
) -> Drawing:
    points = ellipse(centers, torch.full_like(centers, radius), segments)
    shapes = [Shape((contour,), (r, g, b, a)) for contour, (r, g, b, a) in zip(points, rgba.tolist(), strict=True)]
    return Drawing.of(shapes, size, torch.ones(3) if background is None else background)


def _rgba(draws: Tensor) -> Tensor:
    """Return uniform draws `[P, 4]` to colors with opacities from U(0.7, 1)."""
    low, high = OPACITY
    return torch.cat([draws[:, :3], low + (high - low) * draws[:, 3:]], dim=1)


def _check(count: int, radius: float | None) -> None:
    if not 1 <= count <= MAX_PATHS:
        raise InputError(f"paths: {count}, expected 1 to {MAX_PATHS}")
    if radius is not None and not radius > 0:
        raise InputError(f"radius: {radius}, expected a positive number of pixels")
