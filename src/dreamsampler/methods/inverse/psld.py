"""PSLD: posterior sampling with latent diffusion (Rout et al., NeurIPS 2023, 2307.00619).

Shares the loop: yes (CFG, a gradient through the prior, kept noise, descending steps from noise).
z' <- DDIM(z) - grad_z (omega |y - A D(z0_hat)| + gamma |z0_hat - E(x_g)|), x_g = D(z0_hat) + A^+ (y - A D(z0_hat)): the
second loss asks that the latent be a fixed point of decoding, gluing the measurement in, and encoding. The paper writes
A^T y + (I - A^T A) D(z0_hat), which is the same wherever A A^T = I, as for masks.
1 evaluation a step with its gradient, and the gradient of decoder and encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.types import LatentSpace, Prior
from ...operators import Measurement, pseudo_inverse
from ...steering.dps import PriorGradient, over_next
from ...steering.guidance import CFG
from ...steering.renoise import ddim
from ...steering.solve import Solve
from ...tasks.restore import Parts, Prompt, embed_batch, first_state


@dataclass(frozen=True)
class GluingLoss:
    """omega |y - A D(z0)| + gamma |z0 - E(D(z0) + A^+ (y - A D(z0)))| of each item."""

    measurement: Measurement
    space: LatentSpace
    omega: float
    gamma: float

    def __call__(self, z0: Tensor) -> Tensor:
        x = self.space.decode(z0)
        residual = self.measurement.residual(x)
        loss = self.omega * torch.linalg.vector_norm(residual.flatten(1), dim=1)
        if self.gamma == 0.0:
            return loss
        glued = self.space.encode(x + pseudo_inverse(self.measurement.operator, residual, cutoff=0.1))
        return loss + self.gamma * torch.linalg.vector_norm((z0 - glued).flatten(1), dim=1)


def psld(
    prior: Prior,
    measurement: Measurement,
    prompt: Prompt = "",
    *,
    null_prompt: str = "",
    steps: int = 200,
    scale: float = 1.0,
    omega: float = 1.0,
    gamma: float = 0.5,
    eta: float = 0.0,
    seeds: Sequence[int] | None = None,
) -> Parts:
    """The loop's parts of PSLD.

    Args:
        omega, gamma: weights of the two losses; 1 and 0.5 in DreamSampler's copy with 200 steps, 0.1 and 0.01 in
            PSLD's own box inpainting with Stable Diffusion and 1000 steps.
        steps, scale, eta, seeds: as in latent DPS.
    """
    if not (omega >= 0 and gamma >= 0):
        raise InputError(f"omega={omega}, gamma={gamma}: expected weights of 0 or more")
    visits = prior.schedule.visits(steps)
    null = prior.embed([null_prompt])
    guide = CFG(embed_batch(prior, prompt, measurement.y.shape[0]), null, scale)
    term = PriorGradient(GluingLoss(measurement, prior.space, omega, gamma), over_next(1.0))
    return Parts(first_state(prior, measurement, null, visits, seeds=seeds), visits, guide, Solve((term,)), ddim(eta))
