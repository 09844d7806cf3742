"""Whether a picture is of the kind that a prior was trained on: how much of its clean latent the prior takes for noise.

A network that is shown a clean latent and told that it is slightly noisy should find hardly any noise in it. Of
pictures unlike all that it has learned it takes the details for noise: on the bundled prior a median of 0.07 of unit
variance for drawn scenes (at most 0.19), 0.13 for real icons, 0.43 for photographs. One evaluation of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.types import Prior, Step

TOLD = 0.125
"""The level that the network is told, as a share of the noise path."""


@dataclass(frozen=True)
class World:
    """Limits of what a prior can do something with.

    Attributes:
        taken: largest mean square of the noise that it finds in a clean latent.
        knows: what it was trained on, in words.
    """

    taken: float
    knows: str


BUNDLED = World(0.33, "flat icons, solids and drawings of its own world")
"""Measured for the bundled prior (docs/icon-world.md)."""


def world_of(prior: Prior) -> World | None:
    """Return the limits of a prior; None where none were measured.

    Example:
        >>> from dreamsampler.priors.gaussian import GaussianPrior
        >>> world_of(GaussianPrior({"": torch.zeros(3, 8, 8)}, 0.5)) is None
        True
    """
    return BUNDLED if prior.describe().model == "bundled" else None


@torch.no_grad()
def taken_for_noise(prior: Prior, latents: Tensor) -> tuple[float, ...]:
    """Return the mean square of the noise that a prior finds in each clean latent, without a prompt.

    Args:
        latents: [B, C, h, w] as `prior.space.encode` returns them.

    Returns:
        One number for each; 0 for what it knows, about 1 for what is nothing but noise to it.
    """
    t = float(round(TOLD * prior.schedule.length))
    a, b = prior.schedule.ab(t)
    step = Step(0, t, a, b, t, a, b)
    (found,) = prior.predict((a * latents,), step, (prior.embed([""]),))
    return tuple(found.eps.float().square().mean((1, 2, 3)).tolist())


def outside(prior: Prior, latents: Tensor, world: World | None = None) -> tuple[str | None, ...]:
    """Return for each clean latent a sentence if its picture is outside the prior's world, else None.

    Args:
        latents: [B, C, h, w].
        world: the limits; by default those of `world_of`, and nothing is evaluated for a prior without any.

    Raises:
        InputError: `latents` is no batch.
    """
    if latents.dim() != 4:
        raise InputError(f"latents have shape {list(latents.shape)}: expected [B, C, h, w]")
    limits = world or world_of(prior)
    if limits is None:
        return (None,) * latents.shape[0]
    return tuple(refusal(taken, limits) for taken in taken_for_noise(prior, latents))


def refusal(taken: float, world: World) -> str | None:
    """Return the sentence for a picture of which so much was taken for noise, or None if that is within the limit."""
    if taken <= world.taken:
        return None
    return (
        f"the picture is outside this model's world: it takes {taken:.0%} of it for noise, of its own pictures at most "
        f"{world.taken:.0%}; it knows {world.knows} and nothing else, so use a model of photographs, such as "
        "-m stable-diffusion-v1-5/stable-diffusion-v1-5"
    )


def sentences(items: Sequence[str | None]) -> tuple[str, ...]:
    """Return warnings of a report from `outside`: one for each item that has one, numbered.

    Example:
        >>> sentences((None, "the picture is strange"))
        ('item 1: the picture is strange',)
    """
    return tuple(f"item {k}: {text}" for k, text in enumerate(items) if text is not None)
