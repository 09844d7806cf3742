"""Data consistency as a regularizer: pull the clean estimate towards pictures that explain the measurement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.state import State
from ..core.types import LatentSpace, Prediction, Step
from ..operators import Measurement, prox
from .strength import Weight


@dataclass(frozen=True)
class DataPull:
    """z0 + w(t) (E(x_y) - z0), x_y = argmin_x |y - A x|^2 + rho |x - D(z0)|^2 (equations 33 to 36 of DreamSampler).

    The proximal step is taken among pictures, where A is known, and its answer encoded again.

    Args:
        measurement: y and A.
        space: D and E.
        weight: w as a function of the step: how far towards the explaining picture, 0 to 1.
        rho: weight of staying close to the estimate, a number or a function of the step; the released code's 1e-4 all
            but fits y.
        iterations: take this many conjugate-gradient iterations instead of the exact proximal step.

    Example:
        >>> # pull = DataPull(Measurement(downsample(4), y), prior.space, PaperStrength(1.0))
    """

    measurement: Measurement
    space: LatentSpace
    weight: Weight
    rho: float | Callable[[Step], float | Tensor] = 1e-4
    iterations: int | None = None

    def __post_init__(self) -> None:
        if not callable(self.rho) and not self.rho >= 0:
            raise InputError(f"rho={self.rho}: expected 0 or more")
        if self.iterations is not None and self.iterations < 1:
            raise InputError(f"iterations={self.iterations}: expected at least 1")

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        weight = self.weight(step)
        return z0 if weight == 0.0 else z0 + weight * (self.space.encode(self.explain(z0, step)) - z0)

    def explain(self, z0: Tensor, step: Step) -> Tensor:
        """x_y, [B, 3, H, W]."""
        rho = self.rho(step) if callable(self.rho) else self.rho
        x, m = self.space.decode(z0), self.measurement
        return prox(m.operator, m.y.to(x), x, rho.to(x) if isinstance(rho, Tensor) else rho, self.iterations)


@dataclass(frozen=True)
class PosteriorRho:
    """rho = sigma^2 / v_t: the proximal step is then the mean of the clean picture given z_t and y.

    v_t = s^2 / (2 (1 + s^2)) + (4 e)^2, s = b / a, stands for the variance of the clean picture given z_t. Its first
    part is DiffPIR's s^2 / lambda with lambda = 8 in units of pictures from 0 to 1, which is 2 here, kept below the
    variance of pictures. e is what the autoencoder loses of the first guess A^+ y, root mean square, and four
    times that stands for autoencoder and network, whose error stays when the noise is gone (of 2 and 4 times, 4 gained
    0.3 to 0.4 dB on development scenes of the bundled prior). It is 0 where pictures are their own latents.

    Args:
        measurement: y, A and sigma.
        space: D and E.
        least: rho is never less.
    """

    measurement: Measurement
    space: LatentSpace
    least: float = 1e-4

    def __call__(self, step: Step) -> Tensor:
        """Return rho at this level, [B, 1, 1, 1]."""
        spread = step.b**2 / (2.0 * (step.a**2 + step.b**2))
        return (self.measurement.sigma**2 / (spread + 16.0 * self.lost)).clamp_min(self.least)

    @cached_property
    def lost(self) -> Tensor:
        """e^2 of each item, [B, 1, 1, 1]."""
        guess = self.measurement.first_guess()
        with torch.no_grad():
            error = self.space.decode(self.space.encode(guess)).to(guess) - guess
        return error.square().flatten(1).mean(1).reshape(-1, 1, 1, 1)


def data_steps(steps: int, period: int = 3, until: float = 0.85) -> Callable[[Step], bool]:
    """Return which of N steps are data-consistency steps: every `period`-th, before `until` N.

    The defaults are those of the released scripts of DreamSampler and TReg: i % 3 == 0 and i < 170 of 200. Steps that
    go on to the end (`until` = 1) are counted from it, so that the last step is one of them for every N.

    Raises:
        InputError: period < 1 or until outside [0, 1].
    """
    if period < 1:
        raise InputError(f"period={period}: expected 1 or more steps between data-consistency steps")
    if not 0.0 <= until <= 1.0:
        raise InputError(f"until={until}: expected a share of the steps, 0 to 1")
    first = (steps - 1) % period if until == 1.0 else 0
    return lambda step: step.index % period == first and step.index < until * steps
