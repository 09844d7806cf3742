"""DiffPIR (Zhu et al., CVPRW 2023, 2305.08995), with decoder and encoder around its proximal step.

Shares the loop: yes (CFG, a data pull, re-derived noise mixed with fresh noise, descending steps from noise).
x0 = argmin_x |y - A x|^2 + rho_t |x - D(z0_hat)|^2, z0 = E(x0), eps = (z - a z0) / b,
z' = a' z0 + b' (sqrt(1 - zeta) eps + sqrt(zeta) xi). rho_t = sigma^2 / v_t, v_t the variance of the clean picture given
z_t. The paper takes rho_t = lambda sigma^2 / s_t^2 with pictures, measurements and sigma in [0, 1]; here they are in
[-1, 1], where the same sigma is twice the number: rho_t = lambda sigma^2 / (4 s_t^2), v_t = 4 s_t^2 / lambda.
Released defaults: lambda 1, zeta 0.1 (super-resolution). The released code leaves the last data step out.

With the true v_t, a Gaussian prior and zeta = 0 this is the probability flow of the posterior itself: exact as N grows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

from ...core.settings import Doc, Ge, Gt, Le, settings
from ...core.types import Step
from ...steering.data_consistency import DataPull
from ...steering.guidance import CFG
from ...steering.renoise import Rederive
from ...steering.solve import Solve
from ...steering.strength import Constant
from ...tasks.cases import InverseCase
from ...tasks.options import GuidanceScale, NegativePrompt, Steps
from ...tasks.plan import Leg, Plan


@settings
class DiffPIR:
    """Proximal step, noise derived from its answer. 1 evaluation a step, 2 with guidance, no gradient."""

    steps: Steps = 100
    guidance_scale: GuidanceScale = 1.0
    negative_prompt: NegativePrompt = ""
    zeta: Annotated[float, Ge(0), Le(1), Doc("Share of fresh noise.")] = 0.3
    lam: Annotated[float, Gt(0), Doc("Lambda; 1 to 25 in the paper.")] = 8.0
    noise_std: Annotated[
        float | None, Ge(0), Doc("Sigma, where the measurement's is not to be used; at least 0.001 is taken.")
    ] = None
    variance: Callable[[Step], float] | None = None
    """v_t instead of 4 s_t^2 / lambda."""

    def __call__(self, case: InverseCase) -> Plan:
        sigma = max(1e-3, case.measurement.sigma if self.noise_std is None else self.noise_std)
        variance = self.variance
        rho = _paper_rho(sigma, self.lam) if variance is None else (lambda step: sigma**2 / variance(step))
        guide = CFG(case.target, case.embed(self.negative_prompt), self.guidance_scale)
        solve = Solve((DataPull(case.measurement, case.prior.space, Constant(1.0), rho),))
        renoise = Rederive(math.sqrt(self.zeta))
        return Plan((Leg("restore", case.pure_noise(), case.visits(self.steps), guide, solve, renoise),))


def _paper_rho(sigma: float, lam: float) -> Callable[[Step], float]:
    """lambda sigma^2 / (4 s_t^2): sigma of pictures in [-1, 1]."""
    return lambda step: lam * (0.5 * sigma * step.a / step.b) ** 2
