"""Text-guided editing of real pictures: DreamSampler's Algorithm 3, and eq. 19 with any number of masks and prompts.

Invert the picture under the base prompt (the null prompt unless told otherwise), then sample back down; at each step
pull the clean estimate from the base prompt's towards each target prompt's, and put the base's noise back.
N steps cost N evaluations up and N (1 + K) down, K the number of prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.loop import dream_sample
from ..core.state import State
from ..core.types import Prior
from ..steering.guidance import Branches, Single
from ..steering.inversion import invert
from ..steering.renoise import keep
from ..steering.solve import Solve
from ..steering.strength import Strength, Weight
from ..steering.text import TextPull, share
from .common import OnProgress, Receipt, check_images, check_prompts, evaluations, psnr, reporter, seeds_for
from .common import to_latent_masks as to_latent

POOR_DECIBELS = 22.0
"""Round trips below this lose what a viewer would call the picture; the report warns."""


@dataclass(frozen=True)
class InversionReport:
    """How much of a picture survives before anything is edited.

    Attributes:
        vae_psnr: dB between the picture and its decoded latent, an upper bound for every edit.
        inversion_psnr: dB between the picture and its inversion sampled back; None where that was not asked for.
        reconstruction: that sampled-back picture [B, 3, H, W] (without it, the decoded latent).
    """

    vae_psnr: tuple[float, ...]
    inversion_psnr: tuple[float, ...] | None
    reconstruction: Tensor

    def warnings(self) -> tuple[str, ...]:
        """One sentence for each item that would be edited from a poor reconstruction."""
        said = []
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
    receipt: Receipt
    made_report: Callable[[], InversionReport] = field(repr=False)

    @cached_property
    def report(self) -> InversionReport:
        """What the model keeps of the pictures; unless it was asked for with the edit, decoded when first looked at."""
        return self.made_report()


def edit(
    prior: Prior,
    images: Tensor,
    prompts: Sequence[str],
    *,
    masks: Sequence[Tensor] | None = None,
    base_prompt: str = "",
    steps: int = 50,
    strength: float | Sequence[float] | Weight = 1.0,
    inversion: str = "two-step",
    rounds: int = 2,
    start: float = 1.0,
    bound: float = 0.0,
    report: bool = False,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> EditResult:
    """Edit pictures towards one or more prompts.

    Args:
        prior: see `dreamsampler.load`.
        images: [B, 3, H, W] in [-1, 1], sides multiples of `prior.space.multiple`.
        prompts: the editing directions; several act at once.
        masks: one for each prompt, [1 or B, 1, H, W] in [0, 1], 1 where it acts; soft values are honored and overlaps
            shared. None: every prompt acts everywhere.
        base_prompt: what the picture is inverted under and pulled away from; "" as in the paper.
        steps: N, levels of the trajectory.
        strength: 0 reconstructs, 1 is the paper's default; one number, one for each prompt, or a function of the step
            (`steering.strength` has the paper's own c, CFG++ and guidance scales).
        inversion, rounds: see `steering.inversion`.
        start: invert and sample only the lowest share of the trajectory, 0 < start <= 1: cheaper and more faithful.
        bound: at steps where every pull weighs less than this, only the base branch is evaluated.
        report: also sample the inversion back without any prompt, for N further evaluations.
        on_progress: called after each step.

    Raises:
        InputError: an argument has the wrong shape, range or number.
        NonFinite: the network produced NaN or infinity.

    Example: docs/editing.md.
    """
    check_images(prior, images)
    check_prompts([*prompts, base_prompt])
    if not prompts:
        raise InputError("prompts: expected at least one")
    counted = evaluations(prior)
    visits = prior.schedule.visits(steps, start)
    with torch.no_grad():
        z = prior.space.encode(images)
    state = State.start(z, seeds_for(seeds, images.shape[0]))
    pull = TextPull(_weights(prior, strength, len(prompts)), _regions(masks, z), bound)
    base = prior.embed([base_prompt])
    top = invert(prior, state, visits, base, inversion, rounds, reporter(on_progress, "invert", len(visits)))
    begin = State.start(top.z, state.noise, z0=z)
    made = _report(prior, images, z, begin, base, visits, on_progress) if report else None
    guide = Branches(base, tuple(prior.embed([p]) for p in prompts), pull.active)
    done = dream_sample(begin, prior, visits, guide, Solve((pull,)), keep, reporter(on_progress, "edit", len(visits)))
    with torch.no_grad():
        edited = prior.space.decode(done.z0)
    receipt = Receipt(evaluations(prior) - counted, () if made is None else made.warnings())
    return EditResult(edited, receipt, lambda: made or _vae_report(prior, images, z))


def inversion_report(
    prior: Prior,
    images: Tensor,
    *,
    base_prompt: str = "",
    steps: int = 50,
    inversion: str = "two-step",
    rounds: int = 2,
    start: float = 1.0,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> InversionReport:
    """Invert and sample back, nothing else: what `dreamsampler invert` prints. Arguments as in `edit`."""
    check_images(prior, images)
    visits = prior.schedule.visits(steps, start)
    with torch.no_grad():
        z = prior.space.encode(images)
    state = State.start(z, seeds_for(seeds, images.shape[0]))
    base = prior.embed([base_prompt])
    top = invert(prior, state, visits, base, inversion, rounds, reporter(on_progress, "invert", len(visits)))
    return _report(prior, images, z, State.start(top.z, state.noise, z0=z), base, visits, on_progress)


def _weights(prior: Prior, strength: float | Sequence[float] | Weight, count: int) -> tuple[Weight, ...]:
    if callable(strength):
        return (strength,) * count
    values = [strength] * count if isinstance(strength, (int, float)) else list(strength)
    if len(values) != count:
        raise InputError(f"strength: got {len(values)} values for {count} prompts; expected one, or one a prompt")
    return tuple(Strength(float(value), prior.schedule) for value in values)


def _regions(masks: Sequence[Tensor] | None, z: Tensor) -> tuple[Tensor, ...] | None:
    if not masks:
        return None
    return share(to_latent(masks, (z.shape[-2], z.shape[-1]), z))


def _vae_report(prior: Prior, images: Tensor, z: Tensor) -> InversionReport:
    with torch.no_grad():
        decoded = prior.space.decode(z)
    return InversionReport(tuple(psnr(decoded, images)), None, decoded)


def _report(
    prior: Prior,
    images: Tensor,
    z: Tensor,
    begin: State,
    base: object,
    visits: Sequence,
    on_progress: OnProgress | None,
) -> InversionReport:
    on_step = reporter(on_progress, "check", len(visits))
    back = dream_sample(begin, prior, visits, Single(base), Solve(), keep, on_step)
    with torch.no_grad():
        decoded, resampled = prior.space.decode(z), prior.space.decode(back.z0)
    return InversionReport(tuple(psnr(decoded, images)), tuple(psnr(resampled, images)), resampled)
