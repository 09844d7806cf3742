"""Guidance: which evaluations of the prior make one prediction. A branch whose weight is zero is never evaluated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.state import State
from ..core.types import Condition, Prediction, Prior, Step


@dataclass(frozen=True)
class Single:
    """The prior under one condition. Cost: 1 evaluation."""

    cond: Condition

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        return prior.predict([state.z], step, [self.cond])[0]


@dataclass(frozen=True)
class CFG:
    """Classifier-free guidance: eps_w = eps_0 + w (eps_c - eps_0), and the same for z0, in which it is linear too.

    Args:
        cond: the prompt's condition.
        null: the null (or negative) prompt's condition.
        scale: w. 1 is the prompt alone, 0 the null prompt alone: each then costs 1 evaluation, else 2.
        renoise: the noise handed to `Renoise`: "guided" (eps_w, as DDIM) or "uncond" (eps_0: with 0 <= scale <= 1 this
            is CFG++, Chung et al., ICLR 2025).
    """

    cond: Condition
    null: Condition
    scale: float = 7.5
    renoise: Literal["guided", "uncond"] = "guided"

    def __post_init__(self) -> None:
        if self.renoise not in ("guided", "uncond"):
            raise InputError(f"renoise={self.renoise!r}: expected 'guided' or 'uncond'")

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        if self.scale == 0.0:
            return prior.predict([state.z], step, [self.null])[0]
        if self.scale == 1.0 and self.renoise == "guided":
            return prior.predict([state.z], step, [self.cond])[0]
        null, cond = prior.predict([state.z, state.z], step, [self.null, self.cond])
        z0 = mix(null.z0, cond.z0, self.scale)
        return Prediction(z0, mix(null.eps, cond.eps, self.scale) if self.renoise == "guided" else null.eps)


@dataclass(frozen=True)
class Branches:
    """A base prompt and K target prompts, all in one call; the targets' clean estimates go to `Prediction.targets`.

    The prediction itself is the base's (the null prompt's in DreamSampler), so `keep` puts the base's noise back: this
    is what preserves the source picture in Algorithm 3.

    Args:
        base: condition of the base branch.
        targets: one condition for each text pull.
        active: step -> whether the targets matter at this step; where they do not, only the base is evaluated.
            A `TextPull` whose weight is below its bound says the same, so pass its `active`.

    Cost: 1 + K evaluations in one call, 1 where inactive. On steps with a gradient through the prior the targets are
    evaluated in a second call, without it.
    """

    base: Condition
    targets: tuple[Condition, ...]
    active: Callable[[Step], bool] | None = None

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        if self.active is not None and not self.active(step):
            return prior.predict([state.z], step, [self.base])[0]
        if state.z.requires_grad:  # a graph through the base alone: those of K targets would cost K times its memory
            base = prior.predict([state.z], step, [self.base])[0]
            with torch.no_grad():
                targets = list(prior.predict([state.z.detach()] * len(self.targets), step, self.targets))
        else:
            conds = (self.base, *self.targets)
            base, *targets = prior.predict([state.z] * len(conds), step, conds)
        return Prediction(base.z0, base.eps, tuple(target.z0 for target in targets))


def mix(start: Tensor, end: Tensor, weight: float) -> Tensor:
    """start + weight (end - start): interpolates for 0 <= weight <= 1, extrapolates beyond."""
    return start + weight * (end - start)
