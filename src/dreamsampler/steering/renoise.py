"""Renoise: which noise goes back into the clean latent. All of them keep unit variance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from ..core.errors import InputError
from ..core.state import State
from ..core.types import Prediction, Renoise, Step

Share = float | Callable[[Step], float]


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

    k: Share

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        return _mixed(pred.eps, self.k, z0, state, step)


@dataclass(frozen=True)
class Rederive:
    """sqrt(1 - k^2) (z - a z0) / b + k xi: the noise that the solution implies, not the network's (DiffPIR).

    z is then explained by solution and noise together, so that a term's pull enters the next latent in proportion to
    the step, and many small steps do what few large ones do. `keep` repeats the whole pull at every step.

    Args:
        k: share of fresh noise, as in `Mix`.
    """

    k: Share = 0.0

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        return _mixed((state.z - step.a * z0) / step.b, self.k, z0, state, step)


@dataclass(frozen=True)
class Either:
    """One way of putting noise back on some steps, another on the rest."""

    condition: Callable[[Step], bool]
    then: Renoise
    otherwise: Renoise

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        chosen = self.then if self.condition(step) else self.otherwise
        return chosen(pred, z0, state, step)


def ancestral(step: Step) -> float:
    """k = sqrt(1 - (s'/s)^2), s = b / a: the share of fresh noise of DDPM's step, DDIM's eta = 1, on every path."""
    return math.sqrt(max(0.0, 1.0 - (step.b_next * step.a / (step.a_next * step.b)) ** 2))


def ddim(eta: float) -> Mix:
    """DDIM's eta: 0 keeps the estimated noise, 1 samples ancestrally."""
    if not 0.0 <= eta <= 1.0:
        raise InputError(f"eta={eta}: expected 0 (DDIM) to 1 (ancestral)")
    return Mix(lambda step: eta * ancestral(step))


def signal_share(eta: float, where: Callable[[Step], bool]) -> Callable[[Step], float]:
    """Return k = eta a / sqrt(a^2 + b^2) on some steps and 0 on the others: eta beta_t = eta b' sqrt(abar_t) in eq. 5.

    Raises:
        InputError: eta outside [0, 1].
    """
    if not 0.0 <= eta <= 1.0:
        raise InputError(f"eta={eta}: expected a share, 0 to 1")
    return lambda step: eta * step.a / math.hypot(step.a, step.b) if where(step) else 0.0


def _mixed(eps: Tensor, share: Share, z0: Tensor, state: State, step: Step) -> Tensor:
    k = share(step) if callable(share) else share
    if not 0.0 <= k <= 1.0:
        raise InputError(f"k={k:g} at step {step.index}: the share of fresh noise must lie within [0, 1]")
    if k == 0.0:
        return eps
    return math.sqrt(1.0 - k * k) * eps + k * state.noise.normal(z0)


@dataclass(frozen=True)
class Replay:
    """Stored noise maps, one a step: edit-friendly DDPM inversion (Huberman-Spiegelglas et al., 2304.06140)."""

    maps: Sequence[Tensor]

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        if step.index >= len(self.maps):
            raise InputError(f"maps: {len(self.maps)} noise maps but step {step.index} asks for one more")
        return self.maps[step.index]
