"""A plan: all that a run of a method needs, in one frozen record, and the one function that carries it out.

A method is a frozen settings class; called with a case (`cases.EditCase`, `cases.InverseCase`) it makes a plan and
evaluates nothing. A plan has one leg, or several that follow each other: an inversion and the way down.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.loop import dream_sample
from ..core.schedule import ascending, clean_end
from ..core.state import State
from ..core.types import Condition, Guidance, Prior, Renoise, Solve, Step
from ..priors.base import whole
from ..steering import solve as chain
from ..steering.inversion import upward
from ..steering.renoise import keep
from .common import OnProgress, RunStats, reporter

Start = State | Callable[[State], State]
"""A state, or how it follows from the last state of the leg before."""


@dataclass(frozen=True)
class Leg:
    """One walk of the loop: `dream_sample(start, prior, steps, guide, solve, renoise)`.

    Attributes:
        phase: its name for progress: "invert", "edit", "restore".
        start: the first state, or how it follows from where the leg before ended.
        steps: the levels to visit.
        guide, solve, renoise: the loop's parts.
    """

    phase: str
    start: Start
    steps: Sequence[Step]
    guide: Guidance
    solve: Solve = chain.Solve()  # noqa: RUF009  (frozen and empty)
    renoise: Renoise = keep


@dataclass(frozen=True)
class Plan:
    """What a method does with a case.

    Attributes:
        legs: walked one after the other; the last one's solution is decoded.
        notes: what a receipt should hold, in words.
    """

    legs: tuple[Leg, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sampled:
    """What came of a plan.

    Attributes:
        images: [B, 3, H, W], around [-1, 1].
        receipt: evaluations and notes.
        state: the last state of the last leg.
        misfit: root mean square of y - A x of each item, if there was a measurement.
    """

    images: Tensor
    receipt: RunStats
    state: State = dataclasses.field(repr=False)
    misfit: tuple[float, ...] = ()


def walk(
    prior: Prior, plan: Plan, on_progress: OnProgress | None = None, resume: tuple[int, State] | None = None
) -> State:
    """Walk a plan's legs and return the last state.

    Args:
        on_progress: called with (phase, steps done, steps of the leg, state) after each step.
        resume: number of a leg and a state on it; the run goes on there, to the same bytes.
    """
    prior, (first, state) = whole(prior), resume or (0, None)
    for number, leg in enumerate(plan.legs[first:], first):
        if resume is None or number > first:
            state = _begun(leg.start, state)
        if state is None:
            raise InputError("plan: its first leg must start from a state")
        on_step = reporter(on_progress, leg.phase, len(leg.steps))
        state = dream_sample(state, prior, leg.steps, leg.guide, leg.solve, leg.renoise, on_step)
    if state is None:
        raise InputError("plan: has no leg to walk")
    return state


def run_plan(
    prior: Prior, plan: Plan, on_progress: OnProgress | None = None, resume: tuple[int, State] | None = None
) -> Sampled:
    """Walk a plan's legs, decode the last solution and write the receipt; arguments as `walk`.

    Example:
        >>> from dreamsampler.tasks.cases import EditCase
        >>> from dreamsampler.methods.registry import parse
        >>> from dreamsampler.priors.gaussian import GaussianPrior
        >>> prior = GaussianPrior({"": torch.zeros(3, 4, 4), "a dog": torch.ones(3, 4, 4)}, std=0.5)
        >>> case = EditCase.of(prior, torch.zeros(1, 3, 4, 4), "a dog")
        >>> run_plan(prior, parse("sdedit:denoise=0.5,steps=10", "edit")(case)).receipt.evaluations
        10
    """
    prior = whole(prior)
    counted = prior.evaluations
    state = walk(prior, plan, on_progress, resume)
    with torch.no_grad():
        images = prior.space.decode(state.z0)
    return Sampled(images, RunStats(prior.evaluations - counted, plan.notes), state)


def _begun(start: Start, before: State | None) -> State | None:
    if isinstance(start, State):
        # streams of a copy, so that a plan can be carried out again
        return dataclasses.replace(start, noise=start.noise.copy())
    return None if before is None else start(before)


def inversion_leg(
    clean: State,
    steps: Sequence[Step],
    cond: Condition,
    method: str = "two-step",
    rounds: int = 2,
    from_clean: bool = True,
) -> Leg:
    """Return the leg from a clean latent up to the noisy end of `steps`; see `steering.inversion.invert`.

    Args:
        from_clean: its `clean`: False takes the latent to lie at the schedule's last level, as released code does.
    """
    up = ascending(clean_end(steps) if from_clean else steps)
    return Leg("invert", clean, up, upward(cond, method, rounds))


def from_the_top(z0: Tensor) -> Callable[[State], State]:
    """Return how a way down starts from where an inversion of `z0` ended."""
    return lambda up: dataclasses.replace(State.start(up.z, up.noise, z0=z0), learned=up.learned)
