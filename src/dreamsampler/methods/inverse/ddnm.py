"""DDNM (Wang et al., ICLR 2023, 2212.00490), with decoder and encoder around its projection.

Shares the loop: yes (CFG, a data pull of rho = 0, part of the noise fresh, descending steps from noise).
x0 = D(z0_hat) + A^+ (y - A D(z0_hat)), z0 = E(x0), z' = a' z0 + b' (sqrt(1 - eta^2) eps + eta xi): what was measured
comes from y, the rest from the prior. It fits y's noise; DiffPIR is its relative for noisy measurements.
1 evaluation a step, no gradient.
"""

from __future__ import annotations

from typing import Annotated

from ...core.settings import Doc, Ge, Le, settings
from ...steering.data_consistency import DataPull
from ...steering.guidance import CFG
from ...steering.renoise import Mix
from ...steering.solve import Solve
from ...steering.strength import Constant
from ...tasks.cases import InverseCase
from ...tasks.options import GuidanceScale, NegativePrompt, Steps
from ...tasks.plan import Leg, Plan


@settings
class DDNM:
    """Project onto what explains the measurement. 1 evaluation a step, 2 with guidance, no gradient."""

    steps: Steps = 100
    guidance_scale: GuidanceScale = 1.0
    negative_prompt: NegativePrompt = ""
    eta: Annotated[float, Ge(0), Le(1), Doc("Share of fresh noise; 0.85 in the paper.")] = 0.85
    rho: Annotated[
        float, Ge(0), Doc("Above 0 softens the projection to a proximal step, which ill-conditioned blurs need.")
    ] = 0.0

    def __call__(self, case: InverseCase) -> Plan:
        guide = CFG(case.target, case.embed(self.negative_prompt), self.guidance_scale)
        solve = Solve((DataPull(case.measurement, case.prior.space, Constant(1.0), self.rho),))
        return Plan((Leg("restore", case.pure_noise(), case.visits(self.steps), guide, solve, Mix(self.eta)),))
