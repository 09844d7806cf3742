"""Noise that can be reproduced: one CPU generator an item, float32 draws, the global generator never touched."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .errors import InputError


class Noise:
    """A stream of standard normal draws for each item of a batch.

    Item k of a batch draws the same numbers as a batch of one with the same seed, on every device and in every dtype:
    draws are made on the CPU in float32 and then moved.

    Example:
        >>> import torch
        >>> both, second = Noise([7, 8]), Noise([8])
        >>> like = torch.empty(2, 3)
        >>> torch.equal(both.normal(like)[1:], second.normal(like[:1]))
        True
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        if not seeds:
            raise InputError("seeds: expected one seed for each item of the batch, got none")
        for seed in seeds:
            if not -(2**63) <= seed < 2**64:
                raise InputError(f"seed={seed}: expected a 64-bit integer")
        self._generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]

    def __len__(self) -> int:
        return len(self._generators)

    def normal(self, like: Tensor) -> Tensor:
        """xi ~ N(0, I) with the shape, dtype and device of `like` ([B, ...], B = number of seeds)."""
        if like.shape[0] != len(self):
            raise InputError(f"batch of {like.shape[0]} items but {len(self)} seeds; give one seed an item")
        draws = [torch.randn(like.shape[1:], generator=g, dtype=torch.float32) for g in self._generators]
        return torch.stack(draws).to(device=like.device, dtype=like.dtype)

    def uniform(self) -> list[float]:
        """One draw from U[0, 1) an item."""
        return [float(torch.rand((), generator=g, dtype=torch.float64)) for g in self._generators]

    def copy(self) -> Noise:
        """Return streams that go on as these would, without moving them."""
        other = Noise([0] * len(self))
        other._generators = [generator.clone_state() for generator in self._generators]
        return other

    def get_state(self) -> Tensor:
        """The generators' states, [B, bytes] uint8."""
        return torch.stack([g.get_state() for g in self._generators])

    @classmethod
    def from_state(cls, states: Tensor) -> Noise:
        """A stream that goes on where `get_state` was taken."""
        noise = cls([0] * states.shape[0])
        expected = noise.get_state()
        if states.shape != expected.shape or states.dtype != torch.uint8:
            raise InputError(f"saved noise state: expected bytes of shape {tuple(expected.shape)}; the file is damaged")
        for generator, state in zip(noise._generators, states, strict=True):
            # a copy: torch 2.13 reads past the end of a state that is a view with an offset
            generator.set_state(state.clone())
        return noise
