"""CFG++ editing (Chung et al., ICLR 2025). Shares the loop: yes (CFG carrying the null noise; its mirror upwards).

Sampling takes Tweedie's estimate with guided noise and puts the null noise back. Its inversion mirrors that: Tweedie
with the null noise, guided noise put back, so that each upward step undoes a downward one. With a constant weight
lambda the downward pass is DreamSampler's Algorithm 3 with gamma_t = lambda; the inversion under a guided source
caption is what differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ...core.schedule import ascending, clean_end
from ...core.settings import Doc, Ge, Le, settings
from ...core.state import State
from ...core.types import Condition, Prediction, Prior, Step
from ...steering.guidance import CFG, mix
from ...steering.inversion import at_end
from ...tasks.cases import EditCase
from ...tasks.options import Steps
from ...tasks.plan import Leg, Plan, from_the_top


@dataclass(frozen=True)
class Mirror:
    """The upward CFG++ step: z0 from the null noise eps_0, the guided noise eps_0 + lambda (eps_c - eps_0) put back."""

    cond: Condition
    null: Condition
    weight: float

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        null, cond = prior.predict([state.z, state.z], at_end(step), [self.null, self.cond])
        return Prediction((state.z - step.b * null.eps) / step.a, mix(null.eps, cond.eps, self.weight))


@settings
class CFGPlusPlus:
    """Invert by CFG++ under the source prompt, sample by CFG++ under the target prompt. 2N + 2N evaluations."""

    steps: Steps = 50
    weight: Annotated[
        float,
        Ge(0),
        Le(1),
        Doc("Lambda, the same at every step; its effect as a guidance scale depends on the number of steps."),
    ] = 0.6

    def __call__(self, case: EditCase) -> Plan:
        visits = case.visits(self.steps)
        up = Leg("invert", case.clean(), ascending(clean_end(visits)), Mirror(case.source, case.null, self.weight))
        guide = CFG(case.target, case.null, self.weight, renoise="uncond")
        return Plan((up, Leg("edit", from_the_top(case.z), visits, guide)))
