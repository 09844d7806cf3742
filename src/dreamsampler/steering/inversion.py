"""Inversion: the noise that leads to a given picture. The same loop, on the same levels, upwards.

Sampling down from level t to t' uses the noise that the network sees in z_t, which inversion does not have yet. The
plain method takes the network's answer at z_t' instead, a first-order error. The others predict z_t first:

    plain        eps(z_t', t)                                             1 evaluation a step
    two-step     eps(z~_t, t), z~_t = one step up with the last noise     1 evaluation a step, second order
    fixed-point  the plain answer, then k times eps(z~_t, t) with
                 z~_t from the last answer                                1 + k evaluations a step
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ..core.errors import InputError
from ..core.loop import OnStep, dream_sample
from ..core.schedule import ascending
from ..core.state import State
from ..core.types import Condition, Guidance, Prediction, Prior, Step
from .guidance import Single
from .renoise import keep
from .solve import Solve

METHODS = ("plain", "two-step", "fixed-point")


@dataclass(frozen=True)
class Refined:
    """Evaluate the noise of an upward step where that step ends.

    Args:
        cond: what to invert under.
        rounds: how many times the end of the step is predicted and the network asked there.
        warm: start from the noise of the step before, which costs nothing, else from a plain answer. The first step has
            none before it and is taken plainly.
    """

    cond: Condition
    rounds: int = 1
    warm: bool = True

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        if self.warm and step.index > 0:
            # the last step put the noise (z - a z0) / b back into z: no need to remember it
            eps = (state.z - step.a * state.z0) / step.b
        else:
            plain = prior.predict([state.z], step, [self.cond])[0]
            if self.warm:
                return plain
            eps = plain.eps
        for _ in range(self.rounds):
            above = climb(state.z, eps, step)
            eps = prior.predict([above], at_end(step), [self.cond])[0].eps
        return Prediction((state.z - step.b * eps) / step.a, eps)


def climb(z: Tensor, eps: Tensor, step: Step) -> Tensor:
    """One DDIM step with a given noise: z' = a' (z - b eps) / a + b' eps."""
    return step.a_next * (z - step.b * eps) / step.a + step.b_next * eps


def at_end(step: Step) -> Step:
    """The level where an upward step ends, for asking the network there (its time is the step's t already)."""
    return step._replace(a=step.a_next, b=step.b_next)


def upward(cond: Condition, method: str = "two-step", rounds: int = 2) -> Guidance:
    """The guidance of an inversion method.

    Raises:
        InputError: the method is not one of `METHODS`, or rounds < 1.
    """
    if rounds < 1:
        raise InputError(f"rounds={rounds}: expected at least 1 refinement of the inversion")
    match method:
        case "plain":
            return Single(cond)
        case "two-step":
            return Refined(cond, rounds=1, warm=True)
        case "fixed-point":
            return Refined(cond, rounds=rounds, warm=False)
    raise InputError(f"inversion={method!r}: expected one of {', '.join(METHODS)}")


def invert(
    prior: Prior,
    state: State,
    steps: Sequence[Step],
    cond: Condition,
    method: str = "two-step",
    rounds: int = 2,
    on_step: OnStep | None = None,
) -> State:
    """Climb from a clean latent to the noisy end of a sampler's trajectory.

    Args:
        prior: the diffusion model.
        state: `State.start(space.encode(images), seeds)`; the encoded picture is taken to be at the lowest level.
        steps: the sampler's own descending steps.
        cond: usually the null prompt's condition.
        method: see the table above.
        rounds: refinements of "fixed-point".

    Returns:
        A state whose z is the noisy latent at the level of `steps[0]`; its `next` is that of the upward run.
    """
    return dream_sample(state, prior, ascending(steps), upward(cond, method, rounds), Solve(), keep, on_step)
