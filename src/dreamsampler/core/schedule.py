"""Schedules: how much signal and how much noise a latent holds at each time, and which times a sampler visits.

A latent at time t is z = a_t z0 + b_t eps. Variance-preserving diffusion, flow matching and every other Gaussian path
differ only in the pair (a_t, b_t); nothing after this file knows which one it is.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import InputError
from .types import Step


def check_visits(n: int, start: float, most: int | None = None) -> None:
    """Raise `InputError` unless 1 <= n (<= most) and 0 < start <= 1."""
    if n < 1 or (most is not None and n > most):
        raise InputError(f"steps={n}: expected 1 to {most or 'any number'}")
    if not 0.0 < start <= 1.0:
        raise InputError(f"start={start}: expected a fraction of the trajectory, 0 < start <= 1")


def link(levels: Sequence[tuple[float, float, float]]) -> list[Step]:
    """Make N steps out of N + 1 levels (t, a, b), each leading to the next."""
    return [Step(i, *here, *there) for i, (here, there) in enumerate(itertools.pairwise(levels))]


def clean_end(steps: Sequence[Step]) -> list[Step]:
    """Return the same steps, the last of which leads to a clean latent, a = 1 and b = 0.

    Stable Diffusion's own last level keeps b = 0.029 of noise. What is decoded is the last step's clean estimate,
    though, and an encoded picture is clean too: taken to lie at that level, it is not what sampling back gives.

    Example:
        >>> [(step.a_next, step.b_next) for step in clean_end(TableSchedule.scaled_linear().visits(4))][-1]
        (1.0, 0.0)
    """
    return [*steps[:-1], steps[-1]._replace(a_next=1.0, b_next=0.0)]


def ascending(steps: Sequence[Step]) -> list[Step]:
    """Return the same levels from clean to noisy, for inversion.

    A step up from level t' to level t asks the network about t, the level that it leads to: this is the usual explicit
    approximation of DDIM inversion, and the one in which sampling undoes inversion when the network's noise agrees.
    """
    return [Step(i, s.t, s.a_next, s.b_next, s.t, s.a, s.b) for i, s in enumerate(reversed(steps))]


@dataclass(frozen=True)
class TableSchedule:
    """Variance-preserving diffusion given by a table of cumulative alphas (DDPM, Stable Diffusion).

    a_t = sqrt(abar_t), b_t = sqrt(1 - abar_t), t an integer index of the table.

    Args:
        abar: cumulative products of 1 - beta, decreasing, each in (0, 1].
        offset: the lowest visited time ("leading" spacing; Stable Diffusion uses 1).
        final: abar after the last step. Stable Diffusion uses abar[0]; 1.0 returns a noise-free latent.
        index_shift: 0, or -1 for parity with code whose table stands one entry later than the network's time.
        spacing: "leading" (Stable Diffusion) or "trailing" (zero-terminal-SNR checkpoints).

    Example:
        >>> schedule = TableSchedule.scaled_linear()
        >>> [step.t for step in schedule.visits(4)]
        [751.0, 501.0, 251.0, 1.0]
    """

    abar: tuple[float, ...]
    offset: int = 1
    final: float | None = None
    index_shift: int = 0
    spacing: str = "leading"

    def __post_init__(self) -> None:
        if len(self.abar) < 2 or not all(math.isfinite(x) and 0.0 <= x <= 1.0 for x in self.abar):
            raise InputError("abar: expected at least two cumulative alphas, each within [0, 1]")
        if any(later > earlier for earlier, later in zip(self.abar[:-1], self.abar[1:], strict=True)):
            raise InputError("abar: expected cumulative alphas that never increase")
        if self.spacing not in ("leading", "trailing"):
            raise InputError(f"spacing={self.spacing!r}: expected 'leading' or 'trailing'")

    @classmethod
    def scaled_linear(
        cls, low: float = 0.00085, high: float = 0.012, length: int = 1000, **kw: object
    ) -> TableSchedule:
        """beta_t = (linspace(sqrt(low), sqrt(high), length))^2: the schedule of Stable Diffusion 1 and 2."""
        product, abar = 1.0, []
        for i in range(length):
            root = math.sqrt(low) + (math.sqrt(high) - math.sqrt(low)) * i / (length - 1)
            product *= 1.0 - root * root
            abar.append(product)
        return cls(tuple(abar), **kw)  # type: ignore[arg-type]

    @property
    def length(self) -> int:
        return len(self.abar)

    def ab(self, t: float) -> tuple[float, float]:
        """(a, b) at the table's time t; below the table, the final level."""
        index = round(t) + self.index_shift
        if index < 0:
            last = self.abar[0] if self.final is None else self.final
            return (math.sqrt(last), math.sqrt(1.0 - last)) if round(t) < 0 else (1.0, 0.0)
        abar = self.abar[min(index, self.length - 1)]
        return math.sqrt(abar), math.sqrt(1.0 - abar)

    def visits(self, n: int, start: float = 1.0) -> list[Step]:
        """n times spaced evenly over the table, noisy to clean; `start` keeps the lowest share of them.

        Raises:
            InputError: n outside [1, length] or start outside (0, 1].
        """
        check_visits(n, start, self.length)
        if self.spacing == "trailing":
            times = [round(self.length - i * self.length / n) - 1 for i in range(n)]
        else:
            stride = self.length // n
            times = [min(stride * i + self.offset, self.length - 1) for i in reversed(range(n))]
        times = times[n - max(1, round(n * start)) :]
        levels = [(float(t), *self.ab(t)) for t in times]
        return link([*levels, (-1.0, *self.ab(-1.0))])


@dataclass(frozen=True)
class FlowSchedule:
    """Rectified flow: a = 1 - sigma, b = sigma (SD3, FLUX). The time t is sigma x 1000, as those networks take it.

    Args:
        shift: timestep shift S; sigma <- S sigma / (1 + (S - 1) sigma). 1 leaves the grid uniform.

    Example:
        >>> [round(step.b, 3) for step in FlowSchedule(shift=3.0).visits(4)]
        [1.0, 0.9, 0.75, 0.5]
    """

    shift: float = 1.0
    length: int = 1000

    def ab(self, t: float) -> tuple[float, float]:
        """(1 - sigma, sigma) for t = sigma x 1000."""
        sigma = min(max(t / self.length, 0.0), 1.0)
        return 1.0 - sigma, sigma

    def visits(self, n: int, start: float = 1.0) -> list[Step]:
        """n times from sigma = 1 down to the last one before 0, shifted; `start` keeps the lowest share of them."""
        check_visits(n, start)
        uniform = [i / n for i in range(max(1, round(n * start)), -1, -1)]
        sigmas = [self.shift * u / (1.0 + (self.shift - 1.0) * u) for u in uniform]
        return link([(self.length * s, 1.0 - s, s) for s in sigmas])
