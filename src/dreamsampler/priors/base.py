"""The whole contract of a prior (`core.types.Prior`), for priors that answer only a part of it.

A prior written by somebody else needs `schedule`, `space`, `embed` and `predict`. `whole` wraps it once, where it
enters the library, with sane answers to everything else. Behind that point nothing asks whether a prior has an
attribute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor

from ..core.types import Condition, LatentSpace, Layout, Prediction, Prior, Schedule, Step
from .info import PriorInfo

CONTRACT = ("native_size", "multiple", "device", "evaluations", "notes", "layout", "describe", "visits")
"""What a prior has beside its schedule, space, embed and predict."""


def whole(prior: Any) -> Prior:
    """Return the prior itself, if it answers the whole contract, or else wrapped with sane answers.

    Example:
        >>> from dreamsampler.priors.gaussian import GaussianPrior
        >>> prior = GaussianPrior({"": torch.zeros(1, 2, 2)})
        >>> whole(prior) is prior
        True
    """
    known = all(hasattr(prior, name) for name in CONTRACT) and hasattr(prior.space, "lean_decoding")
    return prior if known else Wrapped(prior)


class Wrapped:
    """A prior with the four members that it must have, answering the rest of the contract.

    Its native size is unknown, its pictures' sides are multiples of the space's `multiple` or `factor`, its levels do
    not depend on the size, latents are on the CPU unless it has a `device`, and evaluations are counted here unless it
    counts them itself.
    """

    def __init__(self, prior: Any) -> None:
        self.prior = prior
        self.space: LatentSpace = prior.space if hasattr(prior.space, "lean_decoding") else WrappedSpace(prior.space)
        self._counted = 0
        self.layout: Layout | None = None

    @property
    def schedule(self) -> Schedule:
        return self.prior.schedule

    @property
    def native_size(self) -> int | None:
        return getattr(self.prior, "native_size", None)

    @property
    def multiple(self) -> int:
        return self.space.multiple

    @property
    def device(self) -> torch.device:
        return torch.device(getattr(self.prior, "device", "cpu"))

    @property
    def evaluations(self) -> int:
        return int(getattr(self.prior, "evaluations", self._counted))

    @property
    def notes(self) -> Sequence[str]:
        return tuple(getattr(self.prior, "notes", ()))

    def describe(self) -> PriorInfo:
        """Return what it says of itself, or its class's name."""
        if hasattr(self.prior, "describe"):
            return self.prior.describe()
        return object_info(self.prior, self.device)

    def visits(self, steps: int, denoise: float = 1.0, size: tuple[int, int] | None = None) -> list[Step]:
        """Return the levels to visit; of its own, if it has such a method, or its schedule's at every size."""
        if hasattr(self.prior, "visits"):
            return self.prior.visits(steps, denoise, size)
        return self.schedule.visits(steps, denoise)

    def embed(self, prompts: Sequence[str]) -> Condition:
        return self.prior.embed(prompts)

    def predict(self, zs: Sequence[Tensor], step: Step, conds: Sequence[Condition]) -> tuple[Prediction, ...]:
        self._counted += sum(z.shape[0] for z in zs)
        self.layout = Layout.of([z.shape[0] for z in zs], conds)
        try:
            return self.prior.predict(zs, step, conds)
        finally:
            self.layout = None


class WrappedSpace:
    """A latent space with the rest of its contract: `multiple`, and a `lean_decoding` that saves nothing."""

    def __init__(self, space: Any) -> None:
        self._space = space
        self.factor = int(space.factor)
        self.multiple = int(getattr(space, "multiple", space.factor))

    def encode(self, images: Tensor) -> Tensor:
        return self._space.encode(images)

    def decode(self, z: Tensor) -> Tensor:
        return self._space.decode(z)

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        return self._space.latent_shape(height, width)

    @contextmanager
    def lean_decoding(self) -> Iterator[None]:
        with nullcontext():
            yield


def object_info(prior: Any, device: torch.device) -> PriorInfo:
    """Return the description of a prior that is an object of Python and no checkpoint."""
    return PriorInfo(f"object:{type(prior).__name__}", "object", "eps", 0, 0, str(device), "float32")
