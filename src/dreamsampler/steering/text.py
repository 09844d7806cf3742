"""Text as a regularizer: pull the clean estimate towards what a prompt would have it be, everywhere or in a region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.state import State
from ..core.types import Prediction, Step
from .strength import Weight


@dataclass(frozen=True)
class TextPull:
    """z0 + sum_k gamma_k(t) M_k (z0_{c_k} - z0): eq. 19 of DreamSampler; with one target and no mask, Algorithm 3.

    Args:
        weights: gamma_k as a function of the step, one for each target of the prediction.
        masks: M_k [1 or B, 1, h, w] in [0, 1] at latent resolution, one for each target; None acts everywhere. Pass
            them through `share` first where they overlap.
        bound: targets are left out at steps where every weight lies below this.

    Example:
        >>> pull = TextPull((lambda step: 0.5,))
        >>> z0, target = torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1)
        >>> pull(z0, Prediction(z0, z0, (target,)), None, None).item()
        0.5
    """

    weights: tuple[Weight, ...]
    masks: tuple[Tensor, ...] | None = None
    bound: float = 0.0

    def __post_init__(self) -> None:
        if self.masks is not None and len(self.masks) != len(self.weights):
            raise InputError(f"masks: got {len(self.masks)} for {len(self.weights)} prompts; expected one a prompt")

    def active(self, step: Step) -> bool:
        """Whether any weight exceeds the bound here; hand it to `Branches` so that idle targets cost nothing."""
        return any(weight(step) > self.bound for weight in self.weights)

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        if not pred.targets:
            return z0
        moved = z0
        for k, (weight, target) in enumerate(zip(self.weights, pred.targets, strict=True)):
            pull = weight(step) * (target - z0)
            moved = moved + (pull if self.masks is None else self.masks[k] * pull)
        return moved


def share(masks: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Divide masks by max(1, their sum), so that overlapping regions are shared and never pulled twice.

    Args:
        masks: K tensors of one shape, values in [0, 1].

    Example:
        >>> [m.item() for m in share([torch.ones(1), torch.ones(1)])]
        [0.5, 0.5]
    """
    if not masks:
        return ()
    total = torch.stack(tuple(masks)).sum(0).clamp_min(1.0)
    return tuple(mask / total for mask in masks)
