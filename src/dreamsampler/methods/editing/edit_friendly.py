"""Edit-friendly DDPM inversion (Huberman-Spiegelglas et al., 2304.06140). Shares the loop: yes (CFG, plain solve,
recorded or replayed noise, descending steps).

Draw z_t = a z_src + b xi_t with an independent xi_t at every level, read off the noise that an ancestral sampler would
have had to add between neighbors, and add the same noise under another prompt. An ancestral step puts back
sqrt(1 - k^2) eps + k xi with k^2 = 1 - (s' / s)^2, s = b / a.

What is decoded is the last step's clean estimate, so the last noise map (published: 0) never matters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.settings import settings
from ...core.state import State
from ...core.types import Prediction, Step
from ...steering.guidance import CFG
from ...steering.renoise import ancestral
from ...tasks.cases import EditCase
from ...tasks.options import Denoise, GuidanceScale, Steps
from ...tasks.plan import Leg, Plan, from_the_top

_MAP = "noise map "


@dataclass(frozen=True)
class Record:
    """Lead the run along given latents and keep the noise map that each step would have needed, in `State.learned`.

    Args:
        path: the latent after each step, by the step's index.
    """

    path: Sequence[Tensor]

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        k = ancestral(step)
        if step.b_next == 0.0 or k == 0.0:  # nothing is put back, so nothing can be read off
            state.learned.put(f"{_MAP}{step.index}", torch.zeros_like(z0))
            return pred.eps
        eps = (self.path[step.index] - step.a_next * z0) / step.b_next
        state.learned.put(f"{_MAP}{step.index}", (eps - math.sqrt(1.0 - k * k) * pred.eps) / k)
        return eps


def replay(pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
    """sqrt(1 - k^2) eps + k xi_t with the recorded maps xi_t."""
    k, noise_map = ancestral(step), state.learned.get(f"{_MAP}{step.index}")
    if noise_map is None:
        raise InputError(f"saved state: lacks the noise map of step {step.index}; it is of another run")
    return math.sqrt(1.0 - k * k) * pred.eps + k * noise_map.to(pred.eps)


def independent_path(case: EditCase, steps: Sequence[Step]) -> list[Tensor]:
    """Return the pictures at every level, each with noise of its own: at the first step's, then after each step."""
    levels = [(steps[0].a, steps[0].b), *((s.a_next, s.b_next) for s in steps[:-1])]
    return [*(a * case.z + b * case.noise.normal(case.z) for a, b in levels), case.z]


@settings
class EditFriendly:
    """Replay the noise maps of the given pictures under another prompt. 4 evaluations a step taken, 3 where a scale
    is 1.

    Published: the upper 36 of 100 steps are skipped. Maps above the first level would never be used and are not
    extracted, which the released code does.
    """

    steps: Steps = 100
    guidance_scale: GuidanceScale = 15.0
    source_guidance_scale: GuidanceScale = 3.5
    denoise: Denoise = 0.64

    def __call__(self, case: EditCase) -> Plan:
        visits = case.visits(self.steps, self.denoise)
        first, *path = independent_path(case, visits)
        top = from_the_top(case.z)(State.start(first, case.noise))
        extract = CFG(case.source, case.null, self.source_guidance_scale)
        guide = CFG(case.target, case.null, self.guidance_scale)
        record = Leg("invert", top, visits, extract, renoise=Record(path))

        def again(up: State) -> State:
            return replace(top, noise=up.noise, learned=up.learned)

        return Plan((record, Leg("edit", again, visits, guide, renoise=replay)))
