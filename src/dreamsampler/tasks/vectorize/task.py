"""Clean drawings out of degraded pictures: eq. 21 of DreamSampler, an SVG as generator inside Algorithm 2.

First the picture is restored in pixels (`tasks.restore`, Algorithm 2 with the latent as generator). Two drawings are
fitted to the measurement and, as far as the measurement leaves it open, to that picture: one from the outlines of its
patches of color, one from those of the first guess A^+ y. The one with the lower loss, its paths' penalties included,
goes down the diffusion path, pulled towards the prior's estimate and held by both:
min |E(g(psi)) - z0_hat|^2 + lambda |y - A g(psi)|^2 + simple outlines. g(psi) is encoded anew at each step. With
eta = 0 the null prompt's noise is carried from step to step, as the paper has it; the default puts fresh noise back,
which restores better (see `VectorSettings`).

All the way no step may make an outline cross itself (`generators.svg.tangles`), edges cost
(`steering.drawing_losses.TotalVariation`), and paths that do not pay are removed and start anew where the picture is
wrong (`generators.svg.prune`).

With N steps and a share f for the fits: 2 (1 - f) N evaluations of the network and 2 to calibrate, and (1 - f) N
encodings forward and backward; the fits cost none. The restoration costs those of `tasks.restore`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ...core.types import Prior
from ...generators.svg.drawing import Drawing
from ...operators import Measurement
from ...priors.base import whole
from ...steering.control import RunControl
from ...steering.guidance import CFG
from ...steering.renoise import Mix
from ...steering.stages import Stage, Stages, optimize
from ..common import RunStats, check_prompts, evaluations, seeds_for
from .drawing import DrawingProblem, Drawn, finished, fit_stage, losses_of, start_run
from .estimate import restored, worth_restoring
from .guidance_schedule import calibrate, encoder, falling_weight, guidance_schedule
from .multi_start import fit_candidate, keep_better
from .settings import VectorSettings

DrawingMethod = Callable[[DrawingProblem], Stages[Drawn]]
"""Gives the stages of a problem, and in the end the drawings."""


@dataclass(frozen=True)
class Vectorized:
    """Drawings, one an item, how far each is from its measurement (root mean square), and the receipt."""

    drawings: tuple[Drawing, ...]
    misfit: tuple[float, ...]
    receipt: RunStats


def vectorize(
    prior: Prior | None,
    measurement: Measurement,
    prompt: str = "",
    *,
    settings: VectorSettings | None = None,
    drawings: Sequence[Drawing] | None = None,
    seeds: Sequence[int] | None = None,
    control: RunControl | None = None,
    method: DrawingMethod | None = None,
) -> Vectorized:
    """Draw what was measured.

    Args:
        prior: see `dreamsampler.load`; None (or `prior_weight` 0) fits the measurement alone.
        measurement: y, A and the noise; the scene's size is the canvas.
        prompt: what the picture shows.
        settings: numbers; the defaults suit icons.
        drawings: start from these, one an item and of one structure, instead of `settings.init`.
        seeds: one an item; 0, 1, 2, ... by default.
        control: progress, cancellation and checkpoints; a killed run goes on to the same bytes.
        method: by default DreamSampler's; `methods.drawing` has others.

    Raises:
        InputError: an argument has the wrong shape or range, or a checkpoint belongs to another run.

    Example: docs/svg.md.
    """
    check_prompts([prompt], "prompt")
    prior = None if prior is None else whole(prior)
    chosen = seeds_for(seeds, measurement.y.shape[0])
    problem = DrawingProblem(
        measurement, prior, prompt, settings or VectorSettings(), chosen, drawings, control or RunControl()
    )
    counted = 0 if prior is None else evaluations(prior)
    drawn: Drawn = optimize(prior, (method or dreamsampler_stages)(problem), problem.control)
    spent = (0 if prior is None else evaluations(prior)) - counted
    with torch.no_grad():
        misfit = measurement.misfit(torch.cat([2 * drawing.render() - 1 for drawing in drawn.drawings]))
    return Vectorized(tuple(drawn.drawings), tuple(misfit), RunStats(spent, drawn.notes))


def dreamsampler_stages(problem: DrawingProblem) -> Stages[Drawn]:
    """Yield DreamSampler's stages: a fit of the first guess, a fit of the restoration, the way down the path."""
    prior, settings = problem.prior, problem.settings
    alone = prior is None or settings.prior_weight == 0
    fitted = settings.steps if alone else round(settings.fit * settings.steps)
    picture = _picture(problem)
    candidate = None
    if picture is not None and fitted and problem.drawings is None and settings.init == "components":
        candidate = yield from fit_candidate(problem, picture, fitted)
    run = start_run(problem, picture)
    if fitted:
        yield fit_stage(problem, run, fitted, picture)
    if picture is not None and candidate is not None:
        keep_better(problem, run, candidate, picture)
    if prior is None or alone or fitted == settings.steps:
        return finished(run)
    visits = guidance_schedule(prior, settings.steps - fitted, settings.denoise, problem.size)
    encode = encoder(prior, problem.size)
    guide = CFG(prior.embed([problem.prompt]), prior.embed([""]), settings.guidance_scale, renoise="uncond")
    losses = losses_of(problem, run, picture)
    yield Stage(
        "draw", run.optimization, visits, losses, guide, Mix(settings.eta), encode,
        falling_weight(visits, settings.prior_weight, settings.final_weight),
        partial(calibrate, prior, run.optimization, guide, encode, losses[0], visits[len(visits) // 2]),
    )  # fmt: skip
    return finished(run)


def _picture(problem: DrawingProblem) -> Tensor | None:
    """Return the restoration to draw from, if there is to be one; a resumed run has it already."""
    prior, settings = problem.prior, problem.settings
    if prior is None or settings.prior_weight == 0 or not settings.restore_steps:
        return None
    if not worth_restoring(prior, problem.measurement):
        return None
    measurement, steps = problem.measurement, settings.restore_steps
    return problem.control.once(
        "picture", lambda: restored(prior, measurement, problem.prompt, steps, problem.seeds, problem.control)
    )
