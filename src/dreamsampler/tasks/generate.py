"""Text to picture: the plain sampler, DDIM or CFG++, through the loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.loop import dream_sample
from ..core.noise import Noise
from ..core.state import State
from ..core.types import Prior
from ..priors.base import whole
from ..steering.guidance import CFG
from ..steering.renoise import keep
from ..steering.solve import Solve
from .common import OnProgress, Receipt, check_prompts, reporter, seeds_for


@dataclass(frozen=True)
class GenerateResult:
    """Pictures [B, 3, H, W] in [-1, 1] and the receipt of the run."""

    images: Tensor
    receipt: Receipt


def generate(
    prior: Prior,
    prompts: Sequence[str],
    *,
    size: tuple[int, int],
    negative_prompt: str = "",
    steps: int = 50,
    scale: float = 7.5,
    carry: Literal["guided", "null"] = "guided",
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> GenerateResult:
    """Sample one picture for each prompt.

    Args:
        size: (height, width) in pixels, multiples of `prior.space.multiple`.
        scale: guidance scale; with `carry="null"` a CFG++ weight, 0 to 1.
        seeds: one a prompt; 0, 1, 2, ... by default.

    Example:
        >>> # images = generate(load("bundled"), ["a red heart"], size=(128, 128), scale=4.0).images
    """
    check_prompts([*prompts, negative_prompt])
    if not prompts:
        raise InputError("prompts: expected at least one")
    prior = whole(prior)
    multiple = prior.multiple
    if min(size) < multiple or size[0] % multiple or size[1] % multiple:
        raise InputError(f"size={size[1]}x{size[0]}: expected multiples of {multiple}")
    counted = prior.evaluations
    visits = prior.visits(steps, 1.0, size)
    cond, null = prior.embed(list(prompts)), prior.embed([negative_prompt])
    noise = Noise(seeds_for(seeds, len(prompts)))
    like = torch.empty(len(prompts), *prior.space.latent_shape(*size), device=prior.device)
    # level a < 1 at the top: unit noise, as every released sampler starts
    state = State.start(noise.normal(like), noise)
    guide = CFG(cond, null, scale, carry)
    done = dream_sample(state, prior, visits, guide, Solve(), keep, reporter(on_progress, "sample", len(visits)))
    with torch.no_grad():
        images = prior.space.decode(done.z0)
    return GenerateResult(images, Receipt(prior.evaluations - counted))
