"""What every editing baseline begins and ends with, so that each file holds its method and nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.noise import Noise
from ..core.state import State
from ..core.types import Condition, Prior, Step
from ..tasks.common import Receipt, check_images, check_prompts, evaluations, seeds_for

Prompt = str | Sequence[str]
"""One prompt for all pictures of a batch, or one a picture."""


@dataclass(frozen=True)
class Edited:
    """Pictures [B, 3, H, W] in [-1, 1] and the receipt of the run."""

    images: Tensor
    receipt: Receipt


@dataclass(frozen=True)
class Begun:
    """An edit before its first step: the encoded pictures, their random streams, the evaluations counted so far."""

    z: Tensor
    noise: Noise
    counted: int

    def at(self, step: Step) -> State:
        """The pictures at the level of `step`, z = a z_src + b xi with fresh xi."""
        noisy = step.a * self.z + step.b * self.noise.normal(self.z)
        return State.start(noisy, self.noise, z0=self.z)

    def clean(self) -> State:
        """The pictures themselves, where an inversion starts."""
        return State.start(self.z, self.noise)

    def top(self, z: Tensor) -> State:
        """An inverted latent, where a sampler starts."""
        return State.start(z, self.noise, z0=self.z)


def begin(prior: Prior, images: Tensor, seeds: Sequence[int] | None) -> Begun:
    """Check and encode the pictures and open one random stream for each.

    Raises:
        InputError: the pictures or the number of seeds do not fit.
    """
    check_images(prior, images)
    noise = Noise(seeds_for(seeds, images.shape[0]))
    counted = evaluations(prior)
    with torch.no_grad():
        return Begun(prior.space.encode(images), noise, counted)


def finish(prior: Prior, done: State, begun: Begun, notes: tuple[str, ...] = ()) -> Edited:
    """Decode the last solution and write the receipt."""
    with torch.no_grad():
        images = prior.space.decode(done.z0)
    return Edited(images, Receipt(evaluations(prior) - begun.counted, notes))


def embed(prior: Prior, prompt: Prompt, batch: int, name: str = "prompt") -> Condition:
    """The condition of one prompt for the batch, or of one prompt for each of its pictures.

    Raises:
        InputError: a prompt is no string, or their number is neither 1 nor the batch's.
    """
    prompts = [prompt] if isinstance(prompt, str) else list(prompt)
    check_prompts(prompts, name)
    if len(prompts) not in (1, batch):
        raise InputError(f"{name}: got {len(prompts)} for {batch} pictures; expected one, or one a picture")
    return prior.embed(prompts)


class Texts(NamedTuple):
    """What the prompts of an edit say: the target's, the source's and the empty one's condition."""

    target: Condition
    source: Condition
    null: Condition


def embed_texts(prior: Prior, prompt: Prompt, source_prompt: Prompt, batch: int) -> Texts:
    """The conditions of the target's, the source's and the empty prompt.

    Raises:
        InputError: as `embed`; the text says which of the two prompts it is.
    """
    source = embed(prior, source_prompt, batch, "source_prompt")
    return Texts(embed(prior, prompt, batch), source, embed(prior, "", batch))


def check_number(name: str, value: float, low: float = 0.0, high: float = math.inf) -> None:
    """Raise `InputError` unless low <= value <= high and value is finite."""
    if not (math.isfinite(value) and low <= value <= high):
        raise InputError(f"{name}={value}: expected a finite number, {low:g} to {high:g}")
