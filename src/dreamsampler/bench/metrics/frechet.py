"""Fréchet distance between two sets of pictures in the features of a CLIP model (Heusel et al., NeurIPS 2017, use
Inception's). Biased upwards for few samples: compare only sets of one size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .base import Sample
from .encoder import ClipEncoder


def frechet(x: Tensor, y: Tensor) -> float:
    """|mu_x - mu_y|^2 + tr(S_x + S_y - 2 (S_x S_y)^(1/2)) of two sets of features [n, D] and [m, D], n, m >= 2.

    With centered features X, Y the last trace is the nuclear norm of X Y^T / sqrt((n - 1)(m - 1)), and only the
    triangular factors of X and Y matter to it: no matrix root, and nothing larger than D x D.
    """
    x, y = x.double(), y.double()
    shift = x.mean(0) - y.mean(0)
    x, y = ((f - f.mean(0)) / (len(f) - 1) ** 0.5 for f in (x, y))
    rx, ry = (torch.linalg.qr(f, mode="r").R for f in (x, y))
    cross = torch.linalg.svdvals(rx @ ry.T).sum()
    return float(shift.square().sum() + x.square().sum() + y.square().sum() - 2.0 * cross)


@dataclass(frozen=True)
class FrechetDistance:
    """Between the outputs and the right answers. Undefined for fewer than two samples that have one."""

    encoder: ClipEncoder
    name: str = "Fréchet distance"
    higher_is_better: bool = False

    def __call__(self, samples: Sequence[Sample]) -> float | None:
        pairs = [(s.output, s.truth) for s in samples if s.truth is not None]
        if len(pairs) < 2:
            return None
        outputs, truths = (torch.cat([self.encoder.images(i[None]) for i in side]) for side in zip(*pairs, strict=True))
        return frechet(outputs, truths)
