"""Peak signal-to-noise ratio, in dB: over the whole picture, or over the pixels that should not change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from .base import Sample

CEILING = 100.0
"""dB that equal pictures get (mean squared error 1e-10 of full range, far below one 8-bit step)."""


def decibels(output: Tensor, truth: Tensor) -> float:
    """-10 log10 of the mean squared error, values cut to [-1, 1] and mapped to [0, 1]; at most `CEILING`.

    Example:
        >>> round(decibels(torch.zeros(3, 4, 4), torch.full((3, 4, 4), 0.2)), 6)
        20.0
    """
    error = ((output.clamp(-1, 1).double() - truth.clamp(-1, 1).double()) / 2.0).square().mean()
    return float(-10.0 * torch.log10(error.clamp_min(10 ** (-CEILING / 10))))


@dataclass(frozen=True)
class PSNR:
    """To the right answer ("truth") or to the given picture ("source"). Undefined without it."""

    reference: Literal["truth", "source"] = "truth"
    name: str = "PSNR"
    higher_is_better: bool = True

    def __call__(self, sample: Sample) -> float | None:
        reference = sample.truth if self.reference == "truth" else sample.source
        return None if reference is None else decibels(sample.output, reference)


@dataclass(frozen=True)
class PSNROutside:
    """To the source, over the pixels outside `changed` and those only.

    PIE-Bench blackens the region in both pictures and averages over all pixels, which raises the number by
    -10 log10(share outside) dB. Undefined without a region, or where nothing lies outside.
    """

    name: str = "PSNR outside"
    higher_is_better: bool = True

    def __call__(self, sample: Sample) -> float | None:
        if sample.changed is None or sample.source is None:
            return None
        outside = ~sample.changed.bool()
        if not bool(outside.any()):
            return None
        return decibels(sample.output[:, outside], sample.source[:, outside])
