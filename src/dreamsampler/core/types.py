"""The loop's vocabulary: the records that travel through it and the roles that its parts play.

Shapes: a latent z is [B, C, h, w]; images are [B, 3, H, W] in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
from torch import Tensor

if TYPE_CHECKING:
    from .state import State


class Step(NamedTuple):
    """One visit of the sampler: from level (t, a, b) to level (t_next, a_next, b_next); z = a z0 + b eps."""

    index: int  # type: ignore[assignment]  # shadows tuple.index, which no step needs
    t: float
    a: float
    b: float
    t_next: float
    a_next: float
    b_next: float


class Prediction(NamedTuple):
    """What a prior believes about a latent.

    Attributes:
        z0: estimate of the clean latent (Tweedie), [B, C, h, w].
        eps: estimate of the noise in it, same shape.
        targets: further estimates of the clean latent, one for each prompt that a `Solve` may pull towards.
    """

    z0: Tensor
    eps: Tensor
    targets: tuple[Tensor, ...] = ()


Condition = Any
"""What a prior makes of prompts. Opaque to all but the prior that made it."""


class Schedule(Protocol):
    """The noise path and the times to visit on it."""

    @property
    def length(self) -> int:
        """Times on the path: networks take t from 0 to about this."""
        ...

    def ab(self, t: float) -> tuple[float, float]: ...

    def visits(self, n: int, start: float = 1.0) -> list[Step]: ...


class LatentSpace(Protocol):
    """Between images [B, 3, H, W] in [-1, 1] and latents; H and W multiples of `factor`."""

    @property
    def factor(self) -> int:
        """Pixels a latent cell, along a side."""
        ...

    @property
    def multiple(self) -> int:
        """Sides of pictures are multiples of this many pixels."""
        ...

    def encode(self, images: Tensor) -> Tensor:
        """The mean of the encoder's posterior: deterministic."""
        ...

    def decode(self, z: Tensor) -> Tensor: ...

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        """(C, h, w) of the latent of an image of this size."""
        ...

    def lean_decoding(self) -> AbstractContextManager[None]:
        """While the block runs, a decoding keeps as little as it can for the way back."""
        ...


@dataclass(frozen=True)
class Layout:
    """Which row of a network's call is which branch of which item.

    Branch k is the k-th pair of latent and condition in `predict`. A call that is split for want of memory has rows of
    several branches, or of some items only, so rows are named here and never counted.

    Attributes:
        branches: of each row, the number of its pair.
        items: of each row, the number of its picture in the batch.
        conds: the condition of each branch, to tell branches apart.

    Example:
        >>> layout = Layout.of([2, 2], ["null", "cat"])
        >>> layout.branches, layout.items
        ((0, 0, 1, 1), (0, 1, 0, 1))
        >>> layout.part(1, 3).items
        (1, 0)
    """

    branches: tuple[int, ...]
    items: tuple[int, ...]
    conds: tuple[Condition, ...] = ()

    @classmethod
    def of(cls, rows: Sequence[int], conds: Sequence[Condition] = ()) -> Layout:
        """Return the layout of one call with so many rows a branch."""
        branches = tuple(k for k, count in enumerate(rows) for _ in range(count))
        return cls(branches, tuple(item for count in rows for item in range(count)), tuple(conds))

    def part(self, start: int, stop: int) -> Layout:
        """Return the layout of some of the rows."""
        return Layout(self.branches[start:stop], self.items[start:stop], self.conds)


class Prior(Protocol):
    """A diffusion model, whatever its network outputs.

    The library wraps priors that have only `schedule`, `space`, `embed` and `predict`: see `priors.base.whole`.
    """

    @property
    def schedule(self) -> Schedule: ...

    @property
    def space(self) -> LatentSpace: ...

    @property
    def native_size(self) -> int | None:
        """Side in pixels of the pictures that it was trained on; None if it has no such size."""
        ...

    @property
    def multiple(self) -> int:
        """Sides of pictures are multiples of this many pixels."""
        ...

    @property
    def device(self) -> torch.device:
        """Where its latents are."""
        ...

    @property
    def evaluations(self) -> int:
        """Latents that the network has seen so far."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What a receipt should hold: retries, overridden settings, cut prompts."""
        ...

    @property
    def layout(self) -> Layout | None:
        """The rows of the network's call in progress, for what reads or changes it from inside; None outside."""
        ...

    def describe(self) -> Any:
        """Its identity, a `priors.info.PriorInfo`, for recipes and listings."""
        ...

    def visits(self, steps: int, denoise: float = 1.0, size: tuple[int, int] | None = None) -> list[Step]:
        """The levels to visit, noisy to clean; `denoise` keeps the lowest share of them.

        Args:
            size: (height, width) of the picture in pixels; flow models shift their levels by it.
        """
        ...

    def embed(self, prompts: Sequence[str]) -> Condition:
        """One prompt an item, or a single prompt for all items; "" is the null prompt."""
        ...

    def predict(self, zs: Sequence[Tensor], step: Step, conds: Sequence[Condition]) -> tuple[Prediction, ...]:
        """Estimates for pairs of latent and condition, all in one evaluation of the network."""
        ...


class Guidance(Protocol):
    """Turns one or more evaluations of the prior into a single prediction."""

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction: ...


class Term(Protocol):
    """One regularizer R_k: moves the clean estimate towards what R_k wants, in closed form or by gradient."""

    def needs_prior_grad(self, step: Step) -> bool:
        """True where the term differentiates the prediction with respect to the noisy latent (DPS)."""
        ...

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor: ...


class Solve(Protocol):
    """argmin over psi of |g(psi) - pred.z0|^2 + sum_k lambda_k R_k(g(psi)); returns g(psi), a clean latent."""

    def needs_prior_grad(self, step: Step) -> bool: ...

    def __call__(self, pred: Prediction, state: State, step: Step) -> Tensor: ...


class Renoise(Protocol):
    """Chooses the noise that goes back into the clean latent."""

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor: ...
