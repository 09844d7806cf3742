"""Posterior distillation sampling (Koo et al., CVPR 2024, 2311.13831), refining a drawing. Shares the loop: yes (a
difference of two branches, gradient steps on the drawing, fresh noise, random visits).

grad = u_tgt - u_src with u = (x_{t-1} - mu(x_t, eps_w)) / sigma_t, both branches noised alike at t and at t-1. Written
out, the noise at t-1 cancels: grad = psi(t) (z_tgt - z_src) + chi(t) (eps_tgt - eps_src). For a true DDPM step psi is 0
everywhere. The released code pairs the one-step beta_t with a level two steps away (its 500-step grid over a table of
1000), and the identity-preserving psi comes from that mismatch; it is kept on purpose, `grid=1000` removes it.
4 evaluations a step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ..core.state import State
from ..core.types import Condition, Prediction, Prior, Schedule, Step
from ..generators.svg.drawing import Drawing
from ..operators import Measurement
from ..steering.descend import unit
from ..steering.guidance import mix
from ..steering.renoise import fresh
from ..tasks.canvas import Canvas, Course, Phase, entry, run_phases
from ..tasks.common import check_prompts, seeds_for
from ..tasks.pull import encoder
from ..tasks.sketch import Vectorized, VectorSettings, check_scene, finished, regularisers
from .common import check_number
from .distil import random_visits
from .vector_common import canvas_of, leg, spent, stands_in
from .vector_live import draw_layers, growth


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
    grid: int = 500,
    visit_seed: int = 0,
) -> Vectorized:
    """Trace the first guess A^+ y with LIVE, then refine the drawing towards the prompt.

    Args:
        settings: `fit` is the share of steps of the LIVE stage; `balance`, `start`, `fade`, `scale` are not used.
        drawings: refine these instead.
        source_prompt: what the traced drawing shows.
        scale: guidance of both branches; the released code has 100 for SVGs.
        low, high: t is uniform in this share of the schedule.
        grid: levels of the grid whose stride the released code mixes up with single steps.
        visit_seed: of the levels.
        prior, measurement, prompt, seeds, course: as `tasks.vectorize.vectorize`.

    Raises:
        InputError: an argument has the wrong shape or range, or a checkpoint belongs to another run.
    """
    check_prompts([prompt, source_prompt], "prompt")
    check_number("scale", scale)
    check_number("grid", grid, 1, int(getattr(prior.schedule, "length", 1000)))
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
    refine(prior, canvas, conditions, visits, chosen, scale, grid, course, number)
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
    grid: int,
    course: Course | None,
    number: int,
) -> None:
    """Run number `number` of several in a row: the drawing on the canvas leaves its present state by PDS."""
    encode = encoder(prior, canvas.generator.template.size)
    resume = stands_in(course, number)
    with torch.no_grad():
        # a checkpoint holds it: the canvas of a resumed run does not show its beginning any more
        source = encode(canvas.generator.render()) if resume is None else entry(resume, "source")
    guide = PosteriorDifference(source, conditions, scale, prior.schedule, grid)
    phase = Phase("refine", visits, guide, fresh, encode, unit, regularisers(None, settings, canvas))
    run_phases(prior, canvas, [phase], leg(course, number, source=source))


@dataclass(frozen=True)
class PosteriorDifference:
    """z_tgt - grad as the estimate, so that a step on |z - estimate|^2 / 2 follows the PDS gradient.

    Attributes:
        source: z_src, latents of the pictures before.
        scale: guidance of both branches.
        grid: see `pds_weights`.
    """

    source: Tensor
    conditions: Conditions
    scale: float
    schedule: Schedule
    grid: int = 500

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        twin = state.z - step.a * (state.z0 - self.source)
        target, source, null = self.conditions
        if self.scale == 1.0:
            ours, theirs = (pred.eps for pred in prior.predict([state.z, twin], step, [target, source]))
        else:
            zs, conds = [state.z, twin, state.z, twin], [target, source, null, null]
            ours, theirs, none, nones = (pred.eps for pred in prior.predict(zs, step, conds))
            ours, theirs = mix(none, ours, self.scale), mix(nones, theirs, self.scale)
        psi, chi = pds_weights(self.schedule, step.t, self.grid)
        gradient = psi * (state.z0 - self.source) + chi * (ours - theirs)
        return Prediction(state.z0 - gradient, ours)


def pds_weights(schedule: Schedule, t: float, grid: int = 500) -> tuple[float, float]:
    """psi and chi at time t: the weights of z_tgt - z_src and of eps_tgt - eps_src.

    With one-step alpha_t, beta_t, and abar_p at t - length / grid: c0 = sqrt(abar_p) beta_t / (1 - abar_t),
    c1 = sqrt(alpha_t) (1 - abar_p) / (1 - abar_t), sigma_t^2 = beta_t (1 - abar_p) / (1 - abar_t),
    psi sigma_t = sqrt(abar_p) - c0 - c1 sqrt(abar_t), chi sigma_t = c0 sqrt(1 - abar_t) / sqrt(abar_t).
    """

    def abar(time: float) -> float:
        a, b = schedule.ab(max(time, 0.0))
        return a * a / (a * a + b * b)

    here, before = abar(t), abar(t - round(int(getattr(schedule, "length", 1000)) / grid))
    alpha = here / abar(t - 1)
    beta = max(1.0 - alpha, 1e-12)
    c0 = math.sqrt(before) * beta / (1.0 - here)
    c1 = math.sqrt(alpha) * (1.0 - before) / (1.0 - here)
    sigma = math.sqrt(beta * (1.0 - before) / (1.0 - here))
    psi = math.sqrt(before) - c0 - c1 * math.sqrt(here)
    return psi / sigma, c0 * math.sqrt((1.0 - here) / here) / sigma
