"""SDEdit (Meng et al., 2108.01073). Shares the loop: yes (CFG, kept noise, the lowest share of the steps)."""

from __future__ import annotations

from ...core.settings import settings
from ...steering.guidance import CFG
from ...tasks.cases import EditCase
from ...tasks.options import Denoise, GuidanceScale, Steps
from ...tasks.plan import Leg, Plan


@settings
class SDEdit:
    """Noise the picture to a level and sample down under the target prompt. 2 evaluations a step taken."""

    steps: Steps = 50
    guidance_scale: GuidanceScale = 7.5
    denoise: Denoise = 0.6

    def __call__(self, case: EditCase) -> Plan:
        visits = case.visits(self.steps, self.denoise)
        guide = CFG(case.target, case.null, self.guidance_scale)
        return Plan((Leg("edit", case.noised(visits[0]), visits, guide),))
