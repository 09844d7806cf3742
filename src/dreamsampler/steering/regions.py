"""Terms that act in a part of the picture, and the released inpainting's way of joining such parts."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..core.errors import InputError
from ..core.state import State
from ..core.types import Prediction, Step, Term
from ..operators.mask import union
from .strength import Weight


@dataclass(frozen=True)
class Where:
    """z0 + m (R(z0) - z0): another term, in a region alone.

    Args:
        mask: m [1 or B, 1, h, w] in [0, 1] at latent resolution.
        term: R.
    """

    mask: Tensor
    term: Term

    def needs_prior_grad(self, step: Step) -> bool:
        return self.term.needs_prior_grad(step)

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        return z0 + self.mask * (self.term(z0, pred, state, step) - z0)


@dataclass(frozen=True)
class ReleasedRegions:
    """(1 - gamma U) z0 + gamma sum_k M_k z0_{c_k}, U the union of the regions.

    Without overlap this is `TextPull`. Where n regions overlap it counts the targets n times but takes z0 away once,
    so the weights sum to 1 + (n - 1) gamma: the released script's rule, which brightens overlaps.

    Args:
        weight: gamma as a function of the step.
        masks: M_k [1 or B, 1, h, w], 1 in region k.
        whole: U [1 or B, 1, h, w]; by default the largest mask at each cell, their union where they are 0 or 1.
    """

    weight: Weight
    masks: tuple[Tensor, ...]
    whole: Tensor | None = None

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        if not pred.targets:
            return z0
        if len(pred.targets) != len(self.masks):
            raise InputError(f"masks: got {len(self.masks)} for {len(pred.targets)} prompts; expected one a prompt")
        gamma = self.weight(step)
        joined = (1.0 - gamma * (union(self.masks) if self.whole is None else self.whole)) * z0
        for mask, target in zip(self.masks, pred.targets, strict=True):
            joined = joined + gamma * mask * target
        return joined
