"""A measurement and what made it: all that an inverse problem hands to a solver."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.noise import Noise
from .base import Operator, Partial, Shape, check_measurement, shape_of
from .noise import GaussianNoise, PoissonNoise
from .solve import pseudo_inverse


@dataclass(frozen=True, eq=False)
class Measurement:
    """y = A x + sigma n.

    Args:
        operator: A.
        y: [B, c, h, w], in units of images in [-1, 1].
        sigma: standard deviation of the noise, 0 where it is not known to have any.
        scene: (C, H, W) of x; by default what the operator says.

    Raises:
        InputError: y is not finite or does not fit the operator, or sigma < 0.

    Example:
        >>> import torch
        >>> from dreamsampler.operators import downsample
        >>> Measurement(downsample(4), torch.zeros(1, 3, 16, 16)).scene
        (3, 64, 64)
    """

    operator: Operator
    y: Tensor
    sigma: float = 0.0
    scene: Shape = (0, 0, 0)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sigma) and self.sigma >= 0):
            raise InputError(f"noise={self.sigma}: expected a standard deviation of 0 or more")
        if not bool(torch.isfinite(self.y).all()):
            raise InputError("measurement: has NaN or infinite values; mend the file")
        if self.scene == (0, 0, 0):
            object.__setattr__(self, "scene", self.operator.scene(shape_of(self.y, "measurement")))
        check_measurement(self.operator, self.y, self.scene)

    def residual(self, x: Tensor) -> Tensor:
        """Return y - A x, [B, c, h, w]; 0 where nothing was measured, whatever y holds there."""
        residual = self.y.to(x) - self.operator.forward(x)
        return residual * self.operator.support(residual) if isinstance(self.operator, Partial) else residual

    def misfit(self, x: Tensor) -> list[float]:
        """Return the root mean square of y - A x of each item, over what was measured.

        A perfect restoration leaves about sigma. Where nothing at all was measured it is 0.
        """
        residual = self.residual(x)
        total, count = residual.square().flatten(1).sum(1), residual[0].numel()
        if not isinstance(self.operator, Partial):
            return [float(r) for r in (total / count).sqrt()]
        measured = self.operator.support(residual).expand_as(residual).flatten(1).sum(1)
        return [float(r) for r in (total / measured.clamp_min(1.0)).sqrt()]

    def backprojection(self) -> Tensor:
        """A^T y, [B, C, H, W]: holes are 0, which is mid-grey."""
        return self.operator.adjoint(self.y)

    def first_guess(self) -> Tensor:
        """A^+ y within [-1, 1]: a picture to start from, [B, C, H, W]."""
        return pseudo_inverse(self.operator, self.y, cutoff=0.1).clamp(-1, 1)


def degrade(
    images: Tensor,
    operator: Operator,
    noise: GaussianNoise | PoissonNoise | float = 0.0,
    seeds: Sequence[int] = (0,),
) -> Measurement:
    """Measure pictures: y = A x, with noise.

    Args:
        images: [B, C, H, W] in [-1, 1].
        operator: A.
        noise: standard deviation of Gaussian noise, or a noise.
        seeds: one an item.

    Example:
        >>> import torch
        >>> from dreamsampler.operators import gaussian_blur
        >>> degrade(torch.zeros(1, 3, 8, 8), gaussian_blur(2.0), 0.01).y.shape
        torch.Size([1, 3, 8, 8])
    """
    scene = shape_of(images)
    model = GaussianNoise(float(noise)) if isinstance(noise, (int, float)) else noise
    clean = operator.forward(images)
    y = model(clean, Noise(seeds))
    if isinstance(operator, Partial):
        # what was not measured has no noise either
        y = torch.where(operator.support(y) > 0, y, clean)
    return Measurement(operator, y, model.sigma if isinstance(model, GaussianNoise) else 0.0, scene)
