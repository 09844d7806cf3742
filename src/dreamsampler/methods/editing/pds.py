"""Posterior distillation sampling (Koo et al., 2311.13831). Shares the loop: yes (the difference of two branches that
DDS uses, a gradient step with an identity term, fresh noise, random visits).

psi follows u_tgt - u_src, the difference of the noises that lead from z_t to z_{t-1} in the two trajectories, all draws
shared: with Delta z = psi - z_src and Delta eps the difference of the guided predictions,

    u_tgt - u_src = identity(t) Delta z + change(t) Delta eps,
    identity = (a_prev - c0 - c1 a) / sigma,    change = c0 b / (a sigma),
    c0 = a_prev beta / b^2,    c1 = sqrt(alpha) b_prev^2 / b^2,    sigma = sqrt(beta) b_prev / b.

For one true step of the schedule the identity term vanishes (it is E[z_{t-1} | z_0] minus itself) and PDS is DDS with
weights. The released code pairs one-step beta and alpha with a level two steps away, which makes it positive: 0.31 at
t = 101, 0.03 at t = 501. `stride=2` keeps that on purpose.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from torch import Tensor

from ...core.errors import InputError
from ...core.schedule import TableSchedule
from ...core.settings import Doc, Ge, settings
from ...core.state import State
from ...core.types import Prediction, Step
from ...tasks.cases import EditCase
from ...tasks.options import GuidanceScale, Rate, Share, Steps, VisitSeed
from ...tasks.plan import Plan
from .distil import Difference, check_interval, distilled, random_visits


class Weights(NamedTuple):
    """Of Delta z and of Delta eps."""

    identity: float
    change: float


def weights(schedule: TableSchedule, t: float, stride: int) -> Weights:
    """The two weights at time t, the level z_{t-1} being `stride` entries below it."""
    (a, b), (a_prev, b_prev) = schedule.ab(t), schedule.ab(t - stride)
    alpha = (a / schedule.ab(t - 1)[0]) ** 2
    c0, c1 = a_prev * (1.0 - alpha) / b**2, math.sqrt(alpha) * b_prev**2 / b**2
    sigma = math.sqrt(1.0 - alpha) * b_prev / b
    return Weights((a_prev - c0 - c1 * a) / sigma, c0 * b / (a * sigma))


@dataclass(frozen=True)
class PosteriorStep:
    """psi <- psi - rate (identity (psi - z_src) + change Delta eps), psi the latent itself, in `State.z0`.

    `Difference` hands over z_src + z0_tgt - z0_src = psi - (b / a) Delta eps.
    """

    source: Tensor
    schedule: TableSchedule
    stride: int
    rate: float

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        identity, change = weights(self.schedule, step.t, self.stride)
        noise = step.a / step.b * (state.z0 - z0)
        return state.z0 - self.rate * (identity * (state.z0 - self.source) + change * noise)


@settings
class PDS:
    """Follow the difference of two posterior steps by gradient descent on the latent. 4 evaluations an iteration.

    Published uses, on drawings and radiance fields, take a guidance scale of 100. `change` is about 0.1, so a rate of
    0.5 moves as far as DDS does.
    """

    steps: Steps = 200
    guidance_scale: GuidanceScale = 7.5
    rate: Rate = 0.5
    stride: Annotated[
        int, Ge(1), Doc("Entries of the table between two levels: 2 as released, 1 without the push.")
    ] = 2
    low: Share = 0.02
    high: Share = 0.98
    visit_seed: VisitSeed = 0

    def __post_init__(self) -> None:
        check_interval(self.low, self.high)

    def __call__(self, case: EditCase) -> Plan:
        """Return the plan.

        Raises:
            InputError: the schedule is no table, or its lowest levels have no level `stride` below them.
        """
        schedule = case.prior.schedule
        if not isinstance(schedule, TableSchedule):
            raise InputError(
                "schedule: posterior distillation is defined on a table of alphas; use dds or flowedit on a flow"
            )
        if self.low * schedule.length < self.stride:
            raise InputError(f"stride={self.stride}, low={self.low}: expected levels of at least that time")
        scales = (self.guidance_scale, self.guidance_scale)
        guide = Difference(case.z, case.target, case.source, case.null, scales)
        visits = random_visits(schedule, self.steps, self.low, self.high, self.visit_seed)
        return distilled(case, visits, guide, PosteriorStep(case.z, schedule, self.stride, self.rate))
