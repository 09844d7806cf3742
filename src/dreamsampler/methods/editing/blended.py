"""Blended latent diffusion (Avrahami et al., 2206.02779). Shares the loop: yes (CFG, an anchor outside the mask, kept
noise inside and fresh noise outside, descending steps).

Inside the mask the sampler runs as usual; outside, every level holds the given picture, freshly noised. 2 evaluations
a step. The published last stage, which overfits the decoder to the picture outside the mask, is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ...core.loop import dream_sample
from ...core.state import State
from ...core.types import Prediction, Prior, Step
from ...steering.guidance import CFG
from ...steering.renoise import fresh
from ...steering.solve import Solve
from ...tasks.common import OnProgress, reporter, to_latent_masks
from ..common import Edited, Prompt, begin, check_number, embed, finish


@dataclass(frozen=True)
class Anchor:
    """m z0 + (1 - m) z_src: the estimate inside the mask, the picture outside."""

    mask: Tensor
    source: Tensor

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        return self.mask * z0 + (1.0 - self.mask) * self.source


@dataclass(frozen=True)
class FreshOutside:
    """m eps + (1 - m) xi."""

    mask: Tensor

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        return self.mask * pred.eps + (1.0 - self.mask) * fresh(pred, z0, state, step)


def blended(
    prior: Prior,
    images: Tensor,
    prompt: Prompt,
    *,
    mask: Tensor,
    source_prompt: Prompt = "",
    steps: int = 50,
    scale: float = 7.5,
    start: float = 1.0,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> Edited:
    """Paint a region anew and keep the rest.

    Args:
        images: [B, 3, H, W] in [-1, 1].
        prompt: what the edited pictures show; one for all, or one a picture.
        mask: [1 or B, 1, H, W] in [0, 1], 1 where the picture may change.
        source_prompt: accepted for the common signature; unused.
        steps: N, of the whole trajectory; start N of them are taken.
        scale: guidance scale.
        start: how far up the trajectory to begin, 0 < start <= 1.
        seeds: of the noise, one a picture.

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example:
        >>> # blended(prior, images, "a red hat", mask=mask, seeds=[0]).images
    """
    check_number("scale", scale)
    begun = begin(prior, images, seeds)
    batch = images.shape[0]
    (region,) = to_latent_masks([mask], (begun.z.shape[-2], begun.z.shape[-1]), begun.z)
    guide = CFG(embed(prior, prompt, batch), embed(prior, "", batch), scale)
    visits = prior.schedule.visits(steps, start)
    on_step = reporter(on_progress, "edit", len(visits))
    solve = Solve((Anchor(region, begun.z),))
    done = dream_sample(begun.at(visits[0]), prior, visits, guide, solve, FreshOutside(region), on_step)
    return finish(prior, done, begun)
