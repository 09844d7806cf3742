"""What a method is given: pictures to edit, or a measurement to restore from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.noise import Noise
from ..core.state import State
from ..core.types import Condition, Prior, Step
from ..operators import Mask, Measurement, RectangleMask
from ..priors.base import whole
from .common import OnProgress, check_images, check_prompts, check_size, seeds_for, to_latent_masks
from .plan import Plan, Sampled, run_plan

Prompt = str | Sequence[str]
"""One prompt for the whole batch, or one an item."""


def embed(prior: Prior, prompt: Prompt, batch: int, name: str = "prompt") -> Condition:
    """Return the condition of one prompt for the batch, or of one an item.

    Raises:
        InputError: a prompt is no string, or their number is neither 1 nor the batch's.
    """
    prompts = [prompt] if isinstance(prompt, str) or not isinstance(prompt, Sequence) else list(prompt)
    check_prompts(prompts, name)
    if len(prompts) not in (1, batch):
        raise InputError(f"{name}: got {len(prompts)} for a batch of {batch}; expected one, or one an item")
    return prior.embed(prompts)


class Editing(Protocol):
    """A method that edits pictures."""

    def __call__(self, case: EditCase) -> Plan: ...


class Restoring(Protocol):
    """A method that restores pictures from a measurement."""

    def __call__(self, case: InverseCase) -> Plan: ...


@dataclass(frozen=True)
class EditCase:
    """Pictures and what they should show.

    Attributes:
        prior: the diffusion model.
        z: the encoded pictures, [B, C, h, w].
        noise: one random stream a picture.
        size: (height, width) in pixels.
        prompts: what the edited pictures show; each one for all, or one a picture. Most methods take one.
        source_prompt: what the given pictures show.
        masks: where each prompt may act, [1 or B, 1, H, W] in [0, 1]; () if nothing was said.
    """

    prior: Prior
    z: Tensor
    noise: Noise
    size: tuple[int, int]
    prompts: tuple[Prompt, ...] = ("",)
    source_prompt: Prompt = ""
    masks: tuple[Tensor, ...] = ()

    @classmethod
    def of(
        cls,
        prior: Prior,
        images: Tensor,
        *prompts: Prompt,
        source_prompt: Prompt = "",
        masks: Sequence[Tensor] = (),
        seeds: Sequence[int] | None = None,
    ) -> EditCase:
        """Check and encode pictures [B, 3, H, W] in [-1, 1] and open one random stream for each.

        Raises:
            InputError: no prompt, or the pictures or the number of seeds do not fit.
        """
        prior = whole(prior)
        check_images(prior, images)
        if not prompts:
            raise InputError("prompts: expected at least one")
        noise = Noise(seeds_for(seeds, images.shape[0]))
        with torch.no_grad():
            z = prior.space.encode(images)
        return cls(prior, z, noise, (images.shape[-2], images.shape[-1]), prompts, source_prompt, tuple(masks))

    @cached_property
    def targets(self) -> tuple[Condition, ...]:
        """The condition of each prompt."""
        return tuple(embed(self.prior, prompt, self.z.shape[0]) for prompt in self.prompts)

    @property
    def target(self) -> Condition:
        """The condition of the only prompt.

        Raises:
            InputError: there are several.
        """
        if len(self.prompts) != 1:
            raise InputError(f"prompts: this method takes one, got {len(self.prompts)}")
        return self.targets[0]

    @cached_property
    def source(self) -> Condition:
        """The condition of `source_prompt`."""
        return embed(self.prior, self.source_prompt, self.z.shape[0], "source_prompt")

    @cached_property
    def null(self) -> Condition:
        """The condition of the empty prompt."""
        return self.prior.embed([""])

    @cached_property
    def regions(self) -> tuple[Tensor, ...]:
        """The masks at latent resolution, [1 or B, 1, h, w] each.

        Raises:
            InputError: one is no mask, or empty.
        """
        return to_latent_masks(self.masks, (self.z.shape[-2], self.z.shape[-1]), self.z)

    @property
    def region(self) -> Tensor:
        """The only mask at latent resolution.

        Raises:
            InputError: there is none, or several.
        """
        if len(self.masks) != 1:
            raise InputError(f"mask: this method paints one region anew and needs one mask, got {len(self.masks)}")
        return self.regions[0]

    def visits(self, steps: int, denoise: float = 1.0) -> list[Step]:
        """Return the levels that the prior visits at this size, noisy to clean."""
        return self.prior.visits(steps, denoise, self.size)

    def noised(self, step: Step) -> State:
        """Return the pictures at the level of a step, a z + b xi with fresh xi."""
        noisy = step.a * self.z + step.b * self.noise.normal(self.z)
        return State.start(noisy, self.noise, z0=self.z)

    def clean(self) -> State:
        """Return the pictures themselves, where an inversion starts."""
        return State.start(self.z, self.noise)


@dataclass(frozen=True)
class InverseCase:
    """A measurement and what the scene shows.

    Attributes:
        prior: the diffusion model.
        measurement: y, its operator and its noise.
        prompt: one for all scenes, or one a scene.
        noise: one random stream a scene.
    """

    prior: Prior
    measurement: Measurement
    prompt: Prompt
    noise: Noise

    @classmethod
    def of(
        cls, prior: Prior, measurement: Measurement, prompt: Prompt = "", seeds: Sequence[int] | None = None
    ) -> InverseCase:
        """Check a measurement's scene and open one random stream for each item.

        Raises:
            InputError: the scene is not on the prior's grid, or the number of seeds does not fit.
        """
        prior = whole(prior)
        check_size(prior, measurement.scene[1:], "scene")
        return cls(prior, measurement, prompt, Noise(seeds_for(seeds, measurement.y.shape[0])))

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the scene in pixels."""
        return self.measurement.scene[1], self.measurement.scene[2]

    @property
    def batch(self) -> int:
        return self.measurement.y.shape[0]

    @cached_property
    def target(self) -> Condition:
        """The condition of `prompt`."""
        return embed(self.prior, self.prompt, self.batch)

    def embed(self, text: str) -> Condition:
        """Return the condition of a negative prompt."""
        check_prompts([text], "negative_prompt")
        return self.prior.embed([text])

    def visits(self, steps: int, denoise: float = 1.0) -> list[Step]:
        """Return the levels that the prior visits at this size, noisy to clean."""
        return self.prior.visits(steps, denoise, self.size)

    def pure_noise(self) -> State:
        """Return the top of the trajectory."""
        shape = self.prior.space.latent_shape(*self.size)
        like = torch.empty(self.batch, *shape, dtype=self.measurement.y.dtype, device=self.prior.device)
        return State.start(self.noise.normal(like), self.noise)

    def first_guess(self) -> State:
        """Return the encoded A^+ y, where an inversion starts."""
        guess = self.measurement.first_guess()
        check_images(self.prior, guess, "scene")
        with torch.no_grad():
            return State.start(self.prior.space.encode(guess), self.noise)

    def backprojection(self) -> Tensor:
        """Return the encoded A^T y: holes are mid-gray."""
        y = self.measurement.backprojection()
        with torch.no_grad():
            return self.prior.space.encode(y.to(self.prior.device))

    def known(self) -> Tensor:
        """Return what a measurement through a mask kept, [1 or B, 1, H, W].

        Raises:
            InputError: the operator is not a mask.
        """
        operator = self.measurement.operator
        if isinstance(operator, RectangleMask):
            return operator.forward(torch.ones(1, 1, *self.measurement.scene[1:]))
        if not isinstance(operator, Mask):
            name = type(operator).__name__
            raise InputError(f"operator: this method fills masks only, got {name}; use another method")
        return operator.keep


def restored_by(method: Restoring, case: InverseCase, on_progress: OnProgress | None = None) -> Sampled:
    """Run a restoring method and measure how well its pictures explain y."""
    done = run_plan(case.prior, method(case), on_progress)
    return replace(done, misfit=tuple(case.measurement.misfit(done.images)))
