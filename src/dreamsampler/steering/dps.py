"""Gradients through the prior: diffusion posterior sampling and what shares its form."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.state import State
from ..core.types import LatentSpace, Prediction, Step
from ..operators import Measurement
from ..priors.placement import memory_guard
from .strength import Weight

REMEDY = "work on a smaller size, or call prior.checkpoint_gradients() first (a third slower)"

Loss = Callable[[Tensor], Tensor]
"""Clean estimate [B, C, h, w] -> one loss an item, [B]."""


@dataclass(frozen=True)
class PriorGradient:
    """z0 - scale(t) grad_z loss(z0_hat(z)), through the network and the decoder.

    In the next latent, z' = a' z0 + b' eps, this is a step of a' scale against the gradient: `over_next(zeta)` makes
    it the zeta of DPS (Chung et al., ICLR 2023), `one` the released inpainting's step of a'.

    Each item has its own loss, so that its step does not depend on the batch. Cost: one evaluation, forward and back.

    Args:
        loss: of the prior's own estimate, before other terms moved it.
        scale: step size as a function of the step.

    Raises:
        InputError: the prior's answer does not depend on the latent in a way that autograd can follow.
        OutOfMemory: with what to do.
    """

    loss: Loss
    scale: Weight

    def needs_prior_grad(self, step: Step) -> bool:
        return self.scale(step) != 0.0

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        scale = self.scale(step)
        if scale == 0.0:
            return z0
        if not pred.z0.requires_grad:
            raise InputError("prior: its estimate carries no gradient; a prior for DPS must not switch autograd off")
        with memory_guard("on the way back through network and decoder", REMEDY):
            (gradient,) = torch.autograd.grad(self.loss(pred.z0).sum(), state.z)
        return (z0 - scale * gradient).detach()


@dataclass(frozen=True)
class ResidualNorm:
    """|y - A D(z0)|, the norm and not its square, of each item: the loss of DPS.

    Args:
        measurement: y and A.
        space: D.
        lean: let a decoder that can compute its activations again on the way back instead of keeping them all.
    """

    measurement: Measurement
    space: LatentSpace
    lean: bool = False

    def __call__(self, z0: Tensor) -> Tensor:
        with self.space.lean_decoding() if self.lean else nullcontext():
            x = self.space.decode(z0)
        residual = self.measurement.residual(x)
        return torch.linalg.vector_norm(residual.flatten(1), dim=1)


def one(step: Step) -> float:
    """Scale 1: a step of a' in the next latent."""
    return 1.0


def over_next(zeta: float) -> Weight:
    """Scale zeta / a': a step of zeta in the next latent.

    Raises:
        InputError: zeta is negative or not a number.
    """
    if not zeta >= 0:
        raise InputError(f"zeta={zeta}: expected a step size of 0 or more")
    return lambda step: zeta / step.a_next


def released_step(
    measurement: Measurement, space: LatentSpace, dps: float, lean: bool = True, steps: int | None = None
) -> PriorGradient:
    """Return the DPS step of the released inpainting: z' loses dps a' grad_z |y - A D(z0_hat)|.

    Args:
        lean: see `ResidualNorm`.
        steps: N, to take shorter steps where there are more than 100 of them. The gradient of a norm does not shrink
            with the residual, so that the published steps go the further the more they are.

    Raises:
        InputError: dps is negative or not a number.
    """
    if not (math.isfinite(dps) and dps >= 0):
        raise InputError(f"dps={dps}: expected a step size of 0 or more")
    size = dps if steps is None else dps * min(1.0, 100 / steps)
    return PriorGradient(ResidualNorm(measurement, space, lean), lambda step: size)
