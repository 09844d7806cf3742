"""Latent DPS: diffusion posterior sampling (Chung et al., ICLR 2023, 2209.14687) with the decoder in the measurement.

Shares the loop: yes (CFG, a gradient through the prior, ancestral or kept noise, descending steps from noise).
z' <- DDIM(z) - zeta grad_z |y - A D(z0_hat(z))|. 1 evaluation a step with its gradient, 2 with guidance.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.types import Prior
from ...operators import Measurement
from ...steering.dps import PriorGradient, ResidualNorm, over_next
from ...steering.guidance import CFG
from ...steering.renoise import ddim
from ...steering.solve import Solve
from ...tasks.restore import Parts, Prompt, embed_batch, first_state


def latent_dps(
    prior: Prior,
    measurement: Measurement,
    prompt: Prompt = "",
    *,
    null_prompt: str = "",
    steps: int = 200,
    scale: float = 1.0,
    zeta: float = 1.0,
    eta: float = 0.0,
    seeds: Sequence[int] | None = None,
) -> Parts:
    """The loop's parts of latent DPS.

    Args:
        steps: N; the paper takes 1000 in pixels.
        scale: guidance scale; 1 evaluates the prompt alone.
        zeta: step against the gradient of the norm (not squared); 0.3 to 1 in the paper.
        eta: 1 samples ancestrally as the paper does, 0 as DDIM.
        seeds: one an item.
    """
    visits = prior.schedule.visits(steps)
    null = prior.embed([null_prompt])
    guide = CFG(embed_batch(prior, prompt, measurement.y.shape[0]), null, scale)
    term = PriorGradient(ResidualNorm(measurement, prior.space), over_next(zeta))
    return Parts(first_state(prior, measurement, null, visits, seeds=seeds), visits, guide, Solve((term,)), ddim(eta))
