"""Solve by gradient steps on whatever draws the picture: the paths of an SVG, a radiance field, a latent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.state import State
from ..core.types import Generator, Prediction, Step


class Regularizer(Protocol):
    """lambda R: a scalar loss of what the generator drew."""

    def __call__(self, image: Tensor, z: Tensor, pred: Prediction, step: Step) -> Tensor: ...


def unit(step: Step) -> float:
    """Weight 1 at every step: 0.5 |g(psi) - z0_hat|^2, eq. 14 in its z-form."""
    return 1.0


def sds_weight(weighting: Callable[[Step], float] = unit) -> Callable[[Step], float]:
    """The weight that makes one step on |g(psi) - z0_hat|^2 the SDS gradient w(t) (eps_hat - eps): w(t) a / b."""
    return lambda step: weighting(step) * step.a / step.b


@dataclass
class Descend:
    """Gradient steps on 0.5 w(t) |E(g(psi)) - sg[z0_hat]|^2 + sum_k lambda_k R_k (Algorithm 2, line by line).

    The z-form needs no s_t^2, which spans five orders of magnitude over a schedule, and no gradient through the prior.

    Args:
        generator: g; its parameters psi are changed in place, and between visits by nobody else.
        encode: E, image -> latent (identity where the prior lives in pixels).
        optimizer: a torch optimizer over `generator.parameters()`.
        terms: regularizers, each already weighted.
        weight: w(t), one number or one an item [B]; `sds_weight()` gives SDS, 0 leaves the prior out.
        inner: gradient steps at each visit, each a rendering, an encoding and their backward passes.
        before: called ahead of each gradient step with the visit (learning rates).
        after: called behind each gradient step with the visit (clamping, renewal of dead paths).
        view: visit -> what to render (a camera), None for a single view.

    Raises:
        InputError: inner < 1.
    """

    generator: Generator
    encode: Callable[[Tensor], Tensor]
    optimizer: torch.optim.Optimizer
    terms: Sequence[Regularizer] = ()
    weight: Callable[[Step], float | Tensor] = unit
    inner: int = 1
    before: Callable[[Step], None] | None = None
    after: Callable[[Step], None] | None = None
    view: Callable[[Step], Any] | None = None
    loss: float = float("nan")
    _drawn: tuple[Tensor, Tensor] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.inner < 1:
            raise InputError(f"inner={self.inner}: expected at least one gradient step a visit")

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def __call__(self, pred: Prediction, state: State, step: Step) -> Tensor:
        target = pred.z0.detach()
        view = None if self.view is None else self.view(step)
        image, z = self._drawn if self._drawn is not None and self.view is None else self._draw(view)
        for _ in range(self.inner):
            if self.before is not None:
                self.before(step)
            with torch.enable_grad():
                pull = ((z - target) ** 2).flatten(1).sum(1)
                loss = 0.5 * (self.weight(step) * pull).sum()
                for term in self.terms:
                    loss = loss + term(image, z, pred, step)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            self.loss = float(loss.detach())
            if self.after is not None:
                self.after(step)
            image, z = self._draw(view)
        # what was drawn for z' is what the next visit differentiates: one rendering and one encoding a gradient step
        self._drawn = (image, z)
        # a copy: where g and E are identities z is psi itself, which the next visit changes in place
        return z.detach().clone()

    def _draw(self, view: Any) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            image = self.generator.render(view)
            return image, self.encode(image)

    def tensors(self) -> dict[str, Tensor]:
        """psi and the optimizer's moments as flat named tensors, for a checkpoint beside `State.tensors()`."""
        named = {f"psi.{i}": p.detach().clone() for i, p in enumerate(self.generator.parameters())}
        for i, moments in self.optimizer.state_dict()["state"].items():
            for name, value in moments.items():
                named[f"optimizer.{i}.{name}"] = torch.as_tensor(value).detach().clone()
        return named

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` described."""
        self._drawn = None
        parameters = list(self.generator.parameters())
        missing = [f"psi.{i}" for i in range(len(parameters)) if f"psi.{i}" not in tensors]
        if missing:
            raise InputError(f"checkpoint lacks {missing[0]}; it belongs to another generator")
        for i, parameter in enumerate(parameters):
            if tensors[f"psi.{i}"].shape != parameter.shape:
                had, has = list(tensors[f"psi.{i}"].shape), list(parameter.shape)
                raise InputError(f"checkpoint: psi.{i} is {had}, here {has}; it belongs to another generator")
        with torch.no_grad():
            for i, parameter in enumerate(parameters):
                parameter.copy_(tensors[f"psi.{i}"])
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith("optimizer."):
                _, index, name = key.split(".", 2)
                moments.setdefault(int(index), {})[name] = value.clone()
        saved = self.optimizer.state_dict()
        self.optimizer.load_state_dict({"state": moments, "param_groups": saved["param_groups"]})
