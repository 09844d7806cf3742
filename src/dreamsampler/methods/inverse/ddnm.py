"""DDNM and DDNM+ (Wang et al., ICLR 2023, 2212.00490), with decoder and encoder around the projection.

Shares the loop: yes (CFG, a projection as its term, part of the noise fresh, descending steps from noise).
x0 = D(z0_hat) + A^+ (y - A D(z0_hat)), z0 = E(x0), z' = a' z0 + b' (sqrt(1 - eta^2) eps + eta xi): what was measured
comes from y, the rest from the prior. A^+ drops singular values below 0.03 of an axis, as the released code does.

DDNM+, for noisy measurements: along a singular direction of value s, A^+ brings in noise of deviation sigma / s. With
b' >= a' sigma / s the direction is corrected in full and is given only the noise that is missing, of variance
b'^2 - (a' sigma / s)^2; else it is corrected by lambda = s b' sqrt(1 - eta^2) / (a' sigma) and gets b' eta xi. Where
nothing was measured (s = 0) it is DDNM. In a latent space the missing noise cannot be told by direction, so the term is
DDNM+'s and the noise DDNM's. For operators without known singular values s = 1 is taken, the released simplified form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from ...core.settings import Doc, Ge, Le, settings
from ...core.state import State
from ...core.types import LatentSpace, Prediction, Renoise, Step, Term
from ...operators import Measurement, Separable, Spectral, pseudo_inverse
from ...steering.data_consistency import DataPull
from ...steering.guidance import CFG
from ...steering.renoise import Mix
from ...steering.solve import Solve
from ...steering.strength import Constant
from ...tasks.cases import InverseCase
from ...tasks.options import GuidanceScale, NegativePrompt, Steps
from ...tasks.plan import Leg, Plan

THRESHOLD = 0.03
"""Singular values of one axis below this share of its largest count as zero (3e-2 in the released operators)."""


@dataclass(frozen=True)
class Projection:
    """E(x + lambda A^+ (y - A x)), x = D(z0); lambda = 1 without noise.

    Args:
        measurement: y, A and sigma.
        space: D and E.
        eta: share of fresh noise.
    """

    measurement: Measurement
    space: LatentSpace
    eta: float

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        x, m = self.space.decode(z0), self.measurement
        residual = m.residual(x)
        if isinstance(m.operator, Separable):
            fix = m.operator.correction(residual, 0.0, axis_cutoff=THRESHOLD)
        else:
            fix = pseudo_inverse(m.operator, residual)
        noise = step.a_next * m.sigma
        if noise > 0.0:
            fix = along(m, fix, lambda s: self._share(s, step, noise))
        return self.space.encode(x + fix)

    def _share(self, s: Tensor, step: Step, noise: float) -> Tensor:
        part = s * step.b_next * math.sqrt(1.0 - self.eta**2) / noise
        return torch.where((s > 0) & (s * step.b_next < noise), part, torch.ones_like(s))


@dataclass(frozen=True)
class MissingNoise:
    """DDNM+'s noise in pixels, b' eps = d1 xi + d2 eps along each singular direction."""

    measurement: Measurement
    eta: float

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        b, noise = step.b_next, step.a_next * self.measurement.sigma
        fresh = state.noise.normal(z0)
        if b == 0.0:
            return fresh

        def d1(s: Tensor) -> Tensor:
            missing = (b * b - (noise / s.clamp_min(1e-12)) ** 2).clamp_min(0.0).sqrt()
            return torch.where(s * b > noise, missing, torch.full_like(s, b * self.eta))

        def d2(s: Tensor) -> Tensor:
            return torch.where(s > 0, torch.zeros_like(s), torch.full_like(s, b * math.sqrt(1.0 - self.eta**2)))

        return (along(self.measurement, fresh, d1) + along(self.measurement, pred.eps, d2)) / b


def along(measurement: Measurement, x: Tensor, weight) -> Tensor:  # type: ignore[no-untyped-def]
    """Return each singular direction of x times the weight of its value; all of x times w(1), if those are unknown."""
    operator = measurement.operator
    return operator.spectral(x, weight) if isinstance(operator, Spectral) else weight(x.new_ones(())) * x


@settings
class DDNM:
    """Project onto what explains the measurement. 1 evaluation a step, 2 with guidance, no gradient."""

    steps: Steps = 100
    guidance_scale: GuidanceScale = 1.0
    negative_prompt: NegativePrompt = ""
    eta: Annotated[float, Ge(0), Le(1), Doc("Share of fresh noise; 0.85 in the paper.")] = 0.85
    rho: Annotated[
        float, Ge(0), Doc("Above 0 takes a proximal step of this weight instead of the projection; not in the paper.")
    ] = 0.0

    def __call__(self, case: InverseCase) -> Plan:
        m, space = case.measurement, case.prior.space
        guide = CFG(case.target, case.embed(self.negative_prompt), self.guidance_scale)
        term: Term = Projection(m, space, self.eta) if self.rho == 0.0 else DataPull(m, space, Constant(1.0), self.rho)
        pixels = space.latent_shape(*case.size) == m.scene and isinstance(m.operator, Spectral)
        renoise: Renoise = MissingNoise(m, self.eta) if self.rho == 0.0 and m.sigma > 0 and pixels else Mix(self.eta)
        return Plan((Leg("restore", case.pure_noise(), case.visits(self.steps), guide, Solve((term,)), renoise),))
