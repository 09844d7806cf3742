"""Solve by gradient steps on whatever draws the picture: the paths of an SVG, a radiance field, a latent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.state import State
from ..core.types import Prediction, Step
from ..generators.base import Generator, Rendering


class Loss(Protocol):
    """lambda R: a scalar loss of what the generator rendered, already weighted."""

    def __call__(self, rendering: Rendering, z: Tensor, pred: Prediction, step: Step) -> Tensor:
        """Return the loss, a sum over the items of a batch, so that none depends on another.

        Args:
            rendering: one view; its tensors carry the graph to the generator's parameters.
            z: the encoded image, [B, C, h, w].
            pred: what the prior predicted.
        """
        ...


Backward = Callable[[Tensor, Rendering, Any], None]
"""(loss, rendering, view), gradients enabled: fills `.grad` of the parameters, in place of `loss.backward()`."""


def unit(step: Step) -> float:
    """Weight 1 at every step: 0.5 |g(psi) - z0_hat|^2, eq. 14 in its z-form."""
    return 1.0


def sds_weight(weighting: Callable[[Step], float] = unit) -> Callable[[Step], float]:
    """Return w(t) a / b, which makes one step on |g(psi) - z0_hat|^2 the SDS gradient w(t) (eps_hat - eps)."""
    return lambda step: weighting(step) * step.a / step.b


def plain_backward(loss: Tensor, rendering: Rendering, view: Any) -> None:
    """Call `loss.backward()`."""
    loss.backward()


@dataclass
class Descend:
    """Gradient steps on 0.5 w(t) |E(g(psi)) - sg[z0_hat]|^2 + sum_k lambda_k R_k(g(psi)) (Algorithm 2, line by line).

    The z-form needs no s_t^2, which spans five orders of magnitude over a schedule, and no gradient through the prior.

    Args:
        generator: g; its parameters psi are changed in place, and between visits by nobody else.
        encode: E, image -> latent (identity if the prior lives in pixels).
        optimizer: a torch optimizer over `generator.parameters()`.
        losses: regularizers, each already weighted.
        weight: w(t), one number or one an item [B]; `sds_weight()` gives SDS, None leaves the prior out.
        inner: gradient steps at each visit, each a rendering, an encoding and their backward passes.
        before: called ahead of each gradient step with the visit (learning rates).
        after: called behind each gradient step with the visit (clamping, pruning).
        view: visit -> what to render (a camera), None for a single view.
        backward: in place of `loss.backward()`. A generator too large for one graph renders tensors that are leaves,
            and this function first propagates the loss to them, then renders again, part by part, to carry their
            gradients on to psi (deferred back-propagation).

    Raises:
        InputError: inner < 1.
    """

    generator: Generator
    encode: Callable[[Tensor], Tensor]
    optimizer: torch.optim.Optimizer
    losses: Sequence[Loss] = ()
    weight: Callable[[Step], float | Tensor] | None = unit
    inner: int = 1
    before: Callable[[Step], None] | None = None
    after: Callable[[Step], None] | None = None
    view: Callable[[Step], Any] | None = None
    backward: Backward = plain_backward
    loss: float = float("nan")
    _drawn: tuple[Rendering, Tensor] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.inner < 1:
            raise InputError(f"inner={self.inner}: expected at least one gradient step a visit")

    def needs_prior_grad(self, step: Step) -> bool:
        """Return False: nothing is differentiated through the prior."""
        return False

    def __call__(self, pred: Prediction, state: State, step: Step) -> Tensor:
        """Take the gradient steps of one visit; return the encoded picture after them, [B, C, h, w]."""
        target = pred.z0.detach()
        view = None if self.view is None else self.view(step)
        rendering, z = self._drawn if self._drawn is not None and self.view is None else self._draw(view)
        for _ in range(self.inner):
            if self.before is not None:
                self.before(step)
            with torch.enable_grad():
                loss = z.new_zeros(())
                if self.weight is not None:
                    pull = ((z - target) ** 2).flatten(1).sum(1)
                    loss = 0.5 * (self.weight(step) * pull).sum()
                for term in self.losses:
                    loss = loss + term(rendering, z, pred, step)
                self.optimizer.zero_grad(set_to_none=True)
                self.backward(loss, rendering, view)
            self.optimizer.step()
            self.loss = float(loss.detach())
            if self.after is not None:
                self.after(step)
            rendering, z = self._draw(view)
        # what was drawn for z' is what the next visit differentiates: one rendering and one encoding a gradient step
        self._drawn = (rendering, z)
        # a copy: if g and E are identities z is psi itself, which the next visit changes in place
        return z.detach().clone()

    def _draw(self, view: Any) -> tuple[Rendering, Tensor]:
        with torch.enable_grad():
            rendering = self.generator.render(view)
            return rendering, self.encode(rendering.image)

    def tensors(self) -> dict[str, Tensor]:
        """Return psi and the optimizer's moments, flat and named, for a checkpoint beside `State.tensors()`."""
        named = {f"psi.{i}": p.detach().clone() for i, p in enumerate(self.generator.parameters())}
        for i, moments in self.optimizer.state_dict()["state"].items():
            for name, value in moments.items():
                named[f"optimizer.{i}.{name}"] = torch.as_tensor(value).detach().clone()
        return named

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `tensors` described.

        Raises:
            InputError: they belong to another generator.
        """
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
