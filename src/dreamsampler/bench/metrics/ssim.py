"""Structural similarity (Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 2004)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .base import Sample

WINDOW, SIGMA, K1, K2 = 11, 1.5, 0.01, 0.03


def ssim(output: Tensor, truth: Tensor) -> float:
    """Mean SSIM of two pictures [3, H, W] in [-1, 1], H and W at least 11.

    Gaussian window of 11 x 11 and sigma 1.5, population covariances, full range 1, windows wholly inside the picture,
    mean over the three channels: as `skimage.metrics.structural_similarity` with `gaussian_weights=True` and
    `use_sample_covariance=False`.
    """
    x, y = (((image.clamp(-1, 1).double() + 1.0) / 2.0)[:, None] for image in (output, truth))
    offset = torch.arange(WINDOW, dtype=torch.float64, device=output.device) - WINDOW // 2
    line = torch.exp(-0.5 * (offset / SIGMA) ** 2)
    line = line / line.sum()

    def local(values: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(values, line.view(1, 1, -1, 1)), line.view(1, 1, 1, -1))

    mx, my = local(x), local(y)
    vx, vy, cov = local(x * x) - mx * mx, local(y * y) - my * my, local(x * y) - mx * my
    c1, c2 = K1**2, K2**2
    score = ((2 * mx * my + c1) * (2 * cov + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2))
    return float(score.mean())


@dataclass(frozen=True)
class SSIM:
    """To the right answer, -1 to 1. Undefined without it and for pictures smaller than the window."""

    name: str = "SSIM"
    higher_is_better: bool = True

    def __call__(self, sample: Sample) -> float | None:
        if sample.truth is None or min(sample.output.shape[-2:]) < WINDOW:
            return None
        return ssim(sample.output, sample.truth)
