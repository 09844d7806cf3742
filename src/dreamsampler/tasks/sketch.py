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
from ..generators.svg.initialize import MAX_PATHS, grid_circles, random_circles
from ..generators.svg.tracer import trace
from ..operators import Measurement, Operator, gaussian_blur
from ..steering.drawing_losses import Crossing, Fidelity, Flatness, Near
from ..steering.optimize import Regularizer
from ..steering.renoise import keep
from .canvas import Canvas, Market, Phase, clean_visits, idle
from .common import Receipt, seeds_for

STARTS = ("components", "random", "grid", "trace")
MAX_SEGMENTS = 256


@dataclass(frozen=True)
class VectorSettings:
    """Numbers of a vectorization; those that the paper does not give are ours and say so.

    Attributes:
        paths, segments: closed paths and cubic segments of each. The paper names neither; VectorFusion: up to 128 x 4.
        steps: gradient steps in all.
        fit: share of them that fits the measurement alone, before the prior takes part (ours).
        start: where on the diffusion path the prior begins, as a share of it (ours; the paper starts at the top).
        scale: classifier-free guidance. The paper has 100, for Stable Diffusion; 1 was best for the bundled prior.
        balance: the prior's pull on the rendered picture relative to the measurement's, where they are calibrated: at
            mid-schedule, by the norms of their gradients (the paper's lambda is lost). 0 leaves the prior out.
        fade: the weight after the last step relative to the first (ours): the last word is the measurement's.
        eta: share of fresh noise that goes back at each step (eq. 5); 0 carries all of it, as the paper does, 1 none.
            Carried noise keeps what the fit made of the measurement's noise: three development scenes, SR x8, without
            `restore` and `price`, gained 0.8, 0.5 and 0.2 dB over the fit alone with it, 1.7, 1.9 and 1.0 with fresh.
        crossing: weight of the crossing loss; see `generators.svg.crossing.WEIGHT`.
        flat: weight of the total variation of the picture: few and short edges (ours). Thin shards are what blur hides.
        price: what a path must save to stay, for each of its 6 S + 4 numbers in units of the log-likelihood (ours; 1 is
            Akaike's price; half the logarithm of the number of values measured, 3 to 5, is Schwarz's). Paths that do
            not pay are laid aside, and come back where the picture is wrong; so a drawing may have fewer paths than
            `paths`. 0 keeps them all, as does a start from a given drawing.
        restore: steps of the restoration in pixels that the drawing starts from and keeps near to (ours); 0 leaves it
            out. Only "dreamsampler" has it.
        trust: how far that picture is believed to be off where it explains the measurement: a standard deviation, of
            pictures in [0, 1] (ours). One that leaves r times the noise unexplained, r > 1, is believed r times as far
            off: what can be seen of its errors says something about those that cannot.
        rate: peak learning rate of control points in pixels on a canvas of 128, scaled with the canvas.
        color_rate: peak learning rate of colors.
        blur: coarse to fine: the fit begins under a blur of this many pixels, which shrinks to none (ours).
        init: "components", "random", "grid" or "trace" (vtracer, at most `paths` paths with their own segments),
            unless a drawing is given.
        renew_every: look for paths that do not pay, or are dead, every so many steps; 0 never.
    """

    paths: int = 64
    segments: int = 4
    steps: int = 500
    fit: float = 0.7
    start: float = 0.6
    scale: float = 1.0
    balance: float = 1.0
    fade: float = 0.0
    eta: float = 1.0
    crossing: float = 1e-3
    flat: float = 5e-4
    price: float = 3.0
    rate: float = 1.0
    color_rate: float = 0.05
    blur: float = 0.0
    init: str = "components"
    renew_every: int = 50
    restore: int = 100
    trust: float = 0.07

    def __post_init__(self) -> None:
        for name, low, high in (("paths", 1, MAX_PATHS), ("segments", 2, MAX_SEGMENTS), ("steps", 1, 1_000_000)):
            if not low <= getattr(self, name) <= high:
                raise InputError(f"{name}={getattr(self, name)}: expected {low} to {high}")
        for name in ("fit", "eta"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InputError(f"{name}={getattr(self, name)}: expected a share, 0 to 1")
        if not 0.0 < self.start <= 1.0:
            raise InputError(f"start={self.start}: expected a share of the path, above 0 and at most 1")
        for name in (
            "balance",
            "fade",
            "crossing",
            "flat",
            "price",
            "trust",
            "restore",
            "scale",
            "blur",
            "renew_every",
        ):
            if not 0.0 <= getattr(self, name) < 1e6:
                raise InputError(f"{name}={getattr(self, name)}: expected a number of 0 or more")
        for name in ("rate", "color_rate"):
            if not 0.0 < getattr(self, name) < 1e3:
                raise InputError(f"{name}={getattr(self, name)}: expected a positive number")
        if self.init not in STARTS:
            raise InputError(f"init={self.init!r}: expected one of {', '.join(STARTS)}, or a drawing")


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
    canvas = Canvas(start, chosen, rate, settings.steps, settings.color_rate, settings.renew_every, guarded=True)
    if settings.price > 0 and drawings is None:
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
    price = settings.price * unit * (6 * settings.segments + 4)
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
    if settings.flat > 0:
        terms.append(Flatness(settings.flat))
    if picture is not None and settings.trust > 0:
        weight = (_sigma(measurement) / (settings.trust * unexplained(measurement, picture))) ** 2
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
    if settings.crossing > 0:
        terms.append(Crossing(canvas.generator, settings.crossing))
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
