"""Noise of a measurement, drawn from a stream that is passed in."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.noise import Noise


@dataclass(frozen=True)
class GaussianNoise:
    """y + sigma xi, xi ~ N(0, I).

    Args:
        sigma: standard deviation in units of images in [-1, 1]; 0 adds nothing.
    """

    sigma: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sigma) and self.sigma >= 0):
            raise InputError(f"noise={self.sigma}: expected a standard deviation of 0 or more")

    def __call__(self, y: Tensor, noise: Noise) -> Tensor:
        """The noisy measurement, [B, ...]; one draw of `noise` an item."""
        return y if self.sigma == 0 else y + self.sigma * noise.normal(y)


@dataclass(frozen=True)
class PoissonNoise:
    """Photon counting: counts ~ Poisson(peak (y + 1) / 2), given back in [-1, 1] units.

    Args:
        peak: photons at white; fewer photons, more noise. Brightness below black counts as none.
    """

    peak: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.peak) and self.peak > 0):
            raise InputError(f"peak={self.peak}: expected a number of photons above 0")

    def __call__(self, y: Tensor, noise: Noise) -> Tensor:
        """The noisy measurement, [B, ...]; one draw of `noise` an item."""
        rate = (self.peak * (y + 1) / 2).clamp(min=0).to(device="cpu", dtype=torch.float32)
        # the stream gives one number an item, which seeds the item's counts
        seeds = [int(u * 2**53) for u in noise.uniform()]
        if len(seeds) != y.shape[0]:
            raise InputError(f"batch of {y.shape[0]} items but {len(seeds)} seeds; give one seed an item")
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        counts = torch.stack([torch.poisson(r, generator=g) for r, g in zip(rate, generators, strict=True)])
        return (2 * counts / self.peak - 1).to(y)
