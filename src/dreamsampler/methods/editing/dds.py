"""Delta denoising score (Hertz et al., 2304.07090). Shares the loop: yes (a difference of two branches, a gradient
step, fresh noise, random visits).

psi follows eps_w(a psi + b xi, target) - eps_w(a z_src + b xi, source), with one xi for both: what the prior gets wrong
in the picture itself cancels.
"""

from __future__ import annotations

from ...core.settings import settings
from ...steering.optimize import sds_weight
from ...tasks.cases import EditCase
from ...tasks.options import GuidanceScale, Rate, Share, Steps, VisitSeed
from ...tasks.plan import Plan
from .distil import Difference, GradientStep, check_interval, distilled, random_visits

RATE = 0.1 * 2000 / 4096
"""The released notebook's step on the latent: SGD 0.1 on 2000 times the sum over 64 x 64, divided by 64 x 64."""


@settings
class DDS:
    """Follow the difference of two denoising scores. 4 evaluations an iteration, 2 at a guidance scale of 1."""

    steps: Steps = 200
    guidance_scale: GuidanceScale = 7.5
    rate: Rate = RATE
    low: Share = 0.05
    high: Share = 0.948
    visit_seed: VisitSeed = 0

    def __post_init__(self) -> None:
        check_interval(self.low, self.high)

    def __call__(self, case: EditCase) -> Plan:
        scales = (self.guidance_scale, self.guidance_scale)
        guide = Difference(case.z, case.target, case.source, case.null, scales)
        visits = random_visits(case.prior.schedule, self.steps, self.low, self.high, self.visit_seed)
        return distilled(case, visits, guide, GradientStep(self.rate, sds_weight()))
