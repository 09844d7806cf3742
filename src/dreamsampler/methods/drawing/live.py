"""LIVE: layer-wise vectorization (Ma et al., CVPR 2022, 2206.04655). Shares the loop: yes (no prior, gradient steps on
the drawing).

Paths come in stages of 1, 1, 2, 4, 8, 16, 32, 32, ...; each new one starts where the picture is most wrong
(`generators.svg.live`), and all paths so far are optimized on mean(w |render - picture|^2) + Xing of the new paths. The
weight w = (max d - d) / (max d - min d) falls with the distance d to the outline of the new paths' union, cut off at 10
px, and adds up over the stages, to at most 1. Published rates are 1 px and 0.01, 500 steps a stage; here the rates are
the run's, as everywhere, and stages share its steps (`stage_steps`).
It vectorizes a picture: given a measurement, that is the first guess A^+ y. No evaluations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ...core.settings import settings
from ...core.types import Prediction, Step
from ...generators.base import Rendering
from ...generators.svg.crossing import WEIGHT, crossing_loss
from ...generators.svg.drawing import Drawing
from ...generators.svg.generator import SvgGenerator
from ...generators.svg.initialize import joined, random_circles, seeded_circles
from ...generators.svg.live import live_seeds
from ...generators.svg.rasterizer import rasterize
from ...generators.svg.structure import Structure
from ...steering.stages import Stage, Stages, clean_visits
from ...tasks.vectorize.drawing import DrawingProblem, Drawn, run_of
from .options import CrossingWeight, StageSteps

MOST = 32
"""Paths of the largest stage."""
REACH = 10
"""Pixels beyond which the distance does not grow."""
RADIUS = 5.0
"""Pixels of a new circle."""


@settings
class LIVE:
    """Vectorize the first guess A^+ y layer by layer.

    Prior, prompt and given drawings are ignored, as are all settings of the task but paths, segments, steps and rates.
    """

    stage_steps: StageSteps = 0
    crossing_weight: CrossingWeight = WEIGHT

    def __call__(self, problem: DrawingProblem) -> Stages[Drawn]:
        """Yield the stages."""
        picture = problem.measurement.first_guess()
        return Drawn(
            (yield from layers(problem, picture, problem.settings.steps, self.stage_steps, self.crossing_weight))
        )


def stage_paths(paths: int) -> list[int]:
    """Return how many paths each stage adds: doubling, at most 32.

    Example:
        >>> stage_paths(10)
        [1, 1, 2, 4, 2]
    """
    plan: list[int] = []
    while sum(plan) < paths:
        plan.append(min(max(1, sum(plan)), MOST, paths - sum(plan)))
    return plan


def layers(
    problem: DrawingProblem, pictures: Tensor, steps: int, stage_steps: int = 0, crossing_weight: float = WEIGHT
) -> Stages[list[Drawing]]:
    """Yield LIVE's stages on pictures [B, 3, H, W] in [-1, 1]; return the drawings.

    Args:
        steps: of all stages together.
        stage_steps: of each stage instead; 0: an equal share of `steps`.
    """
    target, settings = (pictures.detach().float() + 1) / 2, replace(problem.settings, prune_every=0)
    plan = stage_paths(settings.paths)
    made: list[Drawing | None] = [None] * len(problem.seeds)
    kept = torch.zeros(len(problem.seeds), *problem.size)
    for number, count in enumerate(plan):
        kept = problem.control.once(f"weights.{number}", kept.clone)
        share = stage_steps or max(1, steps * (number + 1) // len(plan) - steps * number // len(plan))
        items = zip(made, target, problem.seeds, strict=True)
        start = [_grown(drawing, goal, count, seed, settings.segments) for drawing, goal, seed in items]
        run = run_of(start, problem.seeds, settings, share)
        loss = LayerLoss(run.generator, target, kept, count, crossing_weight)
        yield Stage("trace", run.optimization, clean_visits(share), [loss])
        made, kept = [*run.drawings()], loss.weights()
    return [drawing for drawing in made if drawing is not None]


def _grown(made: Drawing | None, target: Tensor, count: int, seed: int, segments: int) -> Drawing:
    """Return a drawing with `count` more paths where it is most wrong; if it is right, small ones at random places."""
    size = (target.shape[1], target.shape[2])
    shown = torch.ones_like(target) if made is None else made.render()[0]
    places = live_seeds(shown, target, count)
    paths = 0 if made is None else made.structure.path_count
    rng = torch.Generator("cpu").manual_seed((int(seed) * 1009 + paths) % 2**63)
    new = [seeded_circles(places, size, radius=RADIUS, segments=segments)] if places else []
    if len(places) < count:
        new.append(random_circles(count - len(places), size, rng, segments=segments, radius=RADIUS / 2))
    whole, *above = new if made is None else [made, *new]
    for layer in above:
        whole = joined(whole, layer)
    return whole


@dataclass(frozen=True)
class LayerLoss:
    """mean(w |render - picture|^2) of each item, and the Xing loss of the new paths.

    Attributes:
        target: pictures [B, 3, H, W] in [0, 1].
        kept: weights of the stages before, [B, H, W].
        count: how many of the last paths are new.
        crossing_weight: of the Xing loss.
    """

    generator: SvgGenerator
    target: Tensor
    kept: Tensor
    count: int
    crossing_weight: float

    def __call__(self, rendering: Rendering, z: Tensor, pred: Prediction, step: Step) -> Tensor:
        error = ((rendering.image + 1) / 2 - self.target).square().sum(1)
        loss = (self.weights() * error).mean((1, 2)).sum()
        if self.crossing_weight == 0:
            return loss
        structure, rows = self._new()
        xing = crossing_loss(self.generator.points[:, rows], structure)
        return loss + self.crossing_weight * error.shape[0] * xing

    @torch.no_grad()
    def weights(self) -> Tensor:
        """Return w of the new paths as they are now, plus those kept, at most 1: [B, H, W]."""
        structure, rows = self._new()
        points = self.generator.points[:, rows]
        white = torch.ones(points.shape[0], structure.path_count, 4)
        size = self.generator.template.size
        union = rasterize(points, structure, white, size, torch.zeros(points.shape[0], 3))[:, 0] > 0.5
        return (unsigned_weights(union) + self.kept).clamp(max=1.0)

    def _new(self) -> tuple[Structure, list[int]]:
        structure = self.generator.template.structure
        return structure.select(range(structure.path_count - self.count, structure.path_count))


def unsigned_weights(inside: Tensor, reach: int = REACH) -> Tensor:
    """Return (max d - d) / (max d - min d), d the distance to a region's outline, cut off at `reach` px; 0 without one.

    Args:
        inside: bool [B, H, W].
    """
    d = outline_distance(inside, reach)
    least, most = (end.view(-1, 1, 1) for end in d.flatten(1).aminmax(dim=1))
    return (most - d) / (most - least).clamp_min(1e-6)


def outline_distance(inside: Tensor, reach: int = REACH) -> Tensor:
    """Return the distance of every pixel's middle to the outline of a region, exact up to `reach`, else that.

    The outline runs half a pixel before the nearest pixel of the other side. Squared distances are separable: the
    nearest such pixel in each row, then the best row (both within `reach`).

    Args:
        inside: bool [B, H, W].
    """
    far = float((2 * reach) ** 2)
    found = torch.full(inside.shape, far)
    for side in (True, False):
        squared = torch.where(inside == side, torch.zeros(()), torch.tensor(far))
        for axis in (2, 1):
            squared = _nearest(squared, axis, reach, far)
        found = torch.where(inside == side, found, squared)
    return (found.sqrt() - 0.5).clamp(max=float(reach))


def _nearest(squared: Tensor, axis: int, reach: int, far: float) -> Tensor:
    """Return min over k in [-reach, reach] of squared[. + k] + k^2 along an axis."""
    length = squared.shape[axis]
    pad = [reach, reach] if axis == 2 else [0, 0, reach, reach]
    wide = torch.nn.functional.pad(squared, pad, value=far)
    best = squared
    for k in range(-reach, reach + 1):
        best = torch.minimum(best, wide.narrow(axis, reach + k, length) + float(k * k))
    return best


def start_and_steps(problem: DrawingProblem, crossing_weight: float) -> Stages[tuple[Sequence[Drawing], int]]:
    """Yield LIVE's stages on the first guess, unless drawings are given; return drawings and the steps that are left.

    `settings.fit` is the share of steps that LIVE gets.
    """
    steps = problem.settings.steps
    if problem.drawings is not None:
        return problem.drawings, steps
    traced = max(1, round(problem.settings.fit * steps))
    made = yield from layers(problem, problem.measurement.first_guess(), traced, 0, crossing_weight)
    return made, max(1, steps - traced)
