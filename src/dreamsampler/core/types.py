"""The loop's vocabulary: the records that travel through it and the roles that its parts play.

Shapes: a latent z is [B, C, h, w]; images are [B, 3, H, W] in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

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

    def ab(self, t: float) -> tuple[float, float]: ...

    def visits(self, n: int, start: float = 1.0) -> list[Step]: ...


class LatentSpace(Protocol):
    """Between images [B, 3, H, W] in [-1, 1] and latents; H and W multiples of `factor`."""

    @property
    def factor(self) -> int:
        """Pixels a latent cell, along a side."""
        ...

    def encode(self, images: Tensor) -> Tensor:
        """The mean of the encoder's posterior: deterministic."""
        ...

    def decode(self, z: Tensor) -> Tensor: ...

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        """(C, h, w) of the latent of an image of this size."""
        ...


class Prior(Protocol):
    """A diffusion model, whatever its network outputs."""

    @property
    def schedule(self) -> Schedule: ...

    @property
    def space(self) -> LatentSpace: ...

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
