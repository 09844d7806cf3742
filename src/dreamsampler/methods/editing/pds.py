"""Posterior distillation sampling (Koo et al., 2311.13831). Shares the loop: yes (the difference of two branches that
DDS uses, a gradient step with an identity term, fresh noise, random visits).

psi follows u_tgt - u_src, the difference of the noises that lead from z_t to z_{t-1} in the two trajectories, all draws
shared: with Delta z = psi - z_src and Delta eps the difference of the guided predictions,

    u_tgt - u_src = identity(t) Delta z + change(t) Delta eps,
    identity = (a_prev - c0 - c1 a) / sigma,    change = c0 b / (a sigma),
    c0 = a_prev beta / b^2,    c1 = sqrt(alpha) b_prev^2 / b^2,    sigma = sqrt(beta) b_prev / b.

For one true step of the schedule the identity term vanishes (it is E[z_{t-1} | z_0] minus itself) and PDS is DDS with
weights. The released code pairs one-step beta and alpha with a level two steps away, which makes it positive: 0.31 at
t = 101, 0.03 at t = 501. `stride=2` keeps that on purpose. 4 evaluations an iteration.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from ...core.errors import InputError
from ...core.schedule import TableSchedule
from ...core.state import State
from ...core.types import Prediction, Prior, Step
from ...tasks.common import OnProgress
from ..common import Edited, Prompt, begin, check_number, embed_texts
from .distil import Difference, distil, random_visits


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


def pds(
    prior: Prior,
    images: Tensor,
    prompt: Prompt,
    *,
    source_prompt: Prompt = "",
    steps: int = 200,
    scale: float = 7.5,
    rate: float = 0.5,
    stride: int = 2,
    low: float = 0.02,
    high: float = 0.98,
    visit_seed: int = 0,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> Edited:
    """Edit by posterior distillation on the latent.

    Args:
        images: [B, 3, H, W] in [-1, 1].
        prompt, source_prompt: what the edited and the given pictures show; one for all, or one a picture.
        steps: gradient steps.
        scale: guidance scale of both branches; published uses, on drawings and radiance fields, take 100.
        rate: learning rate of plain gradient descent; `change` is about 0.1, so 0.5 moves as far as DDS does.
        stride: entries of the table between z_t and z_{t-1}: 2 as released, 1 without the identity term.
        low, high: t is uniform in this share of the schedule.
        visit_seed: of the levels, shared by the batch.
        seeds: of the noise, one a picture.

    Raises:
        InputError: an argument has the wrong shape, range or number, or the schedule is no table.

    Example:
        >>> # pds(prior, images, "a dog face", source_prompt="a cat face", seeds=[0]).images
    """
    check_number("scale", scale)
    check_number("rate", rate)
    schedule = prior.schedule
    if not isinstance(schedule, TableSchedule):
        raise InputError(
            "schedule: posterior distillation is defined on a table of alphas; use dds or flowedit on a flow"
        )
    # below the stride there is no z_{t-1} in the table
    if stride < 1 or low * schedule.length < stride:
        raise InputError(f"stride={stride}, low={low}: expected stride >= 1 and levels of at least that time")
    begun = begin(prior, images, seeds)
    texts = embed_texts(prior, prompt, source_prompt, images.shape[0])
    guide = Difference(begun.z, *texts, (scale, scale))
    visits = random_visits(schedule, steps, low, high, visit_seed)
    return distil(prior, begun, visits, guide, PosteriorStep(begun.z, schedule, stride, rate), on_progress)
