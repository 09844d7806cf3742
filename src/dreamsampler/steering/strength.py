"""How strong a text pull is at each step: functions step -> gamma.

An edit with weight gamma_t, whose base noise is put back, is ordinary guidance of scale w_t = gamma_t s_t / (s_t - s'),
s = b / a (substitute Tweedie's formula into one step). The paper's gamma_t = c a^2 therefore acts more weakly the fewer
steps are taken: at c = 0.2 the peak scale is 7.3 for 200 steps, 1.9 for 50. `Strength` removes that dependence:
in y = z / a one step moves y by gamma_t s_t times the text direction, so it sets

    gamma_t s_t = strength x 40 x (integral of a b / (a^2 + b^2) over the step's share of the trajectory),

whose sum over the trajectory is the same for every number of steps, and which is the paper's c = 0.2 at 200 steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..core.errors import InputError
from ..core.types import Schedule, Step

Weight = Callable[[Step], float]

PAPER_PULL = 0.2 * 200
"""c x N of the released editing script: the pull that `strength = 1` stands for."""


def check_strength(name: str, value: float) -> None:
    """Raise `InputError` unless the value is a finite number >= 0."""
    if not (math.isfinite(value) and value >= 0.0):
        raise InputError(f"{name}={value}: expected a finite number >= 0")


@dataclass(frozen=True)
class Strength:
    """The same edit at any number of steps. 0 reconstructs, 1 is the paper's default, 2 is strong.

    Args:
        strength: >= 0.
        schedule: the prior's.
        cap: largest gamma of a single step. A gamma of 1 lands on the prompt's own estimate; coarse grids need more.
    """

    strength: float
    schedule: Schedule
    cap: float = math.inf

    def __post_init__(self) -> None:
        check_strength("strength", self.strength)

    def __call__(self, step: Step) -> float:
        pull = self.schedule.pull(step.t, step.t_next)
        return min(self.cap, self.strength * PAPER_PULL * pull * step.a / step.b)


@dataclass(frozen=True)
class PaperStrength:
    """gamma_t = c a^2 / (a^2 + b^2), the paper's c_g abar_t; depends on the number of steps (c = 0.2 at 200)."""

    c: float

    def __post_init__(self) -> None:
        check_strength("c", self.c)

    def __call__(self, step: Step) -> float:
        return self.c * step.a**2 / (step.a**2 + step.b**2)


@dataclass(frozen=True)
class GuidanceScale:
    """The weight that equals classifier-free guidance of scale w: gamma_t = w (s_t - s') / s_t."""

    w: float

    def __post_init__(self) -> None:
        check_strength("w", self.w)

    def __call__(self, step: Step) -> float:
        return self.w * (1.0 - step.b_next * step.a / (step.a_next * step.b))


@dataclass(frozen=True)
class Constant:
    """gamma at every step: CFG++ with lambda = gamma."""

    gamma: float

    def __post_init__(self) -> None:
        check_strength("gamma", self.gamma)

    def __call__(self, step: Step) -> float:
        return self.gamma
