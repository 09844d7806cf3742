"""Multi-start: a second fit of the same loss from another start, since outlines end in local optima."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ...generators.svg.prune import forget, prune
from ...steering.stages import Stages
from .drawing import DrawingProblem, DrawingRun, fit_stage, image_losses, start_run

NAMES = ("points", "rgba", "background")


class Candidate(NamedTuple):
    """Drawings of one structure and what they cost.

    Attributes:
        parameters: points, colors and backgrounds of the drawings, [B, ...] each.
        cost: see `cost`, [B].
    """

    parameters: tuple[Tensor, ...]
    cost: Tensor


def fit_candidate(problem: DrawingProblem, picture: Tensor, steps: int) -> Stages[Candidate]:
    """Fit drawings from the outlines of the first guess A^+ y to the measurement and `picture`."""
    run = start_run(problem, picture, problem.measurement.first_guess())
    yield fit_stage(problem, run, steps, picture, "fit the first guess", shown=False)
    once = problem.control.once
    paid = once("candidate.cost", lambda: cost(problem, run, picture))  # removes paths
    tensors = zip(NAMES, run.generator.parameters(), strict=True)
    return Candidate(tuple(once(f"candidate.{name}", tensor.detach().clone) for name, tensor in tensors), paid)


@torch.no_grad()
def keep_better(problem: DrawingProblem, run: DrawingRun, candidate: Candidate, picture: Tensor) -> Tensor:
    """Put the candidate's drawings in the place of those of a run that cost more; return which those were, [B].

    The optimizer's moments of replaced drawings are set to zero.
    """
    worse = cost(problem, run, picture) > candidate.cost
    for parameter, value in zip(run.generator.parameters(), candidate.parameters, strict=True):
        parameter[worse] = value.to(parameter)[worse]
        forget(run.optimization.optimizer, parameter, worse)
    return worse


@torch.no_grad()
def cost(problem: DrawingProblem, run: DrawingRun, picture: Tensor) -> Tensor:
    """Return the loss of each drawing of a run, [B], with the penalty of each path; paths that do not pay go first."""
    rule = run.pruning.rule
    if rule is None:
        shown = run.generator.render().image
        return torch.stack([loss.each(shown) for loss in image_losses(problem, picture)]).sum(0)
    prune(run.generator, rule, run.optimization.optimizer)
    return rule.cost(run.generator)
