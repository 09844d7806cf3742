"""A prior whose score is known exactly: Gaussians and mixtures of them, one for each prompt.

If z0 | c is an equal-weight mixture of N(mu_m, s^2 I), then for z = a z0 + b eps, with v = a^2 s^2 + b^2,

    E[z0 | z, c] = sum_m r_m (mu_m + (a s^2 / v) (z - a mu_m)),   r_m = softmax_m(-|z - a mu_m|^2 / (2 v)),
    E[eps | z, c] = sum_m r_m (b / v) (z - a mu_m).

Like a network it is told the time and the latent and nothing else: a and b are its schedule's at the time of the step,
and only its output is read at the step's own level. The two differ where inversion asks ahead.

Tests, docs and teaching stand on it: every sampler has a right answer here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.parameterization import KINDS, from_prediction, to_prediction
from ..core.schedule import TableSchedule
from ..core.types import Layout, Prediction, Schedule, Step
from .base import object_info
from .info import PriorInfo


@dataclass(frozen=True)
class IdentitySpace:
    """Images are their own latents."""

    channels: int = 3
    factor: int = 1
    multiple: int = 1

    def encode(self, images: Tensor) -> Tensor:
        return images

    def decode(self, z: Tensor) -> Tensor:
        return z

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        return self.channels, height, width

    def lean_decoding(self) -> AbstractContextManager[None]:
        return nullcontext()


@dataclass
class GaussianPrior:
    """Exact prior for tests, docs and teaching.

    Args:
        means: for each prompt the mean [C, h, w], or the means of an equal-weight mixture [M, C, h, w]. "" is the null
            prompt.
        std: standard deviation s of every component, > 0; a number, or a tensor that broadcasts to [C, h, w] (then
            mixtures are not allowed).
        kind: what the "network" outputs: "eps", "x0", "v" or "flow"; answers do not depend on it.
        schedule: noise path; Stable Diffusion's by default.

    Attributes:
        evaluations: latents that the "network" has seen so far.

    Example:
        >>> import torch
        >>> prior = GaussianPrior({"": torch.zeros(1, 2, 2)}, std=1.0)
        >>> step = prior.schedule.visits(10)[0]
        >>> z = torch.ones(1, 1, 2, 2)
        >>> torch.allclose(prior.predict([z], step, prior_conds := [prior.embed([""])])[0].z0, step.a * z)
        True
    """

    means: Mapping[str, Tensor]
    std: float | Tensor = 0.7
    kind: str = "eps"
    schedule: Schedule = field(default_factory=TableSchedule.scaled_linear)
    space: IdentitySpace = field(default_factory=IdentitySpace)
    evaluations: int = 0
    notes: tuple[str, ...] = ()
    layout: Layout | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"kind={self.kind!r}: expected one of {', '.join(KINDS)}")
        if not bool((torch.as_tensor(self.std) > 0).all()):
            raise InputError(f"std={self.std}: expected a positive standard deviation")
        for prompt, mean in self.means.items():
            if mean.dim() not in (3, 4):
                raise InputError(
                    f"mean of {prompt!r} has shape {tuple(mean.shape)}; expected [C, h, w] or [M, C, h, w]"
                )

    @property
    def native_size(self) -> None:
        """None: it has no size of its own."""
        return None

    @property
    def multiple(self) -> int:
        return self.space.multiple

    @property
    def device(self) -> torch.device:
        return next(iter(self.means.values()), torch.empty(0)).device

    def describe(self) -> PriorInfo:
        """Return its class's name: there is no checkpoint."""
        return object_info(self, self.device)

    def visits(self, steps: int, denoise: float = 1.0, size: tuple[int, int] | None = None) -> list[Step]:
        """Return the schedule's levels, the same at every size."""
        return self.schedule.visits(steps, denoise)

    def embed(self, prompts: Sequence[str]) -> tuple[str, ...]:
        unknown = [p for p in prompts if p not in self.means]
        if unknown:
            raise InputError(f"prompt {unknown[0]!r} is unknown to this prior; it knows {sorted(self.means)}")
        return tuple(prompts)

    def predict(self, zs: Sequence[Tensor], step: Step, conds: Sequence[tuple[str, ...]]) -> tuple[Prediction, ...]:
        return tuple(self._one(z, step, cond) for z, cond in zip(zs, conds, strict=True))

    def _one(self, z: Tensor, step: Step, prompts: tuple[str, ...]) -> Prediction:
        self.evaluations += z.shape[0]
        if len(prompts) not in (1, z.shape[0]):
            raise InputError(f"{len(prompts)} prompts for a batch of {z.shape[0]}; expected one, or one an item")
        a, b = self.schedule.ab(step.t)
        if len(prompts) == 1 and self.means[prompts[0]].dim() == 3:
            expected = self._expected(z, a, b, prompts[0])  # one Gaussian broadcasts over the batch
        else:
            each = prompts * z.shape[0] if len(prompts) == 1 else prompts
            items = [self._expected(item, a, b, p) for item, p in zip(z, each, strict=True)]
            expected = Prediction(torch.stack([item.z0 for item in items]), torch.stack([item.eps for item in items]))
        return to_prediction(z, from_prediction(expected, a, b, self.kind), step.a, step.b, self.kind)

    def clean_mean(self, z: Tensor, a: float, b: float, prompt: str) -> Tensor:
        """Return E[z0 | z, prompt] of one latent [C, h, w]."""
        return self._expected(z, a, b, prompt).z0

    def _expected(self, z: Tensor, a: float, b: float, prompt: str) -> Prediction:
        """Return E[z0 | z, prompt] and E[eps | z, prompt], which need no division by b."""
        mean = self.means[prompt].to(z)
        variance = torch.as_tensor(self.std, dtype=z.dtype, device=z.device) ** 2
        total = a * a * variance + b * b
        off = z - a * mean
        z0, eps = mean + a * variance / total * off, b / total * off
        if mean.dim() == 3:
            return Prediction(z0, eps)
        share = torch.softmax(-0.5 * (off**2 / total).flatten(1).sum(1), 0).view(-1, 1, 1, 1)
        return Prediction((share * z0).sum(0), (share * eps).sum(0))
