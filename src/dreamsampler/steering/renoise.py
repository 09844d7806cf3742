"""Renoise: which noise goes back into the clean latent. All of them keep unit variance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from ..core.errors import InputError
from ..core.state import State
from ..core.types import Prediction, Step


def keep(pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
    """The estimated noise: a deterministic sampler (DDIM, eta = 0)."""
    return pred.eps


def fresh(pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
    """New noise: score distillation."""
    return state.noise.normal(z0)


@dataclass(frozen=True)
class Mix:
    """sqrt(1 - k^2) eps + k xi (eq. 5 with k = eta beta_t / b').

    Args:
        k: share of fresh noise, 0 <= k <= 1, a number or a function of the step. DreamSampler's inpainting uses
            `lambda step: step.a`.
    """

    k: float | Callable[[Step], float]

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        k = self.k(step) if callable(self.k) else self.k
        if not 0.0 <= k <= 1.0:
            raise InputError(f"k={k:g} at step {step.index}: the share of fresh noise must lie within [0, 1]")
        if k == 0.0:
            return pred.eps
        return math.sqrt(1.0 - k * k) * pred.eps + k * state.noise.normal(z0)


@dataclass(frozen=True)
class Replay:
    """Stored noise maps, one a step: edit-friendly DDPM inversion (Huberman-Spiegelglas et al., 2304.06140)."""

    maps: Sequence[Tensor]

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        if step.index >= len(self.maps):
            raise InputError(f"maps: {len(self.maps)} noise maps but step {step.index} asks for one more")
        return self.maps[step.index]
