"""Text-guided editing of real pictures: DreamSampler's Algorithm 3, and eq. 19 with any number of masks and prompts.

Invert the picture under the source prompt (the null prompt unless told otherwise), then sample back down; at each step
pull the clean estimate from the source prompt's towards each target prompt's, and put the source's noise back.
N steps cost N evaluations up and N (1 + K) down, K the number of prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.settings import settings
from ..core.state import State
from ..core.types import Prior, Step
from ..priors.base import whole
from ..priors.world import outside, sentences
from ..steering.confine import MASK, Confine, on_pixels
from ..steering.guidance import Branches, Single
from ..steering.solve import Solve
from ..steering.strength import Strength, Weight
from ..steering.text import TextPull, share
from .cases import EditCase, Prompt
from .common import OnProgress, RunStats, psnr
from .options import from_options
from .plan import Leg, Plan, from_the_top, inversion_leg, run_plan, walk
from .settings import EditNumbers

POOR_DECIBELS = 22.0
"""Round trips below this lose what a viewer would call the picture; the report warns."""


@dataclass(frozen=True)
class InversionReport:
    """How much of a picture survives before anything is edited.

    Attributes:
        vae_psnr: dB between the picture and its decoded latent, an upper bound for every edit.
        inversion_psnr: dB between the picture and its inversion sampled back; None where that was not asked for.
        reconstruction: that sampled-back picture [B, 3, H, W] (without it, the decoded latent).
        outside: of each item, why the model is the wrong one for it, or None (`priors.world`).
    """

    vae_psnr: tuple[float, ...]
    inversion_psnr: tuple[float, ...] | None
    reconstruction: Tensor
    outside: tuple[str | None, ...] = ()

    def warnings(self) -> tuple[str, ...]:
        """One sentence for each item that would be edited from a poor reconstruction."""
        said = list(sentences(self.outside))
        for k, vae in enumerate(self.vae_psnr):
            if vae < POOR_DECIBELS:
                said.append(
                    f"item {k}: the autoencoder alone keeps only {vae:.1f} dB; try a larger size or another model"
                )
            elif self.inversion_psnr is not None and self.inversion_psnr[k] < min(POOR_DECIBELS, vae - 3.0):
                said.append(
                    f"item {k}: inversion keeps {self.inversion_psnr[k]:.1f} of the autoencoder's {vae:.1f} dB; "
                    "use more steps, --inversion fixed-point or --source-prompt"
                )
        return tuple(said)


@dataclass(frozen=True)
class EditResult:
    """Edited pictures [B, 3, H, W] in [-1, 1] and the receipt of the run."""

    images: Tensor
    receipt: RunStats
    made_report: Callable[[], InversionReport] = field(repr=False)
    found: Tensor | None = field(default=None, repr=False)
    """With `found_mask`: where the edit may act, [B, 1, H, W] in [0, 1]."""

    @cached_property
    def report(self) -> InversionReport:
        """What the model keeps of the pictures; unless it was asked for with the edit, decoded when first looked at."""
        return self.made_report()


@settings
class Edit(EditNumbers):
    """Algorithm 3 and eq. 19; called with a case it gives the plan. N + N (1 + prompts) evaluations."""

    weight: Weight | None = None
    """A function of the step instead of `strength`: `steering.strength` has the paper's c, CFG++, guidance scales."""

    def __call__(self, case: EditCase) -> Plan:
        visits = case.visits(self.steps, self.denoise)
        regions = share(case.regions) if case.masks else None
        pull = TextPull(self._weights(case.prior, len(case.prompts)), regions, self.bound)
        up = inversion_leg(case.clean(), visits, case.source, self.inversion, self.rounds)
        guide = Branches(case.source, case.targets, pull.active)
        terms = (pull, Confine(case.z, visits[-1].index)) if self.found_mask else (pull,)
        return Plan((up, Leg("edit", from_the_top(case.z), visits, guide, Solve(terms))))

    def _weights(self, prior: Prior, count: int) -> tuple[Weight, ...]:
        if self.weight is not None:
            return (self.weight,) * count
        values = self.strength if isinstance(self.strength, tuple) else (self.strength,) * count
        if len(values) != count:
            raise InputError(f"strength: got {len(values)} values for {count} prompts; expected one, or one a prompt")
        return tuple(Strength(float(value)) for value in values)


