"""Posterior distillation sampling (Koo et al., CVPR 2024, 2311.13831), refining a drawing. Shares the loop: yes (a
difference of two branches, gradient steps on the drawing, fresh noise, random visits).

grad = u_tgt - u_src with u = (x_{t-1} - mu(x_t, eps_w)) / sigma_t, both branches noised alike at t and at t-1. Written
out, the noise at t-1 cancels: grad = psi(t) (z_tgt - z_src) + chi(t) (eps_tgt - eps_src). For a true DDPM step psi is 0
everywhere. The released code pairs the one-step beta_t with a level two steps away (its 500-step grid over a table of
1000), and the identity-preserving psi comes from that mismatch; it is kept on purpose, `stride=1` removes it (`pds`).
4 evaluations a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.schedule import TableSchedule
from ...core.settings import Doc, Ge, Le, settings
from ...core.state import State
from ...core.types import Prediction, Prior, Step
from ...generators.svg.crossing import WEIGHT
from ...steering.renoise import fresh
from ...steering.stages import Stage, Stages
from ...tasks.vectorize.drawing import DrawingProblem, DrawingRun, Drawn, finished, outline_losses, run_of
from ...tasks.vectorize.guidance_schedule import encoder
from ..editing.distil import Difference, random_visits
from ..editing.pds import weights
from .live import start_and_steps
from .options import CrossingWeight, GuidanceScale, High, Low, SourcePrompt, VisitSeed
from .vectorfusion import check_interval, needed


@settings
class PDS:
    """Trace the first guess A^+ y with LIVE, then refine the drawing towards the prompt.

    Of the task's settings `fit` is the share of steps of the LIVE stage; `prior_weight`, `denoise`, `final_weight` and
    `guidance_scale` are not used. Given drawings are refined instead.
    """

    source_prompt: SourcePrompt = ""
    guidance_scale: GuidanceScale = 100.0
    low: Low = 0.1
    high: High = 0.98
    stride: Annotated[
        int, Ge(1), Le(1000), Doc("Entries of the table between z_t and z_{t-1}: 2 as released, 1 for a true step.")
    ] = 2
    crossing_weight: CrossingWeight = WEIGHT
    visit_seed: VisitSeed = 0

    def __post_init__(self) -> None:
        check_interval(self.low, self.high)

    def __call__(self, problem: DrawingProblem) -> Stages[Drawn]:
        """Yield LIVE's stages and the refinement."""
        prior = needed(problem)
        _table(prior)
        start, steps = yield from start_and_steps(problem, self.crossing_weight)
        run = run_of(start, problem.seeds, problem.settings, steps)
        yield self.stage(prior, problem, run, steps)
        return finished(run)

    def stage(self, prior: Prior, problem: DrawingProblem, run: DrawingRun, steps: int) -> Stage:
        """Return the stage in which the drawing leaves its present state by PDS."""
        encode, schedule = encoder(prior, problem.size), _table(prior)

        def encoded() -> Tensor:
            with torch.no_grad():
                return encode(run.generator.render().image)

        # a checkpoint holds it: the drawing of a resumed run does not show its beginning any more
        source = problem.control.once("source", encoded)
        target, origin, null = (prior.embed([text]) for text in (problem.prompt, self.source_prompt, ""))
        scales = (self.guidance_scale, self.guidance_scale)
        difference = Difference(source, target, origin, null, scales)
        guide = PosteriorDifference(difference, schedule, self.stride)
        visits = random_visits(schedule, steps, self.low, self.high, self.visit_seed)
        return Stage(
            "refine", run.optimization, visits, outline_losses(self.crossing_weight, run), guide, fresh, encode
        )


def _table(prior: Prior) -> TableSchedule:
    if not isinstance(prior.schedule, TableSchedule):
        raise InputError("method='pds': defined on the table of a variance-preserving prior; this one is a flow")
    return prior.schedule


@dataclass(frozen=True)
class PosteriorDifference:
    """z_tgt - grad as the estimate, so that a step on |z - estimate|^2 / 2 follows the PDS gradient.

    Attributes:
        difference: both branches, noised alike.
        stride: see `pds.weights`.
    """

    difference: Difference
    schedule: TableSchedule
    stride: int = 2

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        pred = self.difference(prior, state, step)
        # the difference hands over psi - (b / a) (eps_tgt - eps_src)
        noise = step.a / step.b * (state.z0 - pred.z0)
        identity, change = weights(self.schedule, step.t, self.stride)
        gradient = identity * (state.z0 - self.difference.source) + change * noise
        return Prediction(state.z0 - gradient, pred.eps)
