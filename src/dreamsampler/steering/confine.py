"""A mask for free: confine an edit to where the prompts' predictions differ from the source's.

Couairon et al. (DiffEdit, 2210.11427) contrast two predictions at one noise level, with evaluations of their own. Here
the differences that an edit computes on its way anyway are added up over all steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..core.state import State
from ..core.types import Prediction, Step

DIFFERENCE, MASK = "found difference", "found mask"
"""Names in `State.learned`."""

THRESHOLD = 0.7
"""Times Otsu's threshold. Of 0.5, 0.6 and 0.7 the last gave most PSNR at the same CLIP-Acc (48 development pairs)."""


@dataclass(frozen=True)
class Confine:
    """At the last step z0 <- z_source + M (z0 - z_source), M found from sum_t |z0_c - z0_source|.

    Args:
        source: the picture's clean latent, [B, C, h, w].
        last: index of the last step.
        threshold: times Otsu's; more gives a smaller region.

    Cost: none.
    """

    source: Tensor
    last: int
    threshold: float = THRESHOLD

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        total = state.learned.get(DIFFERENCE)
        for target in pred.targets:
            apart = (target - pred.z0).square().mean(1, keepdim=True).sqrt()
            total = apart if total is None else total + apart
        if total is None:
            return z0
        state.learned.put(DIFFERENCE, total)
        if step.index < self.last:
            return z0
        mask = found_mask(total, self.threshold)
        state.learned.put(MASK, mask)
        return self.source + mask * (z0 - self.source)


def found_mask(difference: Tensor, threshold: float = THRESHOLD) -> Tensor:
    """Return a soft mask [B, 1, h, w] in [0, 1] of where a difference [B, 1, h, w] is large, each item by itself.

    It rises from 0 at `threshold` times Otsu's threshold of the smoothed difference to 1 at half as much again.

    Example:
        >>> difference = torch.zeros(1, 1, 8, 8)
        >>> difference[..., :4] = 1.0
        >>> mask = found_mask(difference)
        >>> mask[0, 0, 0].tolist()
        [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    """
    smooth = F.avg_pool2d(difference, 3, 1, 1, count_include_pad=False)
    level = threshold * torch.stack([otsu(item) for item in smooth])[:, None, None, None]
    return ((smooth - level) / (0.5 * level).clamp_min(torch.finfo(smooth.dtype).tiny)).clamp(0.0, 1.0)


def otsu(values: Tensor) -> Tensor:
    """Return the threshold that separates two classes of values best (Otsu 1979): the largest variance between them.

    Example:
        >>> otsu(torch.tensor([0.0, 0.1, 0.9, 1.0])).item()
        0.5
    """
    ordered = values.flatten().double().sort().values
    n, sums = len(ordered), ordered.cumsum(0)
    low = torch.arange(1, n, device=values.device)
    apart = sums[:-1] / low - (sums[-1] - sums[:-1]) / (n - low)
    k = int((low * (n - low) * apart.square()).argmax())
    return (0.5 * (ordered[k] + ordered[k + 1])).to(values.dtype)


def on_pixels(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Return a found mask at the size of pictures, grown by a cell so that no edge of the edit is cut."""
    grown = F.max_pool2d(mask, 3, 1, 1)
    return F.interpolate(grown, size=size, mode="bilinear", align_corners=False).clamp(0.0, 1.0)
