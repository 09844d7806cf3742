"""FlowDPS (Kim et al., ICCV 2025, 2503.08136), for flow priors. Shares the loop: yes.

With sigma = b: z_y = z0_hat after a few gradient steps on |A^T (y - A D(.))|, or |A^+ (y - A D(.))| for
super-resolution; z0 = (1 - sigma) z0_hat + sigma z_y;
noise sqrt(sigma') eps_hat + sqrt(1 - sigma') xi; descending steps from noise. CFG, 2 evaluations a step, and gradients
of the decoder but none through the network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from torch import Tensor

from ...core.settings import Doc, Ge, settings
from ...core.state import State
from ...core.types import LatentSpace, Prediction, Step
from ...operators import Measurement, pseudo_inverse
from ...steering.guidance import CFG
from ...steering.renoise import Mix
from ...steering.solve import Solve
from ...tasks.cases import InverseCase
from ...tasks.options import GuidanceScale, NegativePrompt, Steps
from ...tasks.plan import Leg, Plan


@dataclass(frozen=True)
class LatentDescent:
    """(1 - w) z0 + w z_y, z_y a few steps down |B (y - A D(z))|, w = b / (a + b), which is sigma on a flow path.

    Args:
        measurement: y and A.
        space: D.
        rate: length of a step.
        iterations: number of steps.
        back: B is the adjoint, or the pseudo-inverse, which the released code takes for super-resolution; "auto" takes
            it where the measurement is smaller than the scene.
    """

    measurement: Measurement
    space: LatentSpace
    rate: float = 15.0
    iterations: int = 3
    back: str = "auto"

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        z = z0
        for _ in range(self.iterations):
            z = z.detach().requires_grad_()
            with torch.enable_grad():
                loss = self._loss(z).sum()
            z = z.detach() - self.rate * torch.autograd.grad(loss, z)[0]
        weight = step.b / (step.a + step.b)
        return (1.0 - weight) * z0 + weight * z

    def _inverts(self) -> bool:
        smaller = self.measurement.y.shape[-2:] != self.measurement.scene[1:]
        return smaller if self.back == "auto" else self.back == "inverse"

    def _loss(self, z: Tensor) -> Tensor:
        residual, operator = self.measurement.residual(self.space.decode(z)), self.measurement.operator
        back = pseudo_inverse(operator, residual, cutoff=0.1) if self._inverts() else operator.adjoint(residual)
        return torch.linalg.vector_norm(back.flatten(1), dim=1)


@settings
class FlowDPS:
    """Descend the residual on the decoded estimate. 2 evaluations a step and gradients of the decoder.

    Made for flow priors: 28 steps with Stable Diffusion 3. On a variance-preserving path sigma stands for b / (a + b),
    an extension of ours.
    """

    steps: Steps = 28
    guidance_scale: GuidanceScale = 2.0
    negative_prompt: NegativePrompt = ""
    rate: Annotated[float, Ge(0), Doc("Length of a gradient step.")] = 15.0
    iterations: Annotated[int, Ge(1), Doc("Gradient steps at each level.")] = 3
    back: Annotated[
        Literal["auto", "adjoint", "inverse"],
        Doc("What the residual is multiplied by; auto takes the pseudo-inverse for super-resolution, as released."),
    ] = "auto"

    def __call__(self, case: InverseCase) -> Plan:
        guide = CFG(case.target, case.embed(self.negative_prompt), self.guidance_scale)
        term = LatentDescent(case.measurement, case.prior.space, self.rate, self.iterations, self.back)
        renew = Mix(lambda step: math.sqrt(step.a_next / (step.a_next + step.b_next)))
        return Plan((Leg("restore", case.pure_noise(), case.visits(self.steps), guide, Solve((term,)), renew),))
