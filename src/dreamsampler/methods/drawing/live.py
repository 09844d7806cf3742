"""LIVE: layer-wise vectorization (Ma et al., CVPR 2022, 2206.04655). Shares the loop: yes (an idle guide, gradient
steps on the drawing).

Paths come in stages of 1, 1, 2, 4, 8, 16, 32, 32, ...; each new one starts where the picture is most wrong
(`generators.svg.live`), and all paths so far are optimized on mean(w |render - picture|^2) + Xing of the new paths. The
weight w = (max d - d) / max d falls with the distance d to the outline of the new paths' union, cut off at 10 px, and
adds up over the stages, to at most 1. Published rates are 1 px and 0.01; here they are the canvas's, as everywhere.
It vectorizes a picture: given a measurement, that is the first guess A^+ y. No evaluations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.types import Prediction, Prior, Step
from ...generators.svg.crossing import crossing_loss
from ...generators.svg.drawing import Drawing
from ...generators.svg.generator import SvgGenerator
from ...generators.svg.initialize import joined, random_circles, seeded_circles
from ...generators.svg.live import live_seeds
from ...generators.svg.rasterizer import rasterize
from ...generators.svg.structure import Structure
from ...operators import Measurement
from ...steering.renoise import keep
from ...tasks.canvas import Course, Phase, clean_visits, entry, idle, run_phases
from ...tasks.common import Receipt, seeds_for
from ...tasks.sketch import Vectorized, check_scene, identity, nothing
from ...tasks.vectorize.settings import VectorSettings
from .common import blank, canvas_of, leg, stands_in

MOST = 32
"""Paths of the largest stage."""
REACH = 10
"""Pixels beyond which the distance does not grow."""
RADIUS = 5.0
"""Pixels of a new circle."""


def vector_live(
    prior: Prior | None,
    measurement: Measurement,
    prompt: str = "",
    *,
    settings: VectorSettings | None = None,
    drawings: Sequence[Drawing] | None = None,
    seeds: Sequence[int] | None = None,
    course: Course | None = None,
) -> Vectorized:
    """Vectorize the first guess A^+ y layer by layer; arguments as `tasks.vectorize.vectorize`.

    Prior, prompt and `drawings` are ignored, as are all settings but paths, segments, steps, crossing and the rates.

    Raises:
        InputError: an argument has the wrong shape or range, or a checkpoint belongs to another run.
    """
    check_scene(measurement)
    chosen = settings or VectorSettings()
    each = seeds_for(seeds, measurement.y.shape[0])
    made = draw_layers(measurement.first_guess(), chosen, each, chosen.steps, course)
    shown = torch.cat([drawing.render() for drawing in made])
    return Vectorized(tuple(made), tuple(measurement.misfit(2 * shown - 1)), Receipt(0))


def growth(paths: int) -> list[int]:
    """How many paths each stage adds: doubling, at most 32.

    Example:
        >>> growth(10)
        [1, 1, 2, 4, 2]
    """
    plan: list[int] = []
    while sum(plan) < paths:
        plan.append(min(max(1, sum(plan)), MOST, paths - sum(plan)))
    return plan


def draw_layers(
    pictures: Tensor, settings: VectorSettings, seeds: Sequence[int], steps: int, course: Course | None = None
) -> list[Drawing]:
    """LIVE on pictures [B, 3, H, W] in [-1, 1]; its stages are runs 0, 1, ... of the course."""
    target = (pictures.detach().float() + 1) / 2
    size, items = (target.shape[2], target.shape[3]), target.shape[0]
    plan = growth(settings.paths)
    made: list[Drawing] = []
    kept, done = torch.zeros(items, *size), 0
    for number, count in enumerate(plan):
        done += count
        resume = stands_in(course, number)
        kept = kept if resume is None else entry(resume, "kept")
        here = leg(course, number, kept=kept)
        if here is None or resume is not None:
            made = blank(done, size, settings.segments, items)
        else:
            made = [_grown(made, k, target[k], count, seed, settings.segments) for k, seed in enumerate(seeds)]
        if here is None:
            continue
        share = steps * (number + 1) // len(plan) - steps * number // len(plan)
        made, kept = _stage(made, target, kept, count, max(1, share), settings, seeds, here)
    return made


def _stage(
    start: Sequence[Drawing],
    target: Tensor,
    kept: Tensor,
    count: int,
    steps: int,
    settings: VectorSettings,
    seeds: Sequence[int],
    course: Course,
) -> tuple[list[Drawing], Tensor]:
    """Optimize all paths, the last `count` of which are new; the drawings and the weights that stay."""
    canvas = canvas_of(start, seeds, settings, steps)
    canvas.renew_every = 0
    loss = LayerLoss(canvas.generator, target, kept, count, settings.crossing_weight)
    phase = Phase("trace", clean_visits(steps), idle, keep, identity, nothing, [loss], carry=False)
    run_phases(None, canvas, [phase], course)
    return [canvas.generator.drawing(k) for k in range(len(start))], loss.weights()


def _grown(made: Sequence[Drawing], item: int, target: Tensor, count: int, seed: int, segments: int) -> Drawing:
    """A drawing with `count` more paths where it is most wrong; where it is not, small ones at random places."""
    size = (target.shape[1], target.shape[2])
    shown = made[item].render()[0] if made else torch.ones_like(target)
    places = live_seeds(shown, target, count)
    rng = torch.Generator("cpu").manual_seed(
        (int(seed) * 1009 + (made[item].structure.path_count if made else 0)) % 2**63
    )
    new = [seeded_circles(places, size, radius=RADIUS, segments=segments)] if places else []
    if len(places) < count:
        new.append(random_circles(count - len(places), size, rng, segments=segments, radius=RADIUS / 2))
    layers = [*([made[item]] if made else []), *new]
    whole = layers[0]
    for layer in layers[1:]:
        whole = joined(whole, layer)
    return whole


@dataclass(frozen=True)
class LayerLoss:
    """mean(w |render - picture|^2) of each item, and the Xing loss of the new paths.

    Attributes:
        target: pictures [B, 3, H, W] in [0, 1].
        kept: weights of the stages before, [B, H, W].
        count: how many of the last paths are new.
        crossing: weight of the Xing loss.
    """

    generator: SvgGenerator
    target: Tensor
    kept: Tensor
    count: int
    crossing: float

    def __call__(self, image: Tensor, z: Tensor, pred: Prediction, step: Step) -> Tensor:
        error = ((image + 1) / 2 - self.target).square().sum(1)
        loss = (self.weights() * error).mean((1, 2)).sum()
        if self.crossing == 0:
            return loss
        structure, rows = self._new()
        return loss + self.crossing * image.shape[0] * crossing_loss(self.generator.points[:, rows], structure)

    @torch.no_grad()
    def weights(self) -> Tensor:
        """w of the new paths where they are now, plus those kept, at most 1: [B, H, W]."""
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
    """(max d - d) / max d, d the distance to the outline of a region, cut off at `reach` px; 0 without an outline.

    Args:
        inside: bool [B, H, W].
    """
    d = outline_distance(inside, reach)
    most = d.flatten(1).max(1).values.view(-1, 1, 1)
    return (most - d) / most


def outline_distance(inside: Tensor, reach: int = REACH) -> Tensor:
    """Distance of every pixel's middle to the outline between a region and the rest, exact up to `reach`, else that.

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
    """min over k in [-reach, reach] of squared[. + k] + k^2 along an axis."""
    length = squared.shape[axis]
    pad = [reach, reach] if axis == 2 else [0, 0, reach, reach]
    wide = torch.nn.functional.pad(squared, pad, value=far)
    best = squared
    for k in range(-reach, reach + 1):
        best = torch.minimum(best, wide.narrow(axis, reach + k, length) + float(k * k))
    return best
