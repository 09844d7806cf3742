"""Posterior distillation sampling (Koo et al., CVPR 2024, 2311.13831), refining a drawing. Shares the loop: yes (a
difference of two branches, gradient steps on the drawing, fresh noise, random visits).

grad = u_tgt - u_src with u = (x_{t-1} - mu(x_t, eps_w)) / sigma_t, both branches noised alike at t and at t-1. Written
out, the noise at t-1 cancels: grad = psi(t) (z_tgt - z_src) + chi(t) (eps_tgt - eps_src). For a true DDPM step psi is 0
everywhere. The released code pairs the one-step beta_t with a level two steps away (its 500-step grid over a table of
1000), and the identity-preserving psi comes from that mismatch; it is kept on purpose, `stride=1` removes it (`pds`).
4 evaluations a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from ...core.errors import InputError
from ...core.schedule import TableSchedule
from ...core.state import State
from ...core.types import Condition, Prediction, Prior, Step
from ...generators.svg.drawing import Drawing
from ...operators import Measurement
from ...steering.optimize import unit
from ...steering.renoise import fresh
from ...tasks.canvas import Canvas, Course, Phase, entry, run_phases
from ...tasks.common import check_prompts, seeds_for
from ...tasks.pull import encoder
from ...tasks.sketch import Vectorized, check_scene, finished, regularizers
from ...tasks.vectorize.settings import VectorSettings
from ..common import check_number
from ..editing.distil import Difference, random_visits
from ..editing.pds import weights
from .common import canvas_of, leg, spent, stands_in
from .live import draw_layers, growth


def vector_pds(
    prior: Prior,
    measurement: Measurement,
    prompt: str = "",
    *,
    settings: VectorSettings | None = None,
    drawings: Sequence[Drawing] | None = None,
    seeds: Sequence[int] | None = None,
    course: Course | None = None,
    source_prompt: str = "",
    scale: float = 100.0,
    low: float = 0.1,
    high: float = 0.98,
    stride: int = 2,
    visit_seed: int = 0,
) -> Vectorized:
    """Trace the first guess A^+ y with LIVE, then refine the drawing towards the prompt.

    Args:
        settings: `fit` is the share of steps of the LIVE stage; `balance`, `start`, `fade`, `scale` are not used.
        drawings: refine these instead.
        source_prompt: what the traced drawing shows.
        scale: guidance of both branches; the released code has 100 for SVGs.
        low, high: t is uniform in this share of the schedule.
        stride: entries of the table between z_t and z_{t-1}: 2 as released.
        visit_seed: of the levels.
        prior, measurement, prompt, seeds, course: as `tasks.vectorize.vectorize`.

    Raises:
        InputError: an argument has the wrong shape or range, or a checkpoint belongs to another run.
    """
    check_prompts([prompt, source_prompt], "prompt")
    check_number("scale", scale)
    check_number("stride", stride, 1)
    check_scene(measurement)
    chosen, counted = settings or VectorSettings(), spent(prior)
    each = seeds_for(seeds, measurement.y.shape[0])
    traced = 0 if drawings is not None else max(1, round(chosen.fit * chosen.steps))
    steps, number = max(1, chosen.steps - traced), 0
    if drawings is not None:
        start = list(drawings)
    else:
        start = draw_layers(measurement.first_guess(), chosen, each, traced, course)
        number = len(growth(chosen.paths))
    conditions = Conditions(*(prior.embed([text]) for text in (prompt, source_prompt, "")))
    visits = random_visits(prior.schedule, steps, low, high, visit_seed)
    canvas = canvas_of(start, each, chosen, steps)
    refine(prior, canvas, conditions, visits, chosen, scale, stride, course, number)
    return finished(canvas, measurement, spent(prior) - counted)


class Conditions(NamedTuple):
    """What the drawing should show, what it showed at first, and the null prompt."""

    target: Condition
    source: Condition
    null: Condition


def refine(
    prior: Prior,
    canvas: Canvas,
    conditions: Conditions,
    visits: Sequence[Step],
    settings: VectorSettings,
    scale: float,
    stride: int,
    course: Course | None,
    number: int,
) -> None:
    """Run number `number` of several in a row: the drawing on the canvas leaves its present state by PDS."""
    encode = encoder(prior, canvas.generator.template.size)
    resume = stands_in(course, number)
    with torch.no_grad():
        # a checkpoint holds it: the canvas of a resumed run does not show its beginning any more
        source = encode(canvas.generator.render()) if resume is None else entry(resume, "source")
    if not isinstance(prior.schedule, TableSchedule):
        raise InputError("method='pds': defined on the table of a variance-preserving prior; this one is a flow")
    guide = PosteriorDifference(Difference(source, *conditions, (scale, scale)), prior.schedule, stride)
    phase = Phase("refine", visits, guide, fresh, encode, unit, regularizers(None, settings, canvas))
    run_phases(prior, canvas, [phase], leg(course, number, source=source))


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
