"""What every method of drawing begins and ends with: the problem, starts, losses, the fit to the measurement alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.types import Prior, Step
from ...generators.svg.components import component_outlines
from ...generators.svg.drawing import Drawing
from ...generators.svg.generator import SvgGenerator
from ...generators.svg.initialize import grid_circles, random_circles
from ...generators.svg.prune import PathPruning, PruneRule, prune, without_removed
from ...generators.svg.rates import warm_up
from ...generators.svg.tangles import TangleRejection, without_small_loops
from ...generators.svg.tracer import trace
from ...operators import Measurement, Operator, gaussian_blur
from ...steering.control import RunControl
from ...steering.drawing_losses import DataLoss, EstimateLoss, ImageLoss, TotalVariation, XingLoss, pixel_count
from ...steering.optimize import Loss
from ...steering.stages import Optimization, Stage, clean_visits
from .settings import VectorSettings

LATEST_RESEED = 0.8
"""Share of a run after which no path is started anew."""


@dataclass(frozen=True)
class DrawingProblem:
    """What a method of drawing is given.

    Attributes:
        measurement: y, A and the noise; the scene's size is the canvas.
        prior: None for methods without one.
        prompt: what the picture shows.
        seeds: one an item.
        drawings: to start from, one an item and of one structure, instead of `settings.init`.
        control: `control.once` keeps tensors in the run's checkpoints.
    """

    measurement: Measurement
    prior: Prior | None = None
    prompt: str = ""
    settings: VectorSettings = field(default_factory=VectorSettings)
    seeds: Sequence[int] = (0,)
    drawings: Sequence[Drawing] | None = None
    control: RunControl = field(default_factory=RunControl)

    def __post_init__(self) -> None:
        if self.measurement.scene[0] != 3:
            channels = self.measurement.scene[0]
            raise InputError(
                f"measurement: of scenes with {channels} channels, drawings have 3; compose it with 'grey'"
            )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the canvas."""
        return self.measurement.scene[1], self.measurement.scene[2]


class Drawn(NamedTuple):
    """Drawings, one an item, and what happened to them, in words."""

    drawings: Sequence[Drawing]
    notes: tuple[str, ...] = ()


class DrawingRun(NamedTuple):
    """The optimization of drawings, and the callback that prunes their paths."""

    optimization: Optimization[SvgGenerator]
    pruning: PathPruning

    @property
    def generator(self) -> SvgGenerator:
        """The drawings."""
        return self.optimization.generator

    def drawings(self) -> list[Drawing]:
        """Return the drawings as they are now."""
        return [self.generator.drawing(item) for item in range(len(self.optimization.seeds))]


