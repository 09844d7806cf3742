"""Measurement and SDS together (DreamFusion, Poole et al., 2209.14988). Shares the loop: yes (CFG, gradient steps on
the drawing, fresh noise, random visits).

DreamSampler's run with its ideas taken out: it starts from the outlines of A^+ y and not of a restoration, and the
levels are random and do not descend. The weight is DreamFusion's b_t^2 (eps_w - xi).
2 evaluations a step after the fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ...core.types import Prior, Step
from ...generators.svg.drawing import Drawing
from ...operators import Measurement
from ...steering.guidance import CFG
from ...steering.optimize import sds_weight
from ...steering.renoise import fresh
from ...tasks.canvas import Course, Phase, run_phases
from ...tasks.common import check_prompts
from ...tasks.pull import calibrate, encoder, prior_visits
from ...tasks.sketch import Vectorized, finished, fit_phase, make_canvas, regularizers
from ...tasks.vectorize.settings import VectorSettings
from ..common import check_number
from ..editing.distil import random_visits
from .common import spent, variance


def vector_sds(
    prior: Prior,
    measurement: Measurement,
    prompt: str = "",
    *,
    settings: VectorSettings | None = None,
    drawings: Sequence[Drawing] | None = None,
    seeds: Sequence[int] | None = None,
    course: Course | None = None,
    scale: float = 100.0,
    low: float = 0.02,
    high: float = 0.98,
    visit_seed: int = 0,
) -> Vectorized:
    """Draw a measurement with score distillation as the prior.

    Args:
        settings: `fit` and `balance` as DreamSampler's, so that only the sampling differs; `start`, `fade` and `scale`
            are not used.
        scale: guidance; 100 in DreamFusion.
        low, high: t is uniform in this share of the schedule.
        visit_seed: of the levels.
        prior, measurement, prompt, drawings, seeds, course: as `tasks.vectorize.vectorize`.

    Raises:
        InputError: an argument has the wrong shape or range, or a checkpoint belongs to another run.
    """
    check_prompts([prompt], "prompt")
    check_number("scale", scale)
    chosen, counted = settings or VectorSettings(), spent(prior)
    canvas = make_canvas(measurement, chosen, drawings, seeds)
    fitted = round(chosen.fit * chosen.steps)
    phases = [fit_phase(measurement, chosen, canvas, fitted)] if fitted else []
    if fitted < chosen.steps:
        visits = random_visits(prior.schedule, chosen.steps - fitted, low, high, visit_seed)
        encode = encoder(prior, (measurement.scene[1], measurement.scene[2]))
        guide = CFG(prior.embed([prompt]), prior.embed([""]), scale)
        terms = regularizers(measurement, chosen, canvas)
        middle = prior_visits(prior, 2, 1.0)[1]
        weight = relative(middle, chosen.prior_weight)
        gain = partial(calibrate, prior, canvas, guide, encode, terms[0], middle)
        phases.append(Phase("distil", visits, guide, fresh, encode, weight, terms, gain))
    run_phases(prior, canvas, phases, course)
    return finished(canvas, measurement, spent(prior) - counted)


def relative(middle: Step, balance: float) -> Callable[[Step], float]:
    """The SDS weight, `balance` at the level of the calibration."""
    weight = sds_weight(variance)
    return lambda step: balance * weight(step) / weight(middle)
