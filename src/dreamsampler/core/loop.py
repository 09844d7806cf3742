"""The loop: predict, solve, renoise. Sampling and score distillation are the same loop with other parts.

DreamSampler (Kim, Park, Ye; ECCV 2024, arXiv 2403.11415), equations 12 to 14 and Algorithm 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from .state import State
from .types import Guidance, Prior, Renoise, Solve, Step

OnStep = Callable[[State, Step], None]


def dream_sample(
    state: State,
    prior: Prior,
    steps: Sequence[Step],
    guide: Guidance,
    solve: Solve,
    renoise: Renoise,
    on_step: OnStep | None = None,
) -> State:
    """Regularized latent optimization along a diffusion path.

    At every step: let the prior estimate the clean latent; solve a small optimization around that estimate,
    z0 = g(argmin_psi |g(psi) - z0_hat|^2 + sum_k lambda_k R_k(g(psi))); put noise back, z' = a' z0 + b' eps.

    With `renoise=keep` on descending steps this is a sampler (DDIM, CFG++, DreamSampler, DPS); with `renoise=fresh` on
    randomly drawn steps it is score distillation (SDS, DDS).

    Args:
        state: where the run stands; `state.next` of the steps are already done.
        prior: the diffusion model.
        steps: the levels to visit, each leading to the next (`prior.schedule.visits(n)`).
        guide: (prior, state, step) -> Prediction.
        solve: (prediction, state, step) -> clean latent.
        renoise: (prediction, clean latent, state, step) -> noise.
        on_step: called with the new state and the step just taken: progress, checkpoints, frames.

    Returns:
        The state after the last step; `.z0` is the last solution, the one to decode.

    Raises:
        NonFinite: a latent became NaN or infinite; says at which step and stage.

    Example: docs/loop.md builds DDIM, an edit and SDS out of it, ten lines each.
    """
    for step in steps[state.next :]:
        grad = solve.needs_prior_grad(step)
        with torch.set_grad_enabled(grad):
            state = state.tracking(grad)
            pred = guide(prior, state, step)
            z0 = solve(pred, state, step)
        with torch.no_grad():
            eps = renoise(pred, z0, state, step)
            state = state.advance(step, pred, z0, eps)
        if on_step is not None:
            on_step(state, step)
    return state