def run_of(
    drawings: Sequence[Drawing],
    seeds: Sequence[int],
    settings: VectorSettings,
    steps: int,
    rule: PruneRule | None = None,
    guarded: bool = False,
) -> DrawingRun:
    """Return a fresh optimization of drawings, with its own optimizer and learning rates for `steps` gradient steps.

    Args:
        rule: decides which paths go; without it, nearly invisible ones come back at random places.
        guarded: no step may make an outline cross itself or turn it inside out.
    """
    generator = SvgGenerator.of(list(drawings))
    rate = settings.rate * min(drawings[0].size) / 128
    groups = generator.parameter_groups(rate, settings.color_rate, settings.color_rate / 10)
    optimizer = torch.optim.Adam(groups, betas=(0.9, 0.9), eps=1e-6)
    pruning = PathPruning(generator, optimizer, seeds, settings.prune_every, LATEST_RESEED * steps, rule)
    tangles = TangleRejection(generator)
    before, after = ((tangles.before,), (tangles.after,)) if guarded else ((), ())
    optimization = Optimization(
        generator,
        optimizer,
        seeds,
        lambda taken: warm_up(taken, steps, settings.warm_up or max(1, steps // 10)),
        before,
        (lambda taken: generator.clamp(), *after, pruning),
        {"pruning": pruning},
    )
    return DrawingRun(optimization, pruning)


def start_run(problem: DrawingProblem, picture: Tensor | None = None, outlined: Tensor | None = None) -> DrawingRun:
    """Return the optimization of a whole run, from the problem's drawings or `settings.init`.

    Args:
        picture: an estimate of the scene [B, 3, H, W] in [-1, 1] that the drawings are held to.
        outlined: what they start from; by default `picture`, or A^+ y.

    Raises:
        InputError: drawings of another number, canvas or structure.
    """
    start = problem.drawings
    if start is None:
        start = starts(problem, picture if outlined is None else outlined)
    size, batch = problem.size, len(problem.seeds)
    if len(start) != batch or any(drawing.size != size for drawing in start):
        raise InputError(f"drawings: expected {batch} with a canvas of {size[1]}x{size[0]}, as the measurement's scene")
    settings = problem.settings
    rule = prune_rule(problem, picture) if settings.penalty > 0 and problem.drawings is None else None
    return run_of(start, problem.seeds, settings, settings.steps, rule, guarded=True)


def prune_rule(problem: DrawingProblem, picture: Tensor | None) -> PruneRule:
    """Return the rule of `settings.penalty`: paths pay in the run's own loss, and start at the data's residual."""
    measurement, settings = problem.measurement, problem.settings
    losses = image_losses(problem, picture)

    def loss(images: Tensor) -> Tensor:
        return torch.stack([term.each(images) for term in losses]).sum(0)

    def target(shown: Tensor) -> Tensor:
        return shown + replace(measurement, y=measurement.residual(shown)).first_guess()

    # |y - A g|^2 / 2 sigma^2 in units of the loss, a mean over pixels
    unit = 2 * noise_of(measurement) ** 2 / pixel_count(measurement.y)
    penalty = settings.penalty * unit * (6 * settings.segments + 4)
    return PruneRule(loss, torch.full((len(problem.seeds),), penalty), target)


def noise_of(measurement: Measurement) -> float:
    """Return the noise of pictures in [0, 1]; a level of 8 bits if it is less or unknown."""
    return max(measurement.sigma / 2, 1 / 255)


def starts(problem: DrawingProblem, picture: Tensor | None = None) -> list[Drawing]:
    """Return one drawing an item by `settings.init`; `picture` [B, 3, H, W] stands in for the first guess A^+ y."""
    guess = torch.empty(len(problem.seeds), 0)
    if problem.settings.init in ("components", "trace"):
        guess = ((problem.measurement.first_guess() if picture is None else picture) + 1) / 2
    return [start_of(one, problem.size, problem.settings, seed) for one, seed in zip(guess, problem.seeds, strict=True)]


def start_of(picture: Tensor, size: tuple[int, int], settings: VectorSettings, seed: int) -> Drawing:
    """Return one drawing by `settings.init`, for a first guess [3, H, W] in [0, 1]."""
    rng = torch.Generator("cpu").manual_seed(int(seed))
    match settings.init:
        case "components":
            return component_outlines(picture, settings.paths, segments=settings.segments)
        case "trace":
            traced = trace(picture, settings.paths)
            if traced.structure.path_count == 0:
                raise InputError("init='trace': the tracer found no paths in this picture; start from 'components'")
            return traced
        case "random":
            return random_circles(settings.paths, size, rng, segments=settings.segments)
        case _:
            return grid_circles(settings.paths, size, rng, segments=settings.segments)


def finished(run: DrawingRun) -> Drawn:
    """Return the drawings of a run; paths that do not pay in the end are left out."""
    pruning = run.pruning
    notes: tuple[str, ...] = ()
    if pruning.rule is not None:
        prune(run.generator, pruning.rule, run.optimization.optimizer)
    drawings = run.drawings()
    if pruning.rule is not None:
        drawings = [without_small_loops(without_removed(drawing)) for drawing in drawings]
    if pruning.reseeded:
        what = "dead paths were given a new start" if pruning.rule is None else "paths were started on the way"
        notes = (f"{pruning.reseeded} {what}",)
    return Drawn(drawings, notes)


def image_losses(problem: DrawingProblem, picture: Tensor | None = None) -> list[ImageLoss]:
    """Return what holds the picture: the measurement, few edges, and an estimate of the scene if there is one.

    The estimate counts as a second measurement, with noise `estimate_std` r. Its errors go over several pixels, so that
    all of them together count as much as those that were measured; were they independent, a drawing of a picture at
    SR x8 would follow the estimate rather than the measurement.
    """
    settings = problem.settings
    losses: list[ImageLoss] = [DataLoss(problem.measurement)]
    if settings.flatness_weight > 0:
        losses.append(TotalVariation(settings.flatness_weight))
    if picture is not None and settings.estimate_std > 0:
        unexplained = _unexplained(problem.measurement, picture)
        weight = (noise_of(problem.measurement) / (settings.estimate_std * unexplained)) ** 2
        losses.append(EstimateLoss(picture, weight))
    return losses


def _unexplained(measurement: Measurement, picture: Tensor) -> Tensor:
    """Return r, [B]: the misfit of a picture over the noise, at least 1.

    What can be seen of an estimate's errors is evidence of those that cannot.
    """
    off = torch.tensor(measurement.misfit(picture), dtype=picture.dtype, device=picture.device)
    return (off / 2 / noise_of(measurement)).clamp_min(1.0)


def losses_of(problem: DrawingProblem, run: DrawingRun, picture: Tensor | None = None) -> list[Loss]:
    """Return the losses of a run: the measurement's and the picture's, and simple outlines."""
    return [*image_losses(problem, picture), *outline_losses(problem.settings.crossing_weight, run)]


def outline_losses(crossing_weight: float, run: DrawingRun) -> list[Loss]:
    """Return the loss against outlines that cross themselves, if it has a weight."""
    return [XingLoss(run.generator, crossing_weight)] if crossing_weight > 0 else []


def fit_stage(
    problem: DrawingProblem,
    run: DrawingRun,
    steps: int,
    picture: Tensor | None = None,
    name: str = "fit",
    shown: bool = True,
) -> Stage:
    """Return a stage of the measurement alone, and of an estimate of the scene if there is one: no prior."""
    losses = losses_of(problem, run, picture)
    if problem.settings.blur > 0:
        losses[0] = DataLoss(problem.measurement, smooth=_shrinking(problem.settings.blur, steps))
    return Stage(name, run.optimization, clean_visits(steps), losses, shown=shown)


def _shrinking(sigma: float, steps: int) -> Callable[[Step], Operator | None]:
    """Return a blur that shrinks linearly to none over the first two thirds, in eight parts (a kernel is made once)."""
    parts = [gaussian_blur(sigma * (8 - k) / 8) for k in range(8)]
    return lambda step: parts[k] if (k := step.index * 12 // max(steps, 1)) < 8 else None
