"""Text-guided inpainting with a prompt for each hole: Algorithm 4 of DreamSampler.

Data-consistency steps (every third): x_y explains the known pixels and stays near D(z0_hat). The steps between are
DPS steps, a gradient of the residual through network and decoder. There are two ways to bring in the prompts.

Guided (the default): on every step each hole's estimate is guided towards its prompt by a scale w, exactly as in
classifier-free guidance; E(x_y) takes the place of the estimate outside the holes; and data-consistency steps put back
the noise that their solution implies, so that the answer does not depend on the number of steps. K + 1 evaluations
a step with K holes.

Published (`strength` given): the prompts pull on data-consistency steps alone, by c_g a^2, after E(x_y) has been mixed
in by a^2 everywhere, and fresh noise goes back. K + 1 evaluations on each data-consistency step, 1 on each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.noise import Noise
from ..core.state import State
from ..core.types import Condition, Prior, Step, Term
from ..operators import GaussianNoise, Mask, Measurement
from ..operators.mask import check_holes, feathered, paste, to_latent, union
from ..steering.data_consistency import DataPull
from ..steering.inversion import invert
from ..steering.solve import Solve, When
from ..steering.strength import Weight
from .common import OnProgress, Receipt, check_images, check_prompts, evaluations, reporter, seeds_for
from .inpaint_rules import Case, guided, published
from .restore import (
    Parts,
    Prompt,
    carry_out,
    check_rule,
    embed_batch,
    gradient_step,
    released_schedule,
)


@dataclass(frozen=True)
class InpaintSettings:
    """Numbers of Algorithm 4. The defaults are ours; `released()` are those of the released script.

    Attributes:
        guidance: w, the scale towards each hole's prompt: 1 takes the prompt's estimate, above 1 goes beyond it.
        strength: c_g of the published pull gamma_t = c_g a^2 / (a^2 + b^2), instead of guidance; 1 as released. Above
            1 the pulls add up over the steps and saturate the colors.
        eta: with `strength`, fresh noise on data-consistency steps, k = eta sqrt(abar_t); 1 as released. Below 1 the
            null prompt's noise is carried beside an estimate that is another prompt's, an error that grows with the
            number of steps.
        rho: weight of the estimate in the proximal step.
        iterations: conjugate-gradient iterations; None takes the exact step, which masks allow.
        dps: step of the DPS steps relative to a' (with guidance, to a' min(1, 100 / N)).
        period, until: which steps are data-consistency steps: every `period`-th, before `until` of the way (0.85 as
            released).
        noise: standard deviation of the noise added to the known pixels before the run.
        overlap: "share" divides overlapping holes among their prompts; "released" (with `strength`) counts them twice,
            see `ReleasedRegions`.
        latent_mask: how a hole becomes a latent mask: "area", "cover" or "nearest".
        inversion: "none" begins with noise in the holes and the noised picture around them. The others, of
            `steering.inversion`, begin with the inversion of the picture with its holes in grey, as the released script
            does for N further evaluations; that grey then has to be overcome, which takes many steps.
        lean: compute the decoder's activations again in DPS steps instead of keeping them all, see `bench memory`.
    """

    guidance: float = 2.0
    strength: float | None = None
    eta: float = 1.0
    rho: float = 1e-4
    iterations: int | None = None
    dps: float = 1.0
    period: int = 3
    until: float = 1.0
    noise: float = 0.0
    overlap: str = "share"
    latent_mask: str = "area"
    inversion: str = "none"
    lean: bool = True

    def __post_init__(self) -> None:
        if self.overlap not in ("share", "released"):
            raise InputError(f"overlap={self.overlap!r}: expected 'share' or 'released'")
        check_rule(self.strength, self.guidance, type(self).guidance, self.eta, self.overlap)

    @classmethod
    def released(cls) -> InpaintSettings:
        """The released script, number by number; it goes with masks of the other sense (`known=True`), 200 steps and
        the null prompt `tasks.restore.NEGATION`."""
        return cls(
            strength=1.0,
            until=0.85,
            iterations=10,
            noise=0.01,
            overlap="released",
            latent_mask="nearest",
            inversion="plain",
        )


@dataclass(frozen=True)
class InpaintResult:
    """Inpainted pictures.

    Attributes:
        images: [B, 3, H, W]; known pixels as they were given unless raw output was asked for.
        raw: what the sampler made, known pixels included.
        misfit: root mean square difference of `raw` from the known pixels (over all pixels, holes counting 0).
        receipt: of the run.
    """

    images: Tensor
    raw: Tensor
    misfit: tuple[float, ...]
    receipt: Receipt


def inpaint(
    prior: Prior,
    images: Tensor,
    masks: Sequence[Tensor],
    prompts: Sequence[Prompt],
    *,
    null_prompt: str = "",
    steps: int = 100,
    settings: InpaintSettings | None = None,
    known: bool = False,
    raw: bool = False,
    feather: int = 0,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> InpaintResult:
    """Fill holes in pictures, each hole by a prompt of its own.

    Args:
        prior: see `dreamsampler.load`.
        images: [B, 3, H, W] in [-1, 1]; what they show inside the holes is not looked at.
        masks: one for each hole, [1 or B, 1, H, W] in [0, 1], 1 inside the hole; soft edges are honored.
        prompts: one for each hole; each a text, or a list of B texts.
        null_prompt: plays the null prompt's part; `tasks.restore.NEGATION` in the released code.
        steps: N; the paper uses 200.
        settings: numbers of the algorithm.
        known: the masks are 1 on the known pixels, as in the released code.
        raw: return the sampler's own picture, known pixels and all, as the paper shows it.
        feather: fade between the two over this many pixels inside the hole's edge.
        seeds: one an item; 0, 1, 2, ... by default.
        on_progress: called after each step.

    Returns:
        The pictures; where no mask is above 0 they equal `images` bit for bit, unless `raw`.

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example: docs/inverse-problems.md.
    """
    counted = evaluations(prior)
    holes = _holes(images, masks, known)
    notes = tuple(check_holes(holes, (images.shape[-2], images.shape[-1])))
    inside = feathered(union(holes), feather)
    parts, measurement = inpaint_parts(
        prior,
        images,
        holes,
        prompts,
        null_prompt=null_prompt,
        steps=steps,
        settings=settings,
        seeds=seeds,
        on_progress=on_progress,
    )
    done = carry_out(prior, measurement, parts, counted, on_progress, "inpaint", notes)
    made = done.images.to(images)
    return InpaintResult(made if raw else paste(images, made, inside), made, done.misfit, done.receipt)


def inpaint_parts(
    prior: Prior,
    images: Tensor,
    holes: Sequence[Tensor],
    prompts: Sequence[Prompt],
    *,
    null_prompt: str = "",
    steps: int = 100,
    settings: InpaintSettings | None = None,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Parts, Measurement]:
    """The loop's parts for `inpaint`, and the measurement that it starts from; arguments as there, holes 1 inside."""
    check_images(prior, images)
    if len(prompts) != len(holes):
        raise InputError(f"prompts: got {len(prompts)} for {len(holes)} masks; expected one a mask")
    check_prompts([null_prompt], "null_prompt")
    chosen, batch = settings or InpaintSettings(), images.shape[0]
    noise = Noise(seeds_for(seeds, batch))
    operator = Mask.hole(union(holes))
    # the noise is part of the measurement: it is drawn on the known pixels alone
    y = operator.forward(GaussianNoise(chosen.noise)(images, noise))
    with torch.no_grad():
        z = prior.space.encode(y)
    measurement = Measurement(replace(operator, keep=operator.keep.to(z)), y.to(z), chosen.noise)
    null = prior.embed([null_prompt])
    visits = prior.schedule.visits(steps)
    consistent = released_schedule(steps, chosen.period, chosen.until)
    targets = tuple(embed_batch(prior, p, batch) for p in prompts)
    shorter = steps if chosen.strength is None else None
    gradient = gradient_step(prior, measurement, chosen.dps, chosen.lean, shorter)
    between = When(lambda step: not consistent(step), gradient)
    small = tuple(to_latent(hole, (z.shape[-2], z.shape[-1]), chosen.latent_mask).to(z) for hole in holes)

    def data(weight: Weight) -> Term:
        return DataPull(measurement, prior.space, weight, chosen.rho, chosen.iterations)

    case = Case(null, targets, small, consistent, data)
    if chosen.strength is None:
        rule = guided(case, chosen.guidance)
    else:
        rule = published(case, chosen.strength, chosen.eta, chosen.overlap)
    state = _first_state(prior, chosen.inversion, holes, State.start(z, noise), null, visits, on_progress)
    return Parts(state, visits, rule.guide, Solve((*rule.terms, between)), rule.renoise), measurement


