"""ReSample (Song et al., ICLR 2024, 2307.08123). Shares the loop: yes; one of its terms asks the prior to look ahead.

Every step is latent DPS. Every tenth one after the first third, a few DDIM steps look ahead to a better clean estimate,
an optimizer makes it explain the measurement ("hard consistency": in pixels in the middle third, in latents in the
last), and the next latent is drawn around it: with s = 40 (b'^2 / b^2) (1 - a^2 / a'^2),

    z' ~ N((s a' z_y + b'^2 z'_dps) / (s + b'^2), s b'^2 / (s + b'^2) I).

The term returns that latent in the form of a clean estimate, (z' - b' eps) / a', which the loop turns back into z'.
1 evaluation a step with its gradient, and the look-ahead's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.schedule import link
from ...core.state import State
from ...core.types import Condition, Prediction, Prior, Step
from ...operators import Measurement
from ...steering.dps import PriorGradient, ResidualNorm
from ...steering.guidance import CFG
from ...steering.renoise import keep
from ...steering.solve import Solve
from ...tasks.restore import Parts, Prompt, embed_batch, first_state


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
        """Whether this step is one of those."""
        n = len(self.visits)
        return step.index >= n / 3 and (step.index % self.every == 0 or step.index == n - 1)

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        if not self.due(step):
            return z0
        eps = pred.eps.detach()
        with torch.no_grad():
            z = step.a_next * z0 + step.b_next * eps
            guess = self._look_ahead(z, step)
        fit = self._fit(guess, in_pixels=step.index < 2 * len(self.visits) / 3)
        if step.index == len(self.visits) - 1:
            return fit
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
        """Clean estimate after a few DDIM steps over what is left of the trajectory."""
        rest = self.visits[step.index + 1 :]
        if not rest:
            return z / step.a_next
        picked = rest[:: max(1, len(rest) // self.ahead)][: self.ahead]
        end = self.visits[-1]
        levels = [(s.t, s.a, s.b) for s in picked] + [(end.t_next, end.a_next, end.b_next)]
        for s in link(levels):
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


def resample(
    prior: Prior,
    measurement: Measurement,
    prompt: Prompt = "",
    *,
    null_prompt: str = "",
    steps: int = 500,
    scale: float = 1.0,
    every: int = 10,
    gamma: float = 40.0,
    pixel_rate: float = 1e-2,
    pixel_iterations: int = 2000,
    latent_rate: float = 5e-3,
    latent_iterations: int = 500,
    seeds: Sequence[int] | None = None,
) -> Parts:
    """The loop's parts of ReSample.

    Args:
        steps: N; 500 in the paper.
        scale: guidance scale; 1 evaluates the prompt alone (and the look-ahead always does).
        every, gamma: see `HardConsistency`.
        pixel_rate, pixel_iterations, latent_rate, latent_iterations: of AdamW in the middle and in the last third.
        seeds: one an item.
    """
    if every < 1 or not gamma >= 0 or min(pixel_iterations, latent_iterations) < 1:
        raise InputError(f"every={every}, gamma={gamma}: expected every >= 1, gamma >= 0 and at least 1 iteration")
    visits = prior.schedule.visits(steps)
    null, cond = prior.embed([null_prompt]), embed_batch(prior, prompt, measurement.y.shape[0])
    # the released step is abar_t / 2 in the next latent
    step_down = PriorGradient(ResidualNorm(measurement, prior.space), lambda step: 0.5 * step.a**2 / step.a_next)
    pixel, latent = (pixel_rate, pixel_iterations), (latent_rate, latent_iterations)
    hard = HardConsistency(prior, cond, measurement, visits, every, gamma=gamma, pixel=pixel, latent=latent)
    state = first_state(prior, measurement, null, visits, seeds=seeds)
    return Parts(state, visits, CFG(cond, null, scale), Solve((step_down, hard)), keep)
