"""Text to picture: the plain sampler, DDIM or CFG++, through the loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import torch

from ..core.errors import InputError
from ..core.noise import Noise
from ..core.settings import Doc, settings
from ..core.state import State
from ..core.types import Prior
from ..priors.base import whole
from ..steering.guidance import CFG
from .common import OnProgress, check_prompts, seeds_for
from .options import GuidanceScale, NegativePrompt, Steps, from_options
from .plan import Leg, Plan, Sampled, run_plan


@dataclass(frozen=True)
class GenerateCase:
    """Prompts, and the size of their pictures.

    Attributes:
        prior: the diffusion model.
        prompts: one a picture.
        size: (height, width) in pixels.
        noise: one random stream a picture.
    """

    prior: Prior
    prompts: tuple[str, ...]
    size: tuple[int, int]
    noise: Noise

    @classmethod
    def of(
        cls, prior: Prior, prompts: Sequence[str], size: tuple[int, int], seeds: Sequence[int] | None = None
    ) -> GenerateCase:
        """Check prompts and size and open one random stream for each picture.

        Raises:
            InputError: no prompts, no text, a size off the prior's grid, or another number of seeds.
        """
        check_prompts(prompts)
        if not prompts:
            raise InputError("prompts: expected at least one")
        prior = whole(prior)
        if min(size) < prior.multiple or size[0] % prior.multiple or size[1] % prior.multiple:
            raise InputError(f"size={size[1]}x{size[0]}: expected multiples of {prior.multiple}")
        return cls(prior, tuple(prompts), size, Noise(seeds_for(seeds, len(prompts))))


@settings
class Generate:
    """Sample pictures of prompts; called with a `GenerateCase` it gives the plan. 2 evaluations a step."""

    steps: Steps = 50
    guidance_scale: GuidanceScale = 7.5
    negative_prompt: NegativePrompt = ""
    renoise: Annotated[
        Literal["guided", "uncond"],
        Doc("The noise that goes back: the guided one (DDIM), or the null prompt's (CFG++, with a scale of 0 to 1)."),
    ] = "guided"

    def __call__(self, case: GenerateCase) -> Plan:
        prior, size = case.prior, case.size
        check_prompts([self.negative_prompt], "negative_prompt")
        like = torch.empty(len(case.prompts), *prior.space.latent_shape(*size), device=prior.device)
        # level a < 1 at the top: unit noise, as every released sampler starts
        state = State.start(case.noise.normal(like), case.noise)
        null = prior.embed([self.negative_prompt])
        guide = CFG(prior.embed(list(case.prompts)), null, self.guidance_scale, self.renoise)
        return Plan((Leg("sample", state, prior.visits(self.steps, 1.0, size), guide),))


def generate(
    prior: Prior,
    prompts: Sequence[str],
    *,
    size: tuple[int, int],
    settings: Generate | None = None,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
    **options: object,
) -> Sampled:
    """Sample one picture for each prompt.

    Args:
        size: (height, width) in pixels, multiples of `prior.multiple`.
        settings: numbers of the sampler; `options` are single ones, `steps=20`, that replace those.
        seeds: one a prompt; 0, 1, 2, ... by default.

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example:
        >>> # images = generate(load("bundled"), ["a red heart"], size=(128, 128), guidance_scale=4.0).images
    """
    chosen = from_options(Generate, options) if settings is None else replace(settings, **options)  # type: ignore[arg-type]
    prior = whole(prior)
    return run_plan(prior, chosen(GenerateCase.of(prior, prompts, size, seeds)), on_progress)
