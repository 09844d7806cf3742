"""Restoration of pictures from linear measurements, guided by text, any operator.

Data-consistency steps take the pictures that explain the measurement and lie near the estimate; steps between them, if
any, are DPS steps. There are three rules.

Sampling (the default): the estimate is the prompt's on every step, with classifier-free guidance if its scale is not
1; every step is a data-consistency step whose weight makes it the mean given z_t and y (`PosteriorRho`), and the noise
that its solution implies goes back with a share of fresh noise, as in DiffPIR. The run begins part of the way up, with
the first guess A^+ y under noise, or at the top with noise alone. What comes out is a sample of the prior given y, also
where y says nothing. 0.6 N evaluations from a first guess, N from noise (twice that with guidance), no gradient.

Deterministic (`begin="inversion"`): the same estimate, data-consistency steps of constant weight, every third by
default, DPS steps between them. It starts from the inversion of the first guess; without a prompt it undoes that
inversion where y says nothing, and stays near A^+ y. 2 N evaluations, those of DPS steps with gradients.

Published (`strength` given): equations 31 to 38 of DreamSampler. On data-consistency steps alone the measurement pulls
by a^2, then the prompt by c_g a^2 (the order of Algorithm 4, and what tells it from TReg), and fresh noise goes back.
The gradient of a last DPS step is left out, as in the released script, which decodes the estimate before it.
2 evaluations on each data-consistency step, 1 on each other, and those of an inversion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from torch import Tensor

from ..core.settings import settings
from ..core.state import State
from ..core.types import Guidance, LatentSpace, Prior, Renoise, Step, Term
from ..operators import Measurement
from ..steering.data_consistency import DataPull, PosteriorRho, data_steps
from ..steering.dps import released_step
from ..steering.guidance import CFG, Branches
from ..steering.renoise import Either, Mix, Rederive, keep, signal_share
from ..steering.solve import Solve, When, but_last
from ..steering.strength import Constant, PaperStrength
from ..steering.text import TextPull
from .cases import InverseCase, Prompt, restored_by
from .common import OnProgress
from .options import from_options
from .plan import Leg, Plan, Sampled, from_the_top, inversion_leg
from .settings import RestoreNumbers

FRESH = math.sqrt(0.3)
"""Share of fresh noise of the sampling rule, DiffPIR's zeta = 0.3."""

GUESS_SHARE = 0.6
"""Share of the path that a run from a first guess walks: at its top noise hides all but the coarsest features."""

NEGATION = "out of focus, depth of field"
"""Negative prompt of the released inpainting and of TReg, for models that were taught such words: what the picture
should not be. The default everywhere is "", which every model knows."""


@settings
class Restore(RestoreNumbers):
    """DreamSampler's restoration; called with a case it gives the plan."""

    def __call__(self, case: InverseCase) -> Plan:
        visits = case.visits(self.steps, GUESS_SHARE if self.begin == "guess" else 1.0)
        rule = self._guided if self.strength is None else self._published
        guide, terms, renoise = rule(case, len(visits))
        if self.begin == "noise":
            return Plan((Leg("restore", case.pure_noise(), visits, guide, Solve(terms), renoise),))
        clean = case.first_guess()
        if self.begin == "guess":
            noisy = visits[0].a * clean.z + visits[0].b * case.noise.normal(clean.z)
            start = State.start(noisy, case.noise, z0=clean.z)
            return Plan((Leg("restore", start, visits, guide, Solve(terms), renoise),))
        down = Leg("restore", from_the_top(clean.z), visits, guide, Solve(terms), renoise)
        return Plan((inversion_leg(clean, visits, case.embed(self.negative_prompt)), down))

    @property
    def _samples(self) -> bool:
        """Whether the default rule holds."""
        return self.strength is None and self.begin != "inversion"

    def _consistent(self, visits: int) -> Callable[[Step], bool]:
        period = (1 if self._samples else 3) if self.period is None else self.period
        return data_steps(visits, period, self.until)

    def _guided(self, case: InverseCase, visits: int) -> tuple[Guidance, tuple[Term, ...], Renoise]:
        m, space, consistent = case.measurement, case.prior.space, self._consistent(visits)
        pull = DataPull(m, space, Constant(1.0), self._rho(m, space))
        between = released_step(m, space, self.dps, self.lean, visits)
        guide = CFG(case.target, case.embed(self.negative_prompt), self.guidance_scale)
        return (
            guide,
            (When(consistent, pull, between),),
            Either(consistent, Rederive(FRESH if self._samples else 0.0), keep),
        )

    def _published(self, case: InverseCase, visits: int) -> tuple[Guidance, tuple[Term, ...], Renoise]:
        m, space, consistent = case.measurement, case.prior.space, self._consistent(visits)
        text = TextPull((PaperStrength(self.strength or 0.0),))
        data = DataPull(m, space, PaperStrength(1.0), self._rho(m, space))
        between = but_last(visits, released_step(m, space, self.dps, self.lean))
        null = case.embed(self.negative_prompt)
        guide = Branches(null, (case.target,), lambda step: consistent(step) and text.active(step))
        terms = (When(consistent, data, between), When(consistent, text))
        return guide, terms, Mix(signal_share(self.eta, consistent))

    def _rho(self, measurement: Measurement, space: LatentSpace) -> float | Callable[[Step], float | Tensor]:
        if self.rho is not None:
            return self.rho
        return PosteriorRho(measurement, space) if self._samples else max(1e-4, 4.0 * measurement.sigma**2)


def restore(
    prior: Prior,
    measurement: Measurement,
    prompt: Prompt = "",
    *,
    settings: Restore | None = None,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
    **options: object,
) -> Sampled:
    """Restore pictures from a measurement.

    Args:
        prior: see `dreamsampler.load`.
        measurement: y, its operator and its noise; the scene's sides must be multiples of `prior.space.multiple`.
        prompt: what the picture shows; "" if nothing is known.
        settings: numbers of the algorithm; `options` are single ones, `steps=50`, that replace those.
        seeds: one an item; 0, 1, 2, ... by default.
        on_progress: called after each step.

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example: docs/inverse-problems.md.
    """
    chosen = from_options(Restore, options) if settings is None else replace(settings, **options)  # type: ignore[arg-type]
    return restored_by(chosen, InverseCase.of(prior, measurement, prompt, seeds), on_progress)
