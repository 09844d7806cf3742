"""DDNM (Wang et al., ICLR 2023, 2212.00490), with decoder and encoder around its projection.

Shares the loop: yes (CFG, a data pull of rho = 0, part of the noise fresh, descending steps from noise).
x0 = D(z0_hat) + A^+ (y - A D(z0_hat)), z0 = E(x0), z' = a' z0 + b' (sqrt(1 - eta^2) eps + eta xi): what was measured
comes from y, the rest from the prior. It fits y's noise; DiffPIR is its relative for noisy measurements.
1 evaluation a step, no gradient.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.errors import InputError
from ...core.types import Prior
from ...operators import Measurement
from ...steering.data_consistency import DataPull
from ...steering.guidance import CFG
from ...steering.renoise import Mix
from ...steering.solve import Solve
from ...steering.strength import Constant
from ...tasks.restore import Parts, Prompt, embed_batch, first_state


def ddnm(
    prior: Prior,
    measurement: Measurement,
    prompt: Prompt = "",
    *,
    null_prompt: str = "",
    steps: int = 100,
    scale: float = 1.0,
    eta: float = 0.85,
    rho: float = 0.0,
    seeds: Sequence[int] | None = None,
) -> Parts:
    """The loop's parts of DDNM.

    Args:
        steps: N; 100 in the paper.
        scale: guidance scale; 1 evaluates the prompt alone.
        eta: share of fresh noise; 0.85 in the paper.
        rho: above 0 softens the projection to a proximal step, which ill-conditioned blurs need.
        seeds: one an item.

    Raises:
        InputError: eta outside [0, 1], or rho below 0.
    """
    if not 0.0 <= eta <= 1.0:
        raise InputError(f"eta={eta}: expected a share, 0 to 1")
    visits = prior.schedule.visits(steps)
    null = prior.embed([null_prompt])
    guide = CFG(embed_batch(prior, prompt, measurement.y.shape[0]), null, scale)
    pull = DataPull(measurement, prior.space, Constant(1.0), rho)
    return Parts(first_state(prior, measurement, null, visits, seeds=seeds), visits, guide, Solve((pull,)), Mix(eta))
