"""What score distillation on a latent is made of: random visits, a gradient step, the difference of two branches.

With these three, SDS, DDS and FlowEdit are settings of the loop (docs/methods.md has the table).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.schedule import link
from ...core.state import State
from ...core.types import Condition, Guidance, Prediction, Prior, Renoise, Schedule, Step, Term
from ...steering.guidance import mix
from ...steering.optimize import unit
from ...steering.renoise import fresh
from ...steering.solve import Solve
from ...steering.strength import Weight
from ...tasks.cases import EditCase
from ...tasks.plan import Leg, Plan


def check_interval(low: float, high: float) -> None:
    """Raise `InputError` unless 0 <= low <= high <= 1."""
    if not 0.0 <= low <= high <= 1.0:
        raise InputError(f"low={low}, high={high}: expected 0 <= low <= high <= 1, shares of the schedule")


def random_visits(schedule: Schedule, n: int, low: float, high: float, seed: int = 0) -> list[Step]:
    """n levels with t uniform in [low, high] of the schedule; the last leads to the clean level, so z ends as psi.

    One draw serves a whole batch, and does not come from the items' own streams: item k of a batch visits the levels
    that it would visit alone.

    Raises:
        InputError: n < 1, or not 0 <= low <= high <= 1.
    """
    if n < 1:
        raise InputError(f"steps={n}: expected at least 1")
    check_interval(low, high)
    length = schedule.length
    first, last = round(low * length), min(round(high * length), length - 1)
    generator = torch.Generator("cpu").manual_seed(seed)
    times = torch.randint(first, max(first, last) + 1, (n,), generator=generator).tolist()
    return link([*((float(t), *schedule.ab(t)) for t in times), (-1.0, 1.0, 0.0)])


@dataclass(frozen=True)
class GradientStep:
    """psi <- psi - rate w(t) (psi - sg[z0_hat]): a step of gradient descent on w(t)/2 |psi - z0_hat|^2 (eq. 14).

    psi is the latent itself and lives in `State.z0`, so a run resumes from its state alone. `steering.descend.Descend`
    is the same for any generator and optimizer.
    """

    rate: float
    weight: Weight = unit

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        return state.z0 - self.rate * self.weight(step) * (state.z0 - z0)


def in_diffusion(step: Step) -> float:
    """Where psi enters a noised latent: a psi + b xi."""
    return step.a


def in_flow(step: Step) -> float:
    """As FlowEdit has it, psi - z_src added to the noised source, in the coordinates z / (a + b) of a flow."""
    return step.a + step.b


@dataclass(frozen=True)
class Difference:
    """z_src + z0_tgt(z) - z0_src(z_twin): what the target prompt sees in psi against the source prompt in the source.

    Both are noised alike: z_twin = z - o(t) (psi - z_src), where o(t) says how psi entered z.

    Args:
        source: z_src, the encoded pictures.
        target, origin, null: conditions of the target prompt, the source prompt and the null prompt.
        scales: guidance of the target's and of the source's branch; at 1 a branch costs one evaluation, else two.
        offset: o(t).
    """

    source: Tensor
    target: Condition
    origin: Condition
    null: Condition
    scales: tuple[float, float]
    offset: Callable[[Step], float] = in_diffusion

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        twin = state.z - self.offset(step) * (state.z0 - self.source)
        zs, conds = [state.z, twin], [self.target, self.origin]
        for z, scale in zip((state.z, twin), self.scales, strict=True):
            if scale != 1.0:
                zs.append(z)
                conds.append(self.null)
        target, origin, *nulls = prior.predict(zs, step, conds)
        z0, eps = target.z0, target.eps
        if self.scales[0] != 1.0:
            null = nulls.pop(0)
            z0, eps = mix(null.z0, z0, self.scales[0]), mix(null.eps, eps, self.scales[0])
        base = origin.z0 if self.scales[1] == 1.0 else mix(nulls.pop(0).z0, origin.z0, self.scales[1])
        return Prediction(self.source + z0 - base, eps)


def distilled(
    case: EditCase,
    visits: Sequence[Step],
    guide: Guidance,
    term: Term,
    renoise: Renoise = fresh,
    phase: str = "distil",
) -> Plan:
    """Return the plan that starts from the noised pictures and lets `term` alone move the latent."""
    return Plan((Leg(phase, case.noised(visits[0]), visits, guide, Solve((term,)), renoise),))
