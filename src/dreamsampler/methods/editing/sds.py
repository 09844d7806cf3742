"""SDS editing (DreamFusion, Poole et al., 2209.14988). Shares the loop: yes (CFG, a gradient step, fresh noise,
random visits).

psi starts as the encoded picture and follows w(t) (eps_w(z_t) - xi). Known to blur: the noise term does not vanish
where the picture is already right, which is what DDS mends.
"""

from __future__ import annotations

from ...core.settings import settings
from ...core.types import Step
from ...steering.guidance import CFG
from ...steering.optimize import sds_weight
from ...tasks.cases import EditCase
from ...tasks.options import GuidanceScale, Rate, Share, Steps, VisitSeed
from ...tasks.plan import Plan
from .distil import GradientStep, check_interval, distilled, random_visits


def variance(step: Step) -> float:
    """Return w(t) = b_t^2, DreamFusion's weight."""
    return step.b**2


@settings
class SDS:
    """Follow the score of the target prompt by gradient steps on the latent. 2 evaluations an iteration.

    Text-to-3D uses a guidance scale of 100, editing much less. t is uniform between the shares `low` and `high` of the
    schedule.
    """

    steps: Steps = 200
    guidance_scale: GuidanceScale = 7.5
    rate: Rate = 0.05
    low: Share = 0.02
    high: Share = 0.98
    visit_seed: VisitSeed = 0

    def __post_init__(self) -> None:
        check_interval(self.low, self.high)

    def __call__(self, case: EditCase) -> Plan:
        visits = random_visits(case.prior.schedule, self.steps, self.low, self.high, self.visit_seed)
        guide = CFG(case.target, case.null, self.guidance_scale)
        return distilled(case, visits, guide, GradientStep(self.rate, sds_weight(variance)))
