"""RePaint (Lugmayr et al., CVPR 2022, 2201.09865) in latents. Shares the loop: yes, jumps included.

Every level holds the known part of the picture freshly noised and the hole ancestrally sampled; to harmonize the two,
the sampler jumps back up and comes down again several times. A jump from t' up to t'' adds noise to a z0 + b eps, so
descending to t' and jumping to t'' is one step of the loop that ends at t'' with more of the noise fresh: no evaluation
is spent on it. With 250 steps, jumps of 10 and 10 resamplings: about 2400 evaluations, twice that with guidance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from torch import Tensor

from ...core.settings import Doc, Ge, settings
from ...core.state import State
from ...core.types import Prediction, Step
from ...operators.mask import to_latent
from ...steering.guidance import CFG
from ...steering.renoise import Mix, fresh
from ...steering.solve import Solve
from ...tasks.cases import InverseCase
from ...tasks.options import GuidanceScale, NegativePrompt, Steps
from ...tasks.plan import Leg, Plan
from ..editing.blended import Anchor


class Walk(NamedTuple):
    """Attributes: steps, up and down; kept, the share sqrt(1 - k^2) of the estimated noise that survives each."""

    steps: list[Step]
    kept: list[float]


def walk(visits: Sequence[Step], jump: int = 10, resample: int = 10) -> Walk:
    """RePaint's up and down over the levels of a sampler, each jump joined to the step before it.

    Args:
        visits: N descending steps.
        jump: levels a jump climbs.
        resample: how often each stretch is walked down.
    """
    top = len(visits)
    levels = [(s.t, s.a, s.b) for s in visits] + [(visits[-1].t_next, visits[-1].a_next, visits[-1].b_next)]
    left = dict.fromkeys(range(0, top - jump, jump), resample - 1)
    steps: list[Step] = []
    kept: list[float] = []
    at = top
    while at > 0:
        here, below = levels[top - at], levels[top - at + 1]
        at -= 1
        share = _noise_to_signal(below) / _noise_to_signal(here)
        end = below
        if left.get(at, 0) > 0:
            left[at] -= 1
            at += jump
            end = levels[top - at]
            share *= _noise_to_signal(below) / _noise_to_signal(end)
        steps.append(Step(len(steps), *here, *end))
        kept.append(share)
    return Walk(steps, kept)


@dataclass(frozen=True)
class Harmonize:
    """Ancestral noise in the hole, fresh noise on the known part."""

    hole: Tensor
    inside: Mix

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        outside = (1.0 - self.hole) * fresh(pred, z0, state, step)
        return self.hole * self.inside(pred, z0, state, step) + outside


@settings
class RePaint:
    """Fill a hole by walking up and down. 1 evaluation a step, 2 with guidance, over about ten times the steps.

    What the hole covers is gray when the picture is encoded; latent pixels that touch the hole count as hole.
    """

    steps: Steps = 250
    guidance_scale: GuidanceScale = 1.0
    negative_prompt: NegativePrompt = ""
    jump: Annotated[int, Ge(1), Doc("Levels that a jump climbs.")] = 10
    resample: Annotated[int, Ge(1), Doc("How often each stretch is walked down.")] = 10

    def __call__(self, case: InverseCase) -> Plan:
        keep, state = case.known(), case.pure_noise()
        hole = to_latent(1.0 - keep, (state.z.shape[-2], state.z.shape[-1]), "cover").to(state.z)
        path = walk(case.visits(self.steps), self.jump, self.resample)
        guide = CFG(case.target, case.embed(self.negative_prompt), self.guidance_scale)
        solve = Solve((Anchor(hole, case.backprojection()),))
        return Plan((Leg("restore", state, path.steps, guide, solve, Harmonize(hole, Mix(_fresh_share(path.kept)))),))


def _fresh_share(kept: Sequence[float]) -> Callable[[Step], float]:
    return lambda step: math.sqrt(max(0.0, 1.0 - kept[step.index] ** 2))


def _noise_to_signal(level: tuple[float, float, float]) -> float:
    return level[2] / level[1] if level[1] > 0 else math.inf
