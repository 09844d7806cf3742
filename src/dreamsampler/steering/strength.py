"""How strong a text pull is at each step: functions step -> gamma.

An edit with weight gamma_t, whose base noise is put back, is ordinary guidance of scale w_t = gamma_t s_t / (s_t - s'),
s = b / a (substitute Tweedie's formula into one step). The paper's gamma_t = c a^2 therefore acts more weakly the fewer
steps are taken: at c = 0.2 the peak scale is 7.3 for 200 steps, 1.9 for 50. `Strength` removes that dependence.

In y = z / a every Gaussian path is the same path, told apart by s alone, and one step moves y by gamma_t s_t times the
text direction eps_0 - eps_c. The released editing script (c = 0.2, 200 steps of Stable Diffusion's table) has so moved
y, on its way down to noise level s, by the text direction, weighted in s:

    sum of gamma_t s_t = c N x integral of a b dt = 40 (P(inf) - P(s)),   P(s) = integral of a b dt up to level s.

`Strength` takes gamma_t s_t = strength x 40 (P(s_t) - P(s')) with this P on every path: the displacement that the
paper's default makes on Stable Diffusion's is made on any other path, at any number of steps.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ..core.errors import InputError
from ..core.schedule import TableSchedule
from ..core.types import Step

Weight = Callable[[Step], float]

PAPER_PULL = 0.2 * 200
"""c x N of the released editing script: the pull that `strength = 1` stands for."""


def check_strength(name: str, value: float) -> None:
    """Raise `InputError` unless the value is a finite number >= 0."""
    if not (math.isfinite(value) and value >= 0.0):
        raise InputError(f"{name}={value}: expected a finite number >= 0")


@dataclass(frozen=True)
class Strength:
    """The same edit at any number of steps and on any path.

    0 reconstructs; 1 moves a latent as far as the paper's c = 0.2 does in 200 steps on Stable Diffusion's path; 2 twice
    as far.

    Args:
        strength: >= 0.
        cap: largest gamma of a single step. A gamma of 1 lands on the prompt's own estimate; coarse grids need more.

    Example:
        >>> steps = TableSchedule.scaled_linear().visits(200)
        >>> ours, paper = Strength(1.0), PaperStrength(0.2)
        >>> moved = [sum(gamma(step) * step.b / step.a for step in steps) for gamma in (ours, paper)]
        >>> abs(moved[0] / moved[1] - 1.0) < 0.02
        True
    """

    strength: float
    cap: float = math.inf

    def __post_init__(self) -> None:
        check_strength("strength", self.strength)

    def __call__(self, step: Step) -> float:
        share = pulled(_noise_to_signal(step.a, step.b)) - pulled(_noise_to_signal(step.a_next, step.b_next))
        return min(self.cap, self.strength * PAPER_PULL * share * step.a / step.b)


def pulled(s: float) -> float:
    """Return P(s), the integral of a b over Stable Diffusion's normalized time up to noise-to-signal ratio s.

    Linear in s between the table's entries; constant above the last, s = 14.6.

    Example:
        >>> pulled(0.0), round(pulled(1.0), 3), pulled(math.inf) == pulled(20.0)
        (0.0, 0.132, True)
    """
    levels, area = _paper_table()
    if s >= levels[-1]:
        return area[-1]
    k = max(1, bisect_left(levels, s))
    between = (s - levels[k - 1]) / (levels[k] - levels[k - 1])
    return area[k - 1] + between * (area[k] - area[k - 1])


@lru_cache(maxsize=1)
def _paper_table() -> tuple[list[float], list[float]]:
    """Return s and P(s) at every entry of Stable Diffusion's table, and at 0."""
    table = TableSchedule.scaled_linear().abar
    levels, area = [0.0], [0.0]
    for abar in table:
        levels.append(math.sqrt((1.0 - abar) / abar))
        area.append(area[-1] + math.sqrt(abar * (1.0 - abar)) / len(table))
    return levels, area


def _noise_to_signal(a: float, b: float) -> float:
    return math.inf if a == 0.0 else b / a


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
