"""What every way of drawing a measurement begins and ends with: settings, starts, the fit to the measurement alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.types import Step
from ..generators.svg.components import component_outlines
from ..generators.svg.drawing import Drawing
from ..generators.svg.growth import without_parked
from ..generators.svg.guard import untangled
from ..generators.svg.initialize import grid_circles, random_circles
from ..generators.svg.tracer import trace
from ..operators import Measurement, Operator, gaussian_blur
from ..steering.drawing_losses import Crossing, Fidelity, Flatness, Near
from ..steering.optimize import Regularizer
from ..steering.renoise import keep
from .canvas import Canvas, Market, Phase, clean_visits, idle
from .common import Receipt, seeds_for
from .vectorize.settings import VectorSettings


@dataclass(frozen=True)
class Vectorized:
    """Drawings, one an item, how far each is from its measurement (root mean square), and the receipt."""

    drawings: tuple[Drawing, ...]
    misfit: tuple[float, ...]
    receipt: Receipt


def make_canvas(
    measurement: Measurement,
    settings: VectorSettings,
    drawings: Sequence[Drawing] | None = None,
    seeds: Sequence[int] | None = None,
    picture: Tensor | None = None,
    outlined: Tensor | None = None,
) -> Canvas:
    """The drawings that a run starts from, with their optimizer.

    Args:
        picture: an estimate of the scene [B, 3, H, W] in [-1, 1] that the drawings are held by.
        outlined: what they start from; by default `picture`, or A^+ y.

    Raises:
        InputError: drawings of another number, canvas or structure, or a scene without three channels.
    """
    batch = measurement.y.shape[0]
    chosen = seeds_for(seeds, batch)
    check_scene(measurement)
    start = (
        list(drawings)
        if drawings is not None
        else starts(measurement, settings, chosen, picture if outlined is None else outlined)
    )
    size = measurement.scene[1:]
    if len(start) != batch or any(drawing.size != size for drawing in start):
        raise InputError(f"drawings: expected {batch} with a canvas of {size[1]}x{size[0]}, as the measurement's scene")
    rate = settings.rate * min(size) / 128
    canvas = Canvas(start, chosen, rate, settings.steps, settings.color_rate, settings.prune_every, guarded=True)
    if settings.penalty > 0 and drawings is None:
        canvas.market = _market(measurement, settings, picture)
    return canvas


def _market(measurement: Measurement, settings: VectorSettings, picture: Tensor | None) -> Market:
    """Paths pay in the run's own loss; more are wanted where the nearest picture that explains y differs."""
    terms = held_by(measurement, settings, picture)

    def loss(images: Tensor) -> Tensor:
        return torch.stack([term.each(images) for term in terms]).sum(0)

    def wanted(shown: Tensor) -> Tensor:
        return shown + replace(measurement, y=measurement.residual(shown)).first_guess()

    # |y - A g|^2 / 2 sigma^2 in units of the loss, a mean over pixels
    unit = 2 * _sigma(measurement) ** 2 / _pixels(measurement.y)
    price = settings.penalty * unit * (6 * settings.segments + 4)
    return Market(loss, torch.full((measurement.y.shape[0],), price), wanted)


def _sigma(measurement: Measurement) -> float:
    """The noise of pictures in [0, 1]; a level of 8 bits where it is less or unknown."""
    return max(measurement.sigma / 2, 1 / 255)


def _pixels(picture: Tensor) -> int:
    return picture.shape[-2] * picture.shape[-1]


def check_scene(measurement: Measurement) -> None:
    """Raise `InputError` unless the measurement is one of color pictures."""
    if measurement.scene[0] != 3:
        raise InputError(
            f"measurement: of scenes with {measurement.scene[0]} channels, drawings have 3; compose it with 'grey'"
        )


def starts(
    measurement: Measurement, settings: VectorSettings, seeds: Sequence[int], picture: Tensor | None = None
) -> list[Drawing]:
    """One drawing an item by `settings.init`."""
    size = (measurement.scene[1], measurement.scene[2])
    guessed = settings.init in ("components", "trace")
    guess = torch.empty(len(seeds), 0)
    if guessed:
        guess = ((measurement.first_guess() if picture is None else picture) + 1) / 2
    return [start_of(one, size, settings, seed) for one, seed in zip(guess, seeds, strict=True)]


