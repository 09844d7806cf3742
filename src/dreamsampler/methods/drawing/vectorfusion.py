"""VectorFusion (Jain, Xie, Abbeel, CVPR 2023, 2211.11319; no official code). Shares the loop: yes (CFG, gradient steps
on the drawing, fresh noise, random visits, an encoder behind a random view).

As published: a raster picture is traced with LIVE (here the first guess A^+ y), or circles are thrown at random; then
score distillation alone, through augmented views, with dead paths started anew. No measurement takes part in it.
2 evaluations a step of the second stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.types import Prior
from ...generators.svg.drawing import Drawing
from ...generators.svg.initialize import random_circles
from ...operators import Measurement
from ...steering.guidance import CFG
from ...steering.optimize import sds_weight
from ...steering.renoise import fresh
from ...tasks.canvas import Canvas, Course, Phase, run_phases
from ...tasks.common import check_prompts, seeds_for
from ...tasks.pull import encoder
from ...tasks.sketch import Vectorized, check_scene, finished, regularizers
from ...tasks.vectorize.settings import VectorSettings
from ..common import check_number
from ..editing.distil import random_visits
from .common import canvas_of, leg, spent, variance
from .live import draw_layers, growth
from .views import perspective_crop


def vector_vectorfusion(
    prior: Prior,
    measurement: Measurement,
    prompt: str = "",
    *,
    settings: VectorSettings | None = None,
    drawings: Sequence[Drawing] | None = None,
    seeds: Sequence[int] | None = None,
    course: Course | None = None,
    begin: str = "live",
    scale: float = 100.0,
    low: float = 0.05,
    high: float = 0.95,
    visit_seed: int = 0,
) -> Vectorized:
    """Text-to-SVG from a picture of it.

    Args:
        settings: `fit` is the share of steps of the LIVE stage; `balance`, `start`, `fade`, `scale` are not used.
        drawings: start the second stage from these.
        begin: "live", or "random" circles, with all steps for the second stage.
        scale: guidance, 100 as published.
        low, high: t is uniform in this share of the schedule.
        visit_seed: of the levels.
        prior, measurement, prompt, seeds, course: as `tasks.vectorize.vectorize`.

    Raises:
        InputError: an argument has the wrong shape or range, or a checkpoint belongs to another run.
    """
    check_prompts([prompt], "prompt")
    check_number("scale", scale)
    check_scene(measurement)
    if begin not in ("live", "random"):
        raise InputError(f"begin={begin!r}: expected 'live' or 'random'")
    chosen, counted = settings or VectorSettings(), spent(prior)
    each = seeds_for(seeds, measurement.y.shape[0])
    size = (measurement.scene[1], measurement.scene[2])
    steps, number = chosen.steps, 0
    if drawings is not None:
        start = list(drawings)
    elif begin == "random":
        rngs = [torch.Generator("cpu").manual_seed(int(seed)) for seed in each]
        start = [random_circles(chosen.paths, size, rng, segments=chosen.segments) for rng in rngs]
    else:
        traced = max(1, round(chosen.fit * steps))
        start = draw_layers(measurement.first_guess(), chosen, each, traced, course)
        steps, number = max(1, steps - traced), len(growth(chosen.paths))
    canvas = canvas_of(start, each, chosen, steps)
    phase = fusion_phase(prior, canvas, prompt, chosen, steps, scale, low, high, visit_seed)
    run_phases(prior, canvas, [phase], leg(course, number))
    return finished(canvas, measurement, spent(prior) - counted)


def fusion_phase(
    prior: Prior,
    canvas: Canvas,
    prompt: str,
    settings: VectorSettings,
    steps: int,
    scale: float = 100.0,
    low: float = 0.05,
    high: float = 0.95,
    visit_seed: int = 0,
) -> Phase:
    """Score distillation through augmented views: grad = w(t) (eps_w(z_t) - xi), w = b_t^2, by z of the view."""
    visits = random_visits(prior.schedule, steps, low, high, visit_seed)
    guide = CFG(prior.embed([prompt]), prior.embed([""]), scale)
    encode = augmented(canvas, encoder(prior, canvas.generator.template.size))
    return Phase(
        "distil", visits, guide, fresh, encode, sds_weight(variance), regularizers(None, settings, canvas), None
    )


def augmented(canvas: Canvas, encode: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The encoder behind a view that changes with every gradient step; a resumed run draws the same ones."""

    def look(image: Tensor) -> Tensor:
        seeds = [(int(seed) * 1_000_003 + canvas.taken) % 2**63 for seed in canvas.seeds]
        return encode(perspective_crop(image, seeds))

    return look
