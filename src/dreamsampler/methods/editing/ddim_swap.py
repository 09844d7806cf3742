"""DDIM inversion and word swap. Shares the loop: yes (CFG, plain solve, kept noise, descending steps).

Invert under the source caption without guidance, sample under the target caption with guidance (Song et al., 2010.02502
for the inversion; the usual first baseline of editing papers).
"""

from __future__ import annotations

from ...core.settings import settings
from ...steering.guidance import CFG
from ...tasks.cases import EditCase
from ...tasks.options import GuidanceScale, Inversion, Steps
from ...tasks.plan import Leg, Plan, from_the_top, inversion_leg


@settings
class DDIMSwap:
    """Change the caption between inversion and sampling. N + 2N evaluations.

    Published results use the plain inversion.
    """

    steps: Steps = 50
    guidance_scale: GuidanceScale = 7.5
    inversion: Inversion = "plain"

    def __call__(self, case: EditCase) -> Plan:
        visits = case.visits(self.steps)
        up = inversion_leg(case.clean(), visits, case.source, self.inversion)
        guide = CFG(case.target, case.null, self.guidance_scale)
        return Plan((up, Leg("edit", from_the_top(case.z), visits, guide)))
