"""Text-guided inpainting with a prompt for each hole, after Algorithm 4 of DreamSampler.

Data-consistency steps (every third): x_y explains the known pixels and stays near D(z0_hat). The steps between are
DPS steps, a gradient of the residual through network and decoder. There are two ways to bring in the prompts.

Guided (the default, ours and not the published procedure): on every step each hole's estimate is guided towards its
prompt by a scale w, exactly as in classifier-free guidance; E(x_y) takes the place of the estimate outside the
holes; and data-consistency steps put back the noise that their solution implies, so that the answer does not depend
on the number of steps. K + 1 evaluations a step with K holes.

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
from ..core.settings import make, settings
from ..core.state import State
from ..core.types import Condition, Prior, Step, Term
from ..operators import GaussianNoise, Mask, Measurement
from ..operators.mask import check_holes, feathered, paste, to_latent, union
from ..priors.base import whole
from ..steering.data_consistency import DataPull, data_steps
from ..steering.dps import released_step
from ..steering.solve import Solve, When, but_last
from ..steering.strength import Weight
from .cases import Prompt, embed
from .common import OnProgress, RunStats, check_images, check_prompts, seeds_for
from .inpaint_rules import Case, guided, published
from .options import from_options
from .plan import Leg, Plan, Start, from_the_top, inversion_leg, run_plan
from .settings import InpaintNumbers


@dataclass(frozen=True)
class InpaintCase:
    """Pictures with holes, and what each hole should show.

    Attributes:
        prior: the diffusion model.
        images: [B, 3, H, W] in [-1, 1].
        holes: [1 or B, 1, H, W] in [0, 1] each, 1 inside.
        prompts: one for each hole; each a text, or a list of B texts.
        noise: one random stream a picture.
    """

    prior: Prior
    images: Tensor
    holes: Sequence[Tensor]
    prompts: Sequence[Prompt]
    noise: Noise

    @classmethod
    def of(
        cls,
        prior: Prior,
        images: Tensor,
        holes: Sequence[Tensor],
        prompts: Sequence[Prompt],
        seeds: Sequence[int] | None = None,
    ) -> InpaintCase:
        """Check pictures, holes and prompts and open one random stream for each picture.

        Raises:
            InputError: something has the wrong shape, range or number.
        """
        prior = whole(prior)
        check_images(prior, images)
        if len(prompts) != len(holes):
            raise InputError(f"prompts: got {len(prompts)} for {len(holes)} masks; expected one a mask")
        return cls(prior, images, holes, prompts, Noise(seeds_for(seeds, images.shape[0])))


@settings
class Inpaint(InpaintNumbers):
    """DreamSampler's inpainting; called with an `InpaintCase` it gives the plan.

    The defaults are ours; `released()` has the numbers of Algorithm 4 as its script was released.
    """

    @classmethod
    def released(cls, **given: object) -> Inpaint:
        """Return the released numbers but those given; they go with masks of the other sense (`known=True`)."""
        return make(cls, given, "released")

    def __call__(self, case: InpaintCase) -> Plan:
        plan, _ = self.plan(case)
        return plan

    def plan(self, case: InpaintCase) -> tuple[Plan, Measurement]:
        """Return the plan and the measurement that it starts from."""
        prior, batch = case.prior, case.images.shape[0]
        check_prompts([self.negative_prompt], "negative_prompt")
        operator = Mask.hole(union(case.holes))
        # the noise is part of the measurement: it is drawn on the known pixels alone
        y = operator.forward(GaussianNoise(self.noise_std)(case.images, case.noise))
        with torch.no_grad():
            z = prior.space.encode(y)
        m = Measurement(replace(operator, keep=operator.keep.to(z)), y.to(z), self.noise_std)
        null = prior.embed([self.negative_prompt])
        visits = prior.visits(self.steps, 1.0, (case.images.shape[-2], case.images.shape[-1]))
        consistent = data_steps(self.steps, self.period, self.until)
        targets = tuple(embed(prior, prompt, batch) for prompt in case.prompts)
        grid = (z.shape[-2], z.shape[-1])
        *small, whole = (to_latent(hole, grid, self.latent_mask).to(z) for hole in (*case.holes, union(case.holes)))

        def data(weight: Weight) -> Term:
            return DataPull(m, prior.space, weight, self.rho, self.iterations)

        given = Case(null, targets, tuple(small), whole, consistent, data)
        if self.strength is None:
            rule = guided(given, self.guidance_scale)
        else:
            rule = published(given, self.strength, self.eta, self.overlap)
        gradient: Term = released_step(
            m, prior.space, self.dps, self.lean, self.steps if self.strength is None else None
        )
        if self.strength is not None:  # the released script decodes the estimate before the last gradient
            gradient = but_last(self.steps, gradient)
        solve = Solve((*rule.terms, When(lambda step: not consistent(step), gradient)))
        before, start = self._first(case, State.start(z, case.noise), null, visits)
        return Plan((*before, Leg("inpaint", start, visits, rule.guide, solve, rule.renoise))), m

    def _first(
        self, case: InpaintCase, clean: State, null: Condition, visits: Sequence[Step]
    ) -> tuple[tuple[Leg, ...], Start]:
        """Return the way to the noisy end of the trajectory, from the encoded picture with its gray holes."""
        z = clean.z
        if self.inversion != "none":
            # "plain" is the released script's, which takes the picture to lie at the schedule's last level
            from_clean = self.inversion != "plain"
            return (inversion_leg(clean, visits, null, self.inversion, from_clean=from_clean),), from_the_top(z)
        hole = to_latent(union(case.holes), (z.shape[-2], z.shape[-1]), "cover").to(z)
        noisy = visits[0].a * (1.0 - hole) * z + visits[0].b * clean.noise.normal(z)
        return (), State.start(noisy, clean.noise, z0=z)


@dataclass(frozen=True)
class InpaintResult:
    """Inpainted pictures.

    Attributes:
        images: [B, 3, H, W]; known pixels as they were given, with `composite`.
        raw: what the sampler made, known pixels included.
        misfit: root mean square difference of `raw` from the known pixels (over what is known of them).
        receipt: of the run.
    """

    images: Tensor
    raw: Tensor
    misfit: tuple[float, ...]
    receipt: RunStats


def inpaint(
    prior: Prior,
    images: Tensor,
    masks: Sequence[Tensor],
    prompts: Sequence[Prompt],
    *,
    settings: Inpaint | None = None,
    known: bool = False,
    composite: bool = True,
    feather: int = 0,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
    **options: object,
) -> InpaintResult:
    """Fill holes in pictures, each hole by a prompt of its own.

    Args:
        prior: see `dreamsampler.load`.
        images: [B, 3, H, W] in [-1, 1]; what they show inside the holes is not used.
        masks: one for each hole, [1 or B, 1, H, W] in [0, 1], 1 inside the hole; soft edges are honored.
        prompts: one for each hole; each a text, or a list of B texts.
        settings: numbers of the algorithm; `options` are single ones, `steps=50`, that replace those.
        known: the masks are 1 on the known pixels, as in the released code.
        composite: put the known pixels back; without it, the sampler's own picture, as the paper shows it.
        feather: fade between the two over this many pixels inside the hole's edge.
        seeds: one an item; 0, 1, 2, ... by default.
        on_progress: called after each step.

    Returns:
        The pictures; where no mask is above 0 they equal `images` bit for bit, with `composite`.

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example: docs/inverse-problems.md.
    """
    holes = _holes(images, masks, known)
    notes = tuple(check_holes(holes, (images.shape[-2], images.shape[-1])))
    inside = feathered(union(holes), feather)
    chosen = from_options(Inpaint, options) if settings is None else replace(settings, **options)  # type: ignore[arg-type]
    prior = whole(prior)
    plan, measurement = chosen.plan(InpaintCase.of(prior, images, holes, prompts, seeds))
    done = run_plan(prior, replace(plan, notes=notes), on_progress)
    made = done.images.to(images)
    result = paste(images, made, inside) if composite else made
    return InpaintResult(result, made, tuple(measurement.misfit(done.images)), done.receipt)


def _holes(images: Tensor, masks: Sequence[Tensor], known: bool) -> list[Tensor]:
    """The masks as holes, on the pictures' device and in their dtype."""
    if images.dim() != 4:
        raise InputError(f"images: expected [B, 3, H, W], got {tuple(images.shape)}")
    for k, mask in enumerate(masks):
        if mask.dim() != 4 or mask.shape[0] not in (1, images.shape[0]):
            raise InputError(f"mask {k + 1}: expected [1 or {images.shape[0]}, 1, H, W], got {tuple(mask.shape)}")
    return [(1.0 - mask if known else mask).to(images) for mask in masks]
