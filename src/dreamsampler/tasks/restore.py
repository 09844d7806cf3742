"""Restoration of pictures from linear measurements, guided by text: equations 31 to 38 of DreamSampler, any operator.

Data-consistency steps (every third) take the pictures that explain the measurement and lie near the estimate; the steps
between them are DPS steps. There are two ways to bring in the prompt.

Guided (the default): the estimate is the prompt's on every step, with classifier-free guidance if its scale is not 1,
and data-consistency steps put back the noise that their solution implies. With N steps: N evaluations to invert, N on
the way down (2 N with guidance), those of DPS steps with gradients.

Published (`strength` given): on data-consistency steps alone the measurement pulls by a^2, then the prompt by c_g a^2
(the order of Algorithm 4, and what tells it from TReg), and fresh noise goes back. The gradient of a last DPS step is
left out, as in the released script, which decodes the estimate before it. N evaluations to invert, 2 on each
data-consistency step, 1 on each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..core.settings import settings
from ..core.types import Guidance, Prior, Renoise, Term
from ..operators import Measurement
from ..steering.data_consistency import DataPull, data_steps
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

NEGATION = "out of focus, depth of field"
"""Negative prompt of the released inpainting and of TReg, for models that were taught such words: what the picture
should not be. The default everywhere is "", which every model knows."""


@settings
class Restore(RestoreNumbers):
    """DreamSampler's restoration; called with a case it gives the plan."""

    def __call__(self, case: InverseCase) -> Plan:
        visits, null = case.visits(self.steps), case.embed(self.negative_prompt)
        guide, terms, renoise = self._guided(case) if self.strength is None else self._published(case, self.strength)
        if self.begin == "noise":
            return Plan((Leg("restore", case.pure_noise(), visits, guide, Solve(terms), renoise),))
        clean = case.first_guess()
        down = Leg("restore", from_the_top(clean.z), visits, guide, Solve(terms), renoise)
        return Plan((inversion_leg(clean, visits, null), down))

    def _guided(self, case: InverseCase) -> tuple[Guidance, tuple[Term, ...], Renoise]:
        m, space, consistent = case.measurement, case.prior.space, data_steps(self.steps, self.period, self.until)
        pull = DataPull(m, space, Constant(1.0), self._rho(m))
        between = released_step(m, space, self.dps, self.lean, self.steps)
        guide = CFG(case.target, case.embed(self.negative_prompt), self.guidance_scale)
        return guide, (When(consistent, pull, between),), Either(consistent, Rederive(), keep)

    def _published(self, case: InverseCase, c: float) -> tuple[Guidance, tuple[Term, ...], Renoise]:
        m, space, consistent = case.measurement, case.prior.space, data_steps(self.steps, self.period, self.until)
        text = TextPull((PaperStrength(c),))
        data = DataPull(m, space, PaperStrength(1.0), self._rho(m))
        between = but_last(self.steps, released_step(m, space, self.dps, self.lean))
        null = case.embed(self.negative_prompt)
        guide = Branches(null, (case.target,), lambda step: consistent(step) and text.active(step))
        terms = (When(consistent, data, between), When(consistent, text))
        return guide, terms, Mix(signal_share(self.eta, consistent))

    def _rho(self, measurement: Measurement) -> float:
        return max(1e-4, 4.0 * measurement.sigma**2) if self.rho is None else self.rho


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
