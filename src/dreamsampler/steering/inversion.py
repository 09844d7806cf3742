"""Inversion: the noise that leads to a given picture. The same loop, on the same levels, upwards.

Sampling down from level t to t' uses the noise that the network finds in z_t, which inversion does not have yet. The
plain method takes the network's answer at z_t' instead, a first-order error. The others predict z_t first:

    plain        eps(z_t', t)                                             1 evaluation a step
    two-step     eps(z~_t, t), z~_t = one step up with the last noise     1 evaluation a step, second order
    fixed-point  the plain answer, then k times eps(z~_t, t) with
                 z~_t from the last answer                                1 + k evaluations a step

The network's output is read at level t, whose time it was told: so x0-, v- and velocity-prediction invert as
eps-prediction does, and a clean latent (b = 0) is a place to begin like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ..core.errors import InputError
from ..core.loop import OnStep, dream_sample
from ..core.schedule import ascending, clean_end
from ..core.state import State
from ..core.types import Condition, Guidance, Prediction, Prior, Step
from .renoise import keep
from .solve import Solve

METHODS = ("plain", "two-step", "fixed-point")


@dataclass(frozen=True)
class Refined:
    """Evaluate the noise of an upward step where that step ends.

    Args:
        cond: what to invert under.
        rounds: how many times the end of the step is predicted and the network asked there; with none, and without
            `warm`, this is plain DDIM inversion.
        warm: start from the noise of the step before, which costs nothing, else from a plain answer. The first step has
            none before it and is taken plainly.
    """

    cond: Condition
    rounds: int = 1
    warm: bool = True

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        rounds = self.rounds
        if self.warm and step.index > 0:
            # the last step put the noise (z - a z0) / b back into z: no need to remember it
            eps = (state.z - step.a * state.z0) / step.b
        else:
            eps = prior.predict([state.z], at_end(step), [self.cond])[0].eps
            rounds = 0 if self.warm else rounds
        for _ in range(rounds):
            above = climb(state.z, eps, step)
            eps = prior.predict([above], at_end(step), [self.cond])[0].eps
        return Prediction((state.z - step.b * eps) / step.a, eps)


def climb(z: Tensor, eps: Tensor, step: Step) -> Tensor:
    """Return z' = a' (z - b eps) / a + b' eps: one DDIM step with a given noise."""
    return step.a_next * (z - step.b * eps) / step.a + step.b_next * eps


def at_end(step: Step) -> Step:
    """Return the level where an upward step ends, for asking the network there (its time is the step's t already)."""
    return step._replace(a=step.a_next, b=step.b_next)


def upward(cond: Condition, method: str = "two-step", rounds: int = 2) -> Guidance:
    """Return the guidance of an inversion method.

    Raises:
        InputError: the method is not one of `METHODS`, or rounds < 1.
    """
    if rounds < 1:
        raise InputError(f"rounds={rounds}: expected at least 1 refinement of the inversion")
    match method:
        case "plain":
            return Refined(cond, rounds=0, warm=False)
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
    clean: bool = True,
) -> State:
    """Climb from a clean latent to the noisy end of a sampler's trajectory.

    Args:
        prior: the diffusion model.
        state: `State.start(space.encode(images), seeds)`.
        steps: the sampler's own descending steps.
        cond: usually the null prompt's condition.
        method: see the table above.
        rounds: refinements of "fixed-point".
        clean: the latent is clean, as the one that sampling decodes in the end. False takes it to lie at the schedule's
            last level, as released code does: on Stable Diffusion's path its b = 0.029 is an error that no number of
            steps removes.

    Returns:
        A state whose z is the noisy latent at the level of `steps[0]`; its `next` is that of the upward run.
    """
    up = ascending(clean_end(steps) if clean else steps)
    return dream_sample(state, prior, up, upward(cond, method, rounds), Solve(), keep, on_step)
