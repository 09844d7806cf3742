"""VectorFusion (Jain, Xie, Abbeel, CVPR 2023, 2211.11319; no official code). Shares the loop: yes (CFG, gradient steps
on the drawing, fresh noise, random visits, an encoder behind a random view).

As published: a raster picture is traced with LIVE (here the first guess A^+ y), or circles are thrown at random; then
score distillation alone, through augmented views, with dead paths started anew. No measurement takes part in it.
2 evaluations a step of the second stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.settings import Doc, settings
from ...core.types import Prior
from ...generators.svg.crossing import WEIGHT
from ...generators.svg.drawing import Drawing
from ...generators.svg.initialize import random_circles
from ...steering.guidance import CFG
from ...steering.optimize import sds_weight
from ...steering.renoise import fresh
from ...steering.stages import Optimization, Stage, Stages
from ...tasks.vectorize.drawing import DrawingProblem, DrawingRun, Drawn, finished, outline_losses, run_of
from ...tasks.vectorize.guidance_schedule import encoder
from ..editing.distil import random_visits
from .live import start_and_steps
from .options import CrossingWeight, GuidanceScale, High, Low, VisitSeed, variance
from .views import perspective_crop


@settings
class VectorFusion:
    """Text-to-SVG from a picture of it.

    Of the task's settings `fit` is the share of steps of the LIVE stage; `prior_weight`, `denoise`, `final_weight` and
    `guidance_scale` are not used.
    """

    begin: Annotated[
        Literal["live", "random"], Doc("LIVE on the first guess, or random circles with all steps for distillation.")
    ] = "live"
    guidance_scale: GuidanceScale = 100.0
    low: Low = 0.05
    high: High = 0.95
    crossing_weight: CrossingWeight = WEIGHT
    visit_seed: VisitSeed = 0

    def __post_init__(self) -> None:
        check_interval(self.low, self.high)

    def __call__(self, problem: DrawingProblem) -> Stages[Drawn]:
        """Yield LIVE's stages and the distillation."""
        chosen, prior = problem.settings, needed(problem)
        start: Sequence[Drawing]
        if self.begin == "random" and problem.drawings is None:
            rngs = [torch.Generator("cpu").manual_seed(int(seed)) for seed in problem.seeds]
            start = [random_circles(chosen.paths, problem.size, rng, segments=chosen.segments) for rng in rngs]
            steps = chosen.steps
        else:
            start, steps = yield from start_and_steps(problem, self.crossing_weight)
        run = run_of(start, problem.seeds, chosen, steps)
        yield self.stage(prior, problem, run, steps)
        return finished(run)

    def stage(self, prior: Prior, problem: DrawingProblem, run: DrawingRun, steps: int) -> Stage:
        """Return score distillation through augmented views: grad = w(t) (eps_w(z_t) - xi), w = b_t^2, by their z."""
        visits = random_visits(prior.schedule, steps, self.low, self.high, self.visit_seed)
        guide = CFG(prior.embed([problem.prompt]), prior.embed([""]), self.guidance_scale)
        encode = augmented(run.optimization, encoder(prior, problem.size))
        losses = outline_losses(self.crossing_weight, run)
        return Stage("distil", run.optimization, visits, losses, guide, fresh, encode, sds_weight(variance))


def augmented(run: Optimization[Any], encode: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return the encoder behind a view that changes with every gradient step; a resumed run draws the same ones."""

    def encode_view(image: Tensor) -> Tensor:
        seeds = [(int(seed) * 1_000_003 + run.taken) % 2**63 for seed in run.seeds]
        return encode(perspective_crop(image, seeds))

    return encode_view


def needed(problem: DrawingProblem) -> Prior:
    """Return the problem's prior.

    Raises:
        InputError: there is none.
    """
    if problem.prior is None:
        raise InputError("model: this method needs one; data, live and trace need none")
    return problem.prior


def check_interval(low: float, high: float) -> None:
    """Raise `InputError` unless low <= high."""
    if low > high:
        raise InputError(f"low={low}, high={high}: expected 0 <= low <= high <= 1, shares of the schedule")
