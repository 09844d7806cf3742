"""FlowDPS (Kim et al., ICCV 2025, 2503.08136), for flow priors. Shares the loop: yes.

With sigma = b: z_y = z0_hat after a few gradient steps on |A^T (y - A D(.))|; z0 = (1 - sigma) z0_hat + sigma z_y;
noise sqrt(sigma') eps_hat + sqrt(1 - sigma') xi; descending steps from noise. CFG, 2 evaluations a step, and gradients
of the decoder but none through the network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.state import State
from ...core.types import LatentSpace, Prediction, Prior, Step
from ...operators import Measurement, pseudo_inverse
from ...steering.guidance import CFG
from ...steering.renoise import Mix
from ...steering.solve import Solve
from ...tasks.restore import Parts, Prompt, embed_batch, first_state


@dataclass(frozen=True)
class LatentDescent:
    """(1 - w) z0 + w z_y, z_y a few steps down |B (y - A D(z))|, w = b / (a + b), which is sigma on a flow path.

    Args:
        measurement: y and A.
        space: D.
        rate: length of a step.
        iterations: number of steps.
        back: B is the adjoint, or the pseudo-inverse (which the paper takes for downsampling).
    """

    measurement: Measurement
    space: LatentSpace
    rate: float = 15.0
    iterations: int = 3
    back: str = "adjoint"

    def __post_init__(self) -> None:
        if self.back not in ("adjoint", "inverse"):
            raise InputError(f"back={self.back!r}: expected 'adjoint' or 'inverse'")
        if not self.rate >= 0 or self.iterations < 1:
            raise InputError(f"rate={self.rate}, iterations={self.iterations}: expected a rate >= 0, at least 1 step")

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

    def _loss(self, z: Tensor) -> Tensor:
        residual, operator = self.measurement.residual(self.space.decode(z)), self.measurement.operator
        back = operator.adjoint(residual) if self.back == "adjoint" else pseudo_inverse(operator, residual, cutoff=0.1)
        return torch.linalg.vector_norm(back.flatten(1), dim=1)


def flowdps(
    prior: Prior,
    measurement: Measurement,
    prompt: Prompt = "",
    *,
    null_prompt: str = "",
    steps: int = 28,
    scale: float = 2.0,
    rate: float = 15.0,
    iterations: int = 3,
    back: str = "adjoint",
    seeds: Sequence[int] | None = None,
) -> Parts:
    """The loop's parts of FlowDPS.

    Args:
        prior: of a flow; on a variance-preserving path sigma stands for b / (a + b) (an extension of ours).
        steps: N; 28 with Stable Diffusion 3.
        scale: guidance scale.
        rate, iterations, back: see `LatentDescent`.
        seeds: one an item.
    """
    visits = prior.schedule.visits(steps)
    null = prior.embed([null_prompt])
    guide = CFG(embed_batch(prior, prompt, measurement.y.shape[0]), null, scale)
    term = LatentDescent(measurement, prior.space, rate, iterations, back)
    renew = Mix(lambda step: math.sqrt(step.a_next / (step.a_next + step.b_next)))
    return Parts(first_state(prior, measurement, null, visits, seeds=seeds), visits, guide, Solve((term,)), renew)