def _holes(images: Tensor, masks: Sequence[Tensor], known: bool) -> list[Tensor]:
    """The masks as holes, on the pictures' device and in their dtype."""
    if images.dim() != 4:
        raise InputError(f"images: expected [B, 3, H, W], got {tuple(images.shape)}")
    for k, mask in enumerate(masks):
        if mask.dim() != 4 or mask.shape[0] not in (1, images.shape[0]):
            raise InputError(f"mask {k + 1}: expected [1 or {images.shape[0]}, 1, H, W], got {tuple(mask.shape)}")
    return [(1.0 - mask if known else mask).to(images) for mask in masks]


def _first_state(
    prior: Prior,
    inversion: str,
    holes: Sequence[Tensor],
    clean: State,
    null: Condition,
    visits: Sequence[Step],
    on_progress: OnProgress | None,
) -> State:
    """The noisy end of the trajectory, from the encoded picture with its grey holes."""
    z = clean.z
    if inversion == "none":
        hole = to_latent(union(holes), (z.shape[-2], z.shape[-1]), "cover").to(z)
        noisy = visits[0].a * (1.0 - hole) * z + visits[0].b * clean.noise.normal(z)
        return State.start(noisy, clean.noise, z0=z)
    top = invert(prior, clean, visits, null, inversion, on_step=reporter(on_progress, "invert", len(visits)))
    return State.start(top.z, clean.noise, z0=z)
