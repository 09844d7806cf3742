"""Blended latent diffusion (Avrahami et al., 2206.02779). Shares the loop: yes (CFG, an anchor outside the mask, kept
noise inside and fresh noise outside, descending steps).

Inside the mask the sampler runs as usual; outside, every level holds the given picture, freshly noised. The published
last stage, which overfits the decoder to the picture outside the mask, is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ...core.settings import settings
from ...core.state import State
from ...core.types import Prediction, Step
from ...steering.guidance import CFG
from ...steering.renoise import fresh
from ...steering.solve import Solve
from ...tasks.cases import EditCase
from ...tasks.options import Denoise, GuidanceScale, Steps
from ...tasks.plan import Leg, Plan


@dataclass(frozen=True)
class Anchor:
    """m z0 + (1 - m) z_src: the estimate inside the mask, the picture outside."""

    mask: Tensor
    source: Tensor

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        return self.mask * z0 + (1.0 - self.mask) * self.source


@dataclass(frozen=True)
class FreshOutside:
    """m eps + (1 - m) xi."""

    mask: Tensor

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        return self.mask * pred.eps + (1.0 - self.mask) * fresh(pred, z0, state, step)


@settings
class BlendedDiffusion:
    """Paint a region anew and keep the rest. 2 evaluations a step taken."""

    steps: Steps = 50
    guidance_scale: GuidanceScale = 7.5
    denoise: Denoise = 1.0

    def __call__(self, case: EditCase) -> Plan:
        region, visits = case.region, case.visits(self.steps, self.denoise)
        guide = CFG(case.target, case.null, self.guidance_scale)
        solve, renoise = Solve((Anchor(region, case.z),)), FreshOutside(region)
        return Plan((Leg("edit", case.noised(visits[0]), visits, guide, solve, renoise),))
