"""ReSample (Song et al., ICLR 2024, 2307.08123). Shares the loop: yes; one of its terms asks the prior to look ahead.

Every step is latent DPS. Every tenth one after the first third, the next five DDIM steps look ahead to a better
estimate, an optimizer makes it explain the measurement ("hard consistency": in pixels in the middle third, in latents
in the last), and the next latent is drawn around it: with s = 40 (b'^2 / b^2) (1 - a^2 / a'^2),

    z' ~ N((s a' z_y + b'^2 z'_dps) / (s + b'^2), s b'^2 / (s + b'^2) I).

The released look-ahead tells the network the next step's time beside the present step's level and scales the estimate's
noise twice; here each step has its own level. The tolerance of the fit is never below the noise's variance (ours).

The term returns that latent in the form of a clean estimate, (z' - b' eps) / a', which the loop turns back into z'.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from ...core.settings import Doc, Ge, settings
from ...core.state import State
from ...core.types import Condition, Prediction, Prior, Step
from ...operators import Measurement
from ...steering.dps import PriorGradient, ResidualNorm
from ...steering.guidance import CFG
from ...steering.solve import Solve
from ...tasks.cases import InverseCase
from ...tasks.options import GuidanceScale, NegativePrompt, Steps
from ...tasks.plan import Leg, Plan


@dataclass(frozen=True)
class HardConsistency:
    """Look ahead, fit the measurement, draw the next latent around the fit.

    Args:
        prior, cond: for the look-ahead.
        measurement: y and A.
        visits: all steps; the last one returns the fit itself.
        every: how many steps apart.
        ahead: look-ahead steps.
        gamma: 40 in the paper's s.
        pixel, latent: (learning rate, most iterations) of AdamW.
        tolerance: mean square residual at which an item stops; never below the noise's variance.
    """

    prior: Prior
    cond: Condition
    measurement: Measurement
    visits: Sequence[Step]
    every: int = 10
    ahead: int = 5
    gamma: float = 40.0
    pixel: tuple[float, int] = (1e-2, 2000)
    latent: tuple[float, int] = (5e-3, 500)
    tolerance: float = 1e-6

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def due(self, step: Step) -> bool:
        """Return whether this step is one of those: a multiple of `every` from the end, not in the first third."""
        n = len(self.visits)
        left = n - 1 - step.index
        return left == 0 or (left <= n - n // 3 and left % self.every == 0)

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        if not self.due(step):
            return z0
        eps, n = pred.eps.detach(), len(self.visits)
        with torch.no_grad():
            z = step.a_next * z0 + step.b_next * eps
        if step.index == n - 1:
            # the released code fits the last latent itself, which on a clean last level is the estimate
            return self._fit(z, in_pixels=False)
        with torch.no_grad():
            guess = self._look_ahead(z, step)
        fit = self._fit(guess, in_pixels=n - 1 - step.index >= n // 3)
        drawn = self.around(fit, z, step) + self.spread(step) * state.noise.normal(z)
        return (drawn - step.b_next * eps) / step.a_next

    def around(self, fit: Tensor, z: Tensor, step: Step) -> Tensor:
        """Mean of the next latent."""
        s, variance = self._s(step), step.b_next**2
        return (s * step.a_next * fit + variance * z) / (s + variance)

    def spread(self, step: Step) -> float:
        """Standard deviation of the next latent."""
        s, variance = self._s(step), step.b_next**2
        return math.sqrt(s * variance / (s + variance))

    def _s(self, step: Step) -> float:
        return self.gamma * (step.b_next / step.b) ** 2 * (1.0 - (step.a / step.a_next) ** 2)

    def _look_ahead(self, z: Tensor, step: Step) -> Tensor:
        """Return the clean estimate after the next few DDIM steps of the trajectory."""
        for s in self.visits[step.index + 1 :][: self.ahead]:
            pred = self.prior.predict([z], s, [self.cond])[0]
            z = s.a_next * pred.z0 + s.b_next * pred.eps
        return pred.z0

    def _fit(self, z0: Tensor, in_pixels: bool) -> Tensor:
        """The estimate, optimized until it explains the measurement; each item stops by itself."""
        space = self.prior.space
        rate, most = self.pixel if in_pixels else self.latent
        with torch.no_grad():
            start = space.decode(z0) if in_pixels else z0
        value = start.clone().requires_grad_()
        optimizer = torch.optim.AdamW([value], lr=rate)
        goal = max(self.tolerance, self.measurement.sigma**2)
        for _ in range(most):
            with torch.enable_grad():
                residual = self.measurement.residual(value if in_pixels else space.decode(value))
                error = residual.square().flatten(1).mean(1)
            open_items = error > goal
            if not bool(open_items.any()):
                break
            (gradient,) = torch.autograd.grad(error.sum(), value)
            before = value.detach().clone()
            value.grad = gradient
            optimizer.step()
            with torch.no_grad():
                value.copy_(torch.where(open_items.reshape(-1, 1, 1, 1), value, before))
        with torch.no_grad():
            return space.encode(value) if in_pixels else value.detach()


@settings
class ReSample:
    """Latent DPS with hard consistency. 1 evaluation a step with its gradient, and the look-ahead's.

    The look-ahead evaluates the prompt alone, whatever the guidance scale.
    """

    steps: Steps = 500
    guidance_scale: GuidanceScale = 1.0
    negative_prompt: NegativePrompt = ""
    every: Annotated[int, Ge(1), Doc("How many steps apart hard consistency is.")] = 10
    gamma: Annotated[float, Ge(0), Doc("Trust in it: 40 in the paper's variance s.")] = 40.0
    pixel_rate: Annotated[float, Ge(0), Doc("Learning rate of AdamW in pixels, in the middle third.")] = 1e-2
    pixel_iterations: Annotated[int, Ge(1), Doc("Most iterations of it.")] = 2000
    latent_rate: Annotated[float, Ge(0), Doc("Learning rate of AdamW in latents, in the last third.")] = 5e-3
    latent_iterations: Annotated[int, Ge(1), Doc("Most iterations of it.")] = 500

    def __call__(self, case: InverseCase) -> Plan:
        prior, m, visits = case.prior, case.measurement, case.visits(self.steps)
        # the released step is abar_t / 2 in the next latent
        down = PriorGradient(ResidualNorm(m, prior.space), lambda step: 0.5 * step.a**2 / step.a_next)
        pixel, latent = (self.pixel_rate, self.pixel_iterations), (self.latent_rate, self.latent_iterations)
        hard = HardConsistency(prior, case.target, m, visits, self.every, gamma=self.gamma, pixel=pixel, latent=latent)
        guide = CFG(case.target, case.embed(self.negative_prompt), self.guidance_scale)
        return Plan((Leg("restore", case.pure_noise(), visits, guide, Solve((down, hard))),))
