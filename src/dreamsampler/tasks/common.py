"""What every task shares: progress, receipts, input checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.loop import OnStep
from ..core.state import State
from ..core.types import Prior

OnProgress = Callable[[str, int, int, State], None]
"""(phase, steps done, steps in this phase, state)"""


@dataclass(frozen=True)
class RunStats:
    """What a run really did.

    Attributes:
        evaluations: latents that the network saw (a batch of B with K + 1 branches counts B (K + 1) a step).
        notes: resizes, fallbacks, warnings, in words.
    """

    evaluations: int
    notes: tuple[str, ...] = ()


def reporter(on_progress: OnProgress | None, phase: str, total: int) -> OnStep | None:
    """An `on_step` that tells the phase and how far it is."""
    if on_progress is None:
        return None
    return lambda state, step: on_progress(phase, step.index + 1, total, state)


def evaluations(prior: Prior) -> int:
    """Return the prior's counter."""
    return prior.evaluations


def check_images(prior: Prior, images: Tensor, name: str = "images") -> None:
    """Raise `InputError` unless images are finite floats [B, C, H, W] that fit the prior's pixel grid."""
    if images.dim() != 4 or not images.is_floating_point():
        raise InputError(f"{name}: expected floats [B, 3, H, W] in [-1, 1], got {images.dtype} {tuple(images.shape)}")
    if not bool(torch.isfinite(images).all()):
        raise InputError(f"{name}: has NaN or infinite values; mend the file")
    check_size(prior, images.shape[-2:], name)


def check_size(prior: Prior, size: Sequence[int], name: str = "size") -> None:
    """Raise `InputError` unless (height, width) in pixels fits the prior's grid."""
    multiple = prior.multiple
    height, width = size
    if min(height, width) < 1 or height % multiple or width % multiple:
        raise InputError(f"{name}: {width}x{height} is no multiple of {multiple}; fit it with io.fit first")


def check_prompts(prompts: Sequence[str], name: str = "prompts") -> None:
    """Raise `InputError` unless every prompt is a string."""
    for prompt in prompts:
        if not isinstance(prompt, str):
            raise InputError(f"{name}: expected strings, got {type(prompt).__name__} {prompt!r}")


def seeds_for(seeds: Sequence[int] | None, batch: int) -> list[int]:
    """One seed an item: as given, or 0, 1, 2, ..."""
    chosen = list(range(batch)) if seeds is None else [int(s) for s in seeds]
    if len(chosen) != batch:
        raise InputError(f"seeds: got {len(chosen)} for a batch of {batch}; expected one an item")
    return chosen


def to_latent_masks(masks: Sequence[Tensor], size: tuple[int, int], like: Tensor) -> tuple[Tensor, ...]:
    """Masks [1 or B, 1, H, W] in [0, 1] averaged down to the latent grid (h, w): a soft edge stays soft."""
    shrunk = []
    for i, mask in enumerate(masks):
        if mask.dim() != 4 or mask.shape[1] != 1:
            raise InputError(f"mask {i}: expected [1 or B, 1, H, W], got {tuple(mask.shape)}")
        low, high = float(mask.min()), float(mask.max())
        if low < 0.0 or high > 1.0 or math.isnan(low):
            raise InputError(f"mask {i}: values span {low:g} to {high:g}; expected within [0, 1]")
        if high == 0.0:
            raise InputError(f"mask {i} is empty: nothing would be edited; paint the region in white")
        area = torch.nn.functional.interpolate(mask.float(), size=size, mode="area")
        shrunk.append(area.to(device=like.device, dtype=like.dtype))
    return tuple(shrunk)


def psnr(images: Tensor, truth: Tensor) -> list[float]:
    """Peak signal-to-noise ratio of each item in dB, for images in [-1, 1] (clamped to that range)."""
    error = (images.clamp(-1, 1) - truth.clamp(-1, 1)).double().square().flatten(1).mean(1) / 4.0
    return [float(-10.0 * torch.log10(e.clamp_min(1e-12))) for e in error]
