"""Latent DPS: diffusion posterior sampling (Chung et al., ICLR 2023, 2209.14687) with the decoder in the measurement.

Shares the loop: yes (CFG, a gradient through the prior, ancestral or kept noise, descending steps from noise).
z' <- DDIM(z) - zeta grad_z |y - A D(z0_hat(z))|. What is decoded is the estimate before the last gradient, as in TReg's
copy.
"""

from __future__ import annotations

from typing import Annotated

from ...core.settings import Doc, Ge, Le, settings
from ...steering.dps import PriorGradient, ResidualNorm, over_next
from ...steering.guidance import CFG
from ...steering.renoise import ddim
from ...steering.solve import Solve, but_last
from ...tasks.cases import InverseCase
from ...tasks.options import GuidanceScale, NegativePrompt, Steps
from ...tasks.plan import Leg, Plan

Eta = Annotated[float, Ge(0), Le(1), Doc("1 samples ancestrally as the paper does, 0 as DDIM.")]


@settings
class LatentDPS:
    """Descend the residual through network and decoder. 1 evaluation a step with its gradient, 2 with guidance.

    The paper takes 1000 steps in pixels and zeta of 0.3 to 1.
    """

    steps: Steps = 200
    guidance_scale: GuidanceScale = 1.0
    negative_prompt: NegativePrompt = ""
    zeta: Annotated[float, Ge(0), Doc("Step against the gradient of the norm, not squared.")] = 1.0
    eta: Eta = 0.0

    def __call__(self, case: InverseCase) -> Plan:
        guide = CFG(case.target, case.embed(self.negative_prompt), self.guidance_scale)
        term = PriorGradient(ResidualNorm(case.measurement, case.prior.space), over_next(self.zeta))
        visits = case.visits(self.steps)
        return Plan(
            (Leg("restore", case.pure_noise(), visits, guide, Solve((but_last(self.steps, term),)), ddim(self.eta)),)
        )
