"""Small drawings that the tests of this folder share."""

from __future__ import annotations

import torch
from torch import Tensor

from dreamsampler.generators.svg.flatten import Flattening
from dreamsampler.generators.svg.shapes import ellipse
from dreamsampler.generators.svg.structure import Structure

FIXED = Flattening(tolerance=1e9, least=16)
"""The same vertices whatever the points are, so that finite differences see one smooth function."""


def blobs(paths: int, side: int, seed: int, segments: int = 4, dtype: torch.dtype = torch.float64) -> Tensor:
    """Irregular closed blobs, packed `[N, 2]`, some of them partly off the canvas."""
    rng = torch.Generator().manual_seed(seed)
    center = torch.rand(paths, 2, generator=rng, dtype=torch.float64) * side
    radius = (0.08 + 0.2 * torch.rand(paths, 1, generator=rng, dtype=torch.float64)) * side
    points = ellipse(center, radius.expand(-1, 2), segments)
    noise = torch.randn(points.shape, generator=rng, dtype=torch.float64)
    return (points + 0.2 * radius.unsqueeze(1) * noise).flatten(0, 1).to(dtype)


def colors(paths: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Random colors with opacities in [0.4, 1]: `[P, 4]`."""
    rng = torch.Generator().manual_seed(1000 + seed)
    rgba = torch.rand(paths, 4, generator=rng, dtype=torch.float64)
    rgba[:, 3] = 0.4 + 0.6 * rgba[:, 3]
    return rgba.to(dtype)


def solid(paths: int, value: float = 0.0, dtype: torch.dtype = torch.float64) -> Tensor:
    """Opaque grey paths: `[P, 4]`."""
    rgba = torch.full((paths, 4), value, dtype=dtype)
    rgba[:, 3] = 1
    return rgba


ONE = Structure(((4,),))
