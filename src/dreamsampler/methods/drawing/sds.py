"""Measurement and SDS together (DreamFusion, Poole et al., 2209.14988). Shares the loop: yes (CFG, gradient steps on
the drawing, fresh noise, random visits).

DreamSampler's run with its ideas taken out: it starts from the outlines of A^+ y and not of a restoration, and the
levels are random and do not descend. The weight is DreamFusion's b_t^2 (eps_w - xi).
2 evaluations a step after the fit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...core.settings import settings
from ...core.types import Step
from ...steering.guidance import CFG
from ...steering.optimize import sds_weight
from ...steering.renoise import fresh
from ...steering.stages import Stage, Stages
from ...tasks.vectorize.drawing import DrawingProblem, Drawn, finished, fit_stage, losses_of, start_run
from ...tasks.vectorize.guidance_schedule import calibrate, encoder, guidance_schedule
from ..editing.distil import random_visits
from .options import GuidanceScale, High, Low, VisitSeed, variance
from .vectorfusion import check_interval


@settings
class SDS:
    """Draw a measurement with score distillation as the prior.

    Of the task's settings `fit` and `prior_weight` are DreamSampler's, so that only the sampling differs; `denoise`
    and `final_weight` are not used.
    """

    guidance_scale: GuidanceScale = 100.0
    low: Low = 0.02
    high: High = 0.98
    visit_seed: VisitSeed = 0

    def __post_init__(self) -> None:
        check_interval(self.low, self.high)

    def __call__(self, problem: DrawingProblem) -> Stages[Drawn]:
        """Yield the fit and the distillation."""
        prior, settings = problem.prior, problem.settings
        run = start_run(problem)
        fitted = round(settings.fit * settings.steps)
        if fitted:
            yield fit_stage(problem, run, fitted)
        if prior is None or fitted == settings.steps:
            return finished(run)
        visits = random_visits(prior.schedule, settings.steps - fitted, self.low, self.high, self.visit_seed)
        encode, losses = encoder(prior, problem.size), losses_of(problem, run)
        guide = CFG(prior.embed([problem.prompt]), prior.embed([""]), self.guidance_scale)
        middle = guidance_schedule(prior, 2, 1.0, problem.size)[1]
        gain = partial(calibrate, prior, run.optimization, guide, encode, losses[0], middle)
        weight = relative_weight(middle, settings.prior_weight)
        yield Stage("distil", run.optimization, visits, losses, guide, fresh, encode, weight, gain)
        return finished(run)


def relative_weight(middle: Step, prior_weight: float) -> Callable[[Step], float]:
    """Return the SDS weight, `prior_weight` at the level of the calibration."""
    weight = sds_weight(variance)
    return lambda step: prior_weight * weight(step) / weight(middle)
