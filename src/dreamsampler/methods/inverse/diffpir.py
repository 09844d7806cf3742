"""DiffPIR (Zhu et al., CVPRW 2023, 2305.08995), with decoder and encoder around its proximal step.

Shares the loop: yes (CFG, a data pull, re-derived noise mixed with fresh noise, descending steps from noise).
x0 = argmin_x |y - A x|^2 + rho_t |x - D(z0_hat)|^2, z0 = E(x0), eps = (z - a z0) / b,
z' = a' z0 + b' (sqrt(1 - zeta) eps + sqrt(zeta) xi). rho_t = sigma^2 / v_t, v_t the variance of the clean picture given
z_t; the paper takes v_t = s_t^2 / lambda. 1 evaluation a step, no gradient.

With the true v_t, a Gaussian prior and zeta = 0 this is the probability flow of the posterior itself: exact as N grows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ...core.errors import InputError
from ...core.types import Prior, Step
from ...operators import Measurement
from ...steering.data_consistency import DataPull
from ...steering.guidance import CFG
from ...steering.renoise import Rederive
from ...steering.solve import Solve
from ...steering.strength import Constant
from ...tasks.restore import Parts, Prompt, embed_batch, first_state


def diffpir(
    prior: Prior,
    measurement: Measurement,
    prompt: Prompt = "",
    *,
    null_prompt: str = "",
    steps: int = 100,
    scale: float = 1.0,
    zeta: float = 0.3,
    lam: float = 8.0,
    variance: Callable[[Step], float] | None = None,
    noise: float | None = None,
    seeds: Sequence[int] | None = None,
) -> Parts:
    """The loop's parts of DiffPIR.

    Args:
        steps: N; 100 in the paper.
        scale: guidance scale; 1 evaluates the prompt alone.
        zeta: share of fresh noise.
        lam: lambda; the paper's 1 to 25.
        variance: v_t instead of s_t^2 / lambda.
        noise: sigma, where the measurement's is not to be used; at least 0.001 is taken.

    Raises:
        InputError: lam not above 0 or zeta outside [0, 1].
    """
    if not lam > 0:
        raise InputError(f"lam={lam}: expected a weight above 0")
    if not 0.0 <= zeta <= 1.0:
        raise InputError(f"zeta={zeta}: expected the share of fresh noise, 0 to 1")
    sigma = max(1e-3, measurement.sigma if noise is None else noise)
    rho = _paper_rho(sigma, lam) if variance is None else (lambda step: sigma**2 / variance(step))
    visits = prior.schedule.visits(steps)
    null = prior.embed([null_prompt])
    guide = CFG(embed_batch(prior, prompt, measurement.y.shape[0]), null, scale)
    pull = DataPull(measurement, prior.space, Constant(1.0), rho)
    state = first_state(prior, measurement, null, visits, seeds=seeds)
    return Parts(state, visits, guide, Solve((pull,)), Rederive(math.sqrt(zeta)))


def _paper_rho(sigma: float, lam: float) -> Callable[[Step], float]:
    """lambda sigma^2 / s_t^2."""
    return lambda step: lam * (sigma * step.a / step.b) ** 2