def edit(
    prior: Prior,
    images: Tensor,
    prompts: Sequence[Prompt],
    *,
    masks: Sequence[Tensor] | None = None,
    source_prompt: Prompt = "",
    settings: Edit | None = None,
    report: bool = False,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
    **options: object,
) -> EditResult:
    """Edit pictures towards one or more prompts.

    Args:
        prior: see `dreamsampler.load`.
        images: [B, 3, H, W] in [-1, 1], sides multiples of `prior.space.multiple`.
        prompts: the editing directions; several act at once.
        masks: one for each prompt, [1 or B, 1, H, W] in [0, 1], 1 where it acts; soft values are honored and overlaps
            shared. None: every prompt acts everywhere.
        source_prompt: what the picture is inverted under and pulled away from; "" as in the paper.
        settings: numbers of the algorithm; `options` are single ones, `steps=20`, that replace those.
        report: also sample the inversion back without any prompt, for N further evaluations.
        on_progress: called after each step.

    Raises:
        InputError: an argument has the wrong shape, range or number.
        NonFinite: the network produced NaN or infinity.

    Example: docs/editing.md.
    """
    chosen = from_options(Edit, options) if settings is None else replace(settings, **options)  # type: ignore[arg-type]
    prior = whole(prior)
    counted = prior.evaluations
    case = EditCase.of(prior, images, *prompts, source_prompt=source_prompt, masks=masks or (), seeds=seeds)
    plan = chosen(case)
    resume, made = None, None
    if report:
        top = walk(prior, Plan(plan.legs[:1]), on_progress)
        resume = 1, from_the_top(case.z)(top)
        made = _report(case, images, top, plan.legs[1].steps, on_progress)
    done = run_plan(prior, plan, on_progress, resume)
    receipt = RunStats(prior.evaluations - counted, () if made is None else made.warnings())
    mask = done.state.learned.get(MASK)
    found = None if mask is None else on_pixels(mask, case.size)
    return EditResult(done.images, receipt, lambda: made or _vae_report(prior, images, case.z), found)


def inversion_report(
    prior: Prior,
    images: Tensor,
    *,
    source_prompt: Prompt = "",
    steps: int = 50,
    inversion: str = "two-step",
    rounds: int = 2,
    denoise: float = 1.0,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> InversionReport:
    """Invert and sample back, nothing else: what `dreamsampler invert` prints. Arguments as in `Edit`."""
    prior = whole(prior)
    case = EditCase.of(prior, images, "", source_prompt=source_prompt, seeds=seeds)
    visits = case.visits(steps, denoise)
    up = inversion_leg(case.clean(), visits, case.source, inversion, rounds)
    return _report(case, images, walk(prior, Plan((up,)), on_progress), visits, on_progress)


def _vae_report(prior: Prior, images: Tensor, z: Tensor) -> InversionReport:
    with torch.no_grad():
        decoded = prior.space.decode(z)
    return InversionReport(tuple(psnr(decoded, images)), None, decoded, outside(prior, z))


def _report(
    case: EditCase, images: Tensor, top: State, visits: Sequence[Step], on_progress: OnProgress | None
) -> InversionReport:
    start = from_the_top(case.z)(top)
    back = walk(case.prior, Plan((Leg("check", start, visits, Single(case.source)),)), on_progress)
    with torch.no_grad():
        decoded, resampled = case.prior.space.decode(case.z), case.prior.space.decode(back.z0)
    return InversionReport(
        tuple(psnr(decoded, images)), tuple(psnr(resampled, images)), resampled, outside(case.prior, case.z)
    )