def start_of(picture: Tensor, size: tuple[int, int], settings: VectorSettings, seed: int) -> Drawing:
    """One drawing by `settings.init`, for a first guess [3, H, W] in [0, 1]."""
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


def finished(canvas: Canvas, measurement: Measurement, evaluated: int, notes: tuple[str, ...] = ()) -> Vectorized:
    """The result of a run; paths that do not pay in the end are left out."""
    canvas.turn_over(grow=False)
    drawings = [canvas.generator.drawing(item) for item in range(measurement.y.shape[0])]
    if canvas.market is not None:
        drawings = [untangled(without_parked(drawing)) for drawing in drawings]
    with torch.no_grad():
        misfit = tuple(measurement.misfit(torch.cat([2 * drawing.render() - 1 for drawing in drawings])))
    if canvas.renewed:
        what = "dead paths were given a new start" if canvas.market is None else "paths were started on the way"
        notes = (*notes, f"{canvas.renewed} {what}")
    return Vectorized(tuple(drawings), misfit, Receipt(evaluated, notes))


Held = Fidelity | Flatness | Near
"""A regularizer of the picture alone, which knows the loss of each item."""


def held_by(measurement: Measurement, settings: VectorSettings, picture: Tensor | None = None) -> list[Held]:
    """What a picture is held by: the measurement, few edges, and an estimate of the scene where there is one.

    The estimate counts as a second measurement, with noise `trust` r. Its errors go over several pixels, so that all
    of them together count as much as those that were measured; were they independent, a drawing of a picture at SR x8
    would follow the estimate rather than the measurement.
    """
    terms: list[Held] = [Fidelity(measurement)]
    if settings.flatness_weight > 0:
        terms.append(Flatness(settings.flatness_weight))
    if picture is not None and settings.estimate_std > 0:
        weight = (_sigma(measurement) / (settings.estimate_std * unexplained(measurement, picture))) ** 2
        terms.append(Near(picture, weight))
    return terms


def unexplained(measurement: Measurement, picture: Tensor) -> Tensor:
    """How much of the measurement a picture leaves unexplained, [B]: its misfit over the noise, at least 1."""
    off = torch.tensor(measurement.misfit(picture), dtype=picture.dtype, device=picture.device)
    return (off / 2 / _sigma(measurement)).clamp_min(1.0)


def regularizers(
    measurement: Measurement | None, settings: VectorSettings, canvas: Canvas, picture: Tensor | None = None
) -> list[Regularizer]:
    """What a drawing is held by: the measurement, where there is one, and simple outlines."""
    terms: list[Regularizer] = [] if measurement is None else [*held_by(measurement, settings, picture)]
    if settings.crossing_weight > 0:
        terms.append(Crossing(canvas.generator, settings.crossing_weight))
    return terms


def fit_phase(
    measurement: Measurement, settings: VectorSettings, canvas: Canvas, steps: int, picture: Tensor | None = None
) -> Phase:
    """The measurement alone, and an estimate of the scene where there is one; no prior, no encoding."""
    terms = regularizers(measurement, settings, canvas, picture)
    if settings.blur > 0:
        terms[0] = replace(terms[0], smooth=_shrinking(settings.blur, steps))  # type: ignore[type-var]
    return Phase("fit", clean_visits(steps), idle, keep, identity, nothing, terms, carry=False)


def _shrinking(sigma: float, steps: int) -> Callable[[Step], Operator | None]:
    """A blur that shrinks linearly to none over the first two thirds, in eight stages (each kernel is made once)."""
    stages = [gaussian_blur(sigma * (8 - k) / 8) for k in range(8)]
    return lambda step: stages[k] if (k := step.index * 12 // max(steps, 1)) < 8 else None


def identity(image: Tensor) -> Tensor:
    """The encoder where no prior takes part."""
    return image


def nothing(step: Step) -> float:
    """The prior's weight where it takes no part."""
    return 0.0
