"""PSLD: posterior sampling with latent diffusion (Rout et al., NeurIPS 2023, 2307.00619).

Shares the loop: yes (CFG, a gradient through the prior, kept noise, descending steps from noise).
z' <- DDIM(z) - grad_z (omega |y - A D(z0_hat)| + gamma |z0_hat - E(x_g)|), x_g = D(z0_hat) + A^+ (y - A D(z0_hat)): the
second loss asks that the latent be a fixed point of decoding, gluing the measurement in, and encoding. The paper writes
A^T y + (I - A^T A) D(z0_hat), which is the same wherever A A^T = I, as for masks.

What is decoded is the estimate before the last gradient, as in DreamSampler's and TReg's copies; PSLD's own code
decodes the latent after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from ...core.settings import Doc, Ge, settings
from ...core.types import LatentSpace
from ...operators import Measurement, pseudo_inverse
from ...steering.dps import PriorGradient, over_next
from ...steering.guidance import CFG
from ...steering.renoise import ddim
from ...steering.solve import Solve, but_last
from ...tasks.cases import InverseCase
from ...tasks.options import GuidanceScale, NegativePrompt, Steps
from ...tasks.plan import Leg, Plan
from .latent_dps import Eta


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


@settings
class PSLD:
    """Latent DPS with a loss that glues the measurement in. 1 evaluation a step with its gradient, 2 with guidance.

    Weights omega and gamma are 1 and 0.5 in DreamSampler's copy with 200 steps, 0.1 and 0.01 in PSLD's own box
    inpainting with Stable Diffusion and 1000 steps.
    """

    steps: Steps = 200
    guidance_scale: GuidanceScale = 1.0
    negative_prompt: NegativePrompt = ""
    omega: Annotated[float, Ge(0), Doc("Weight of the residual.")] = 1.0
    gamma: Annotated[float, Ge(0), Doc("Weight of the distance to the glued latent.")] = 0.5
    eta: Eta = 0.0

    def __call__(self, case: InverseCase) -> Plan:
        guide = CFG(case.target, case.embed(self.negative_prompt), self.guidance_scale)
        loss = GluingLoss(case.measurement, case.prior.space, self.omega, self.gamma)
        solve = Solve((but_last(self.steps, PriorGradient(loss, over_next(1.0))),))
        return Plan((Leg("restore", case.pure_noise(), case.visits(self.steps), guide, solve, ddim(self.eta)),))
