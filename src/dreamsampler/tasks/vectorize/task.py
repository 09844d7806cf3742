"""Clean drawings out of degraded pictures: eq. 21 of DreamSampler, an SVG as generator inside Algorithm 2.

First the picture is restored in pixels (`tasks.restore`, Algorithm 2 with the latent as generator). Two drawings are
fitted to the measurement and, as far as the measurement leaves it open, to that picture: one from the outlines of its
patches of color, one from those of the first guess A^+ y. The one with the lower loss, counting what its paths cost,
goes down the diffusion path, pulled towards what the prior sees in it and held by both:
min |E(g(psi)) - z0_hat|^2 + lambda |y - A g(psi)|^2 + simple outlines. g(psi) is encoded anew at each step. With
eta = 0 the null prompt's noise is carried from step to step, as the paper has it; the default puts fresh noise back,
which restores better (see `VectorSettings.eta`).

All the way no step may make an outline cross itself (`generators.svg.guard`), edges cost (`terms.drawing.Flatness`),
and paths that do not pay are laid aside and start anew where the picture is wrong (`generators.svg.growth`).

With N steps and a share f for the fits: 2 (1 - f) N evaluations of the network and 2 to calibrate, and (1 - f) N
encodings forward and backward; the fits cost none. The restoration costs those of `tasks.restore`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from torch import Tensor

from ...core.types import Prior
from ...generators.svg.drawing import Drawing
from ...operators import Measurement
from ...steering.guidance import CFG
from ...steering.renoise import Mix
from ..canvas import Canvas, Course, Phase, entry, run_phases
from ..common import check_prompts, evaluations, seeds_for
from ..estimate import restored, worth_restoring
from ..pull import calibrate, encoder, faded, prior_visits
from ..rival import Rival, rival_fit, with_estimates
from ..sketch import Vectorized, check_scene, finished, fit_phase, make_canvas, regularizers
from .settings import VectorSettings


def vectorize(
    prior: Prior | None,
    measurement: Measurement,
    prompt: str = "",
    *,
    settings: VectorSettings | None = None,
    drawings: Sequence[Drawing] | None = None,
    seeds: Sequence[int] | None = None,
    course: Course | None = None,
) -> Vectorized:
    """Draw what was measured.

    Args:
        prior: see `dreamsampler.load`; None (or balance 0) fits the measurement alone.
        measurement: y, A and the noise; the scene's size is the canvas.
        prompt: what the picture shows.
        settings: numbers; the defaults suit icons.
        drawings: start from these, one an item and of one structure, instead of `settings.init`.
        seeds: one an item; 0, 1, 2, ... by default.
        course: progress and checkpoints; a killed run goes on to the same bytes.

    Raises:
        InputError: an argument has the wrong shape or range, or a checkpoint belongs to another run.

    Example: docs/svg.md.
    """
    check_prompts([prompt], "prompt")
    chosen = settings or VectorSettings()
    counted = 0 if prior is None else evaluations(prior)
    check_scene(measurement)
    picture = _picture(prior, measurement, prompt, chosen, seeds, course)
    rival = None
    if picture is not None:
        if drawings is None and chosen.init == "components":
            rival = rival_fit(measurement, chosen, picture, seeds, fitting(chosen), course)
        course = with_estimates(course, picture, rival)
    canvas = make_canvas(measurement, chosen, drawings, seeds, picture)
    phases = _phases(prior, measurement, prompt, chosen, canvas, picture, rival, course)
    run_phases(prior, canvas, phases, course)
    return finished(canvas, measurement, (0 if prior is None else evaluations(prior)) - counted)


def _picture(
    prior: Prior | None,
    measurement: Measurement,
    prompt: str,
    settings: VectorSettings,
    seeds: Sequence[int] | None,
    course: Course | None,
) -> Tensor | None:
    """The restoration to draw from, if there is to be one; a resumed run has it already."""
    if (
        prior is None
        or settings.prior_weight == 0
        or not settings.restore_steps
        or not worth_restoring(prior, measurement)
    ):
        return None
    if course is not None and course.resume is not None:
        return entry(course.resume, "picture")
    each = seeds_for(seeds, measurement.y.shape[0])
    tell = None if course is None else course.on_progress
    return restored(prior, measurement, prompt, settings.restore_steps, each, tell)


def fitting(settings: VectorSettings) -> int:
    """Steps of the fit where a prior takes part."""
    return round(settings.fit * settings.steps)


def _phases(
    prior: Prior | None,
    measurement: Measurement,
    prompt: str,
    settings: VectorSettings,
    canvas: Canvas,
    picture: Tensor | None,
    rival: Rival | None,
    course: Course | None,
) -> Iterator[Phase]:
    alone = prior is None or settings.prior_weight == 0
    fitted = settings.steps if alone else fitting(settings)
    if fitted:
        yield fit_phase(measurement, settings, canvas, fitted, picture)
    resume = None if course is None else course.resume
    # a run that is resumed further on has the better drawing on its canvas
    if picture is not None and rival is not None and (resume is None or int(entry(resume, "phase")) == 0):
        rival.replace_worse(canvas, measurement, settings, picture)
    if prior is None or alone or fitted == settings.steps:
        return
    visits = prior_visits(prior, settings.steps - fitted, settings.denoise)
    encode = encoder(prior, (measurement.scene[1], measurement.scene[2]))
    guide = CFG(prior.embed([prompt]), prior.embed([""]), settings.guidance_scale, carry="null")
    terms = regularizers(measurement, settings, canvas, picture)
    weight = faded(visits, settings.final_weight, settings.prior_weight)
    gain = partial(calibrate, prior, canvas, guide, encode, terms[0], visits[len(visits) // 2])
    yield Phase("draw", visits, guide, Mix(settings.eta), encode, weight, terms, gain)
