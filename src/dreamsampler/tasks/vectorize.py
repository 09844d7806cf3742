"""Clean drawings out of degraded pictures: eq. 21 of DreamSampler, an SVG as generator inside Algorithm 2.

First the drawing is fitted to the measurement alone; then it goes down the diffusion path, pulled towards what the
prior sees in it and held by the measurement: min |E(g(psi)) - z0_hat|^2 + lambda |y - A g(psi)|^2 + crossing. The noise
is carried from step to step, g(psi) is encoded anew at each, and the null prompt's noise goes back.

With N steps and a share f for the fit: 2 (1 - f) N evaluations of the network, and half as many encodings forward and
backward; the fit costs none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.schedule import TableSchedule
from ..core.state import State
from ..core.types import Guidance, Prior, Step
from ..generators.svg.components import component_circles
from ..generators.svg.drawing import Drawing
from ..generators.svg.initialise import grid_circles, random_circles
from ..operators import Measurement, Operator, gaussian_blur
from ..steering.descend import Regulariser
from ..steering.guidance import CFG
from ..steering.renoise import keep
from ..terms.drawing import Crossing, Fidelity
from .canvas import Canvas, OnCheckpoint, Phase, idle, run_phases
from .common import OnProgress, Receipt, check_prompts, evaluations, seeds_for

STARTS = ("components", "random", "grid")
SUFFIX = ", minimal flat 2d vector icon. lineal color. on a white background. trending on artstation."
"""What VectorFusion and the paper add to prompts of large models; the bundled prior does not need it."""


@dataclass(frozen=True)
class VectorSettings:
    """Numbers of a vectorisation; those that the paper does not give are ours and say so.

    Attributes:
        paths, segments: closed paths and cubic segments of each. The paper names neither; VectorFusion: up to 128 x 4.
        steps: gradient steps in all.
        fit: share of them that fits the measurement alone, before the prior takes part (ours).
        start: where on the diffusion path the prior begins, as a share of it (ours; the paper starts at the top).
        scale: classifier-free guidance. The paper has 100, for Stable Diffusion.
        balance: the prior's pull on the rendered picture relative to the measurement's, where they are calibrated: at
            mid-schedule, by the norms of their gradients (the paper's lambda is lost). 0 leaves the prior out.
        fade: the weight at the end of the path relative to its beginning (ours).
        crossing: weight of the crossing loss; see `generators.svg.crossing.WEIGHT`.
        rate: peak learning rate of control points in pixels on a canvas of 128, scaled with the canvas.
        colour_rate: peak learning rate of colours.
        blur: coarse to fine: the fit begins under a blur of this many pixels, which shrinks to none (ours).
        init: "components", "random" or "grid", unless a drawing is given.
        renew_every: look for dead paths every so many steps.
    """

    paths: int = 64
    segments: int = 4
    steps: int = 500
    fit: float = 0.5
    start: float = 0.5
    scale: float = 4.0
    balance: float = 0.3
    fade: float = 0.1
    crossing: float = 1e-3
    rate: float = 1.0
    colour_rate: float = 0.05
    blur: float = 0.0
    init: str = "components"
    renew_every: int = 50

    def __post_init__(self) -> None:
        for name in ("fit", "start"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InputError(f"{name}={getattr(self, name)}: expected a share, 0 to 1")
        for name in ("balance", "fade", "crossing", "scale", "blur"):
            if not 0.0 <= getattr(self, name) < 1e6:
                raise InputError(f"{name}={getattr(self, name)}: expected a number of 0 or more")
        if self.init not in STARTS:
            raise InputError(f"init={self.init!r}: expected one of {', '.join(STARTS)}, or a drawing")


@dataclass(frozen=True)
class Vectorized:
    """Drawings, one an item, how far each is from its measurement (root mean square), and the receipt."""

    drawings: tuple[Drawing, ...]
    misfit: tuple[float, ...]
    receipt: Receipt


def vectorize(
    prior: Prior | None,
    measurement: Measurement,
    prompt: str = "",
    *,
    settings: VectorSettings | None = None,
    drawings: Sequence[Drawing] | None = None,
    seeds: Sequence[int] | None = None,
    resume: dict[str, Tensor] | None = None,
    on_progress: OnProgress | None = None,
    on_checkpoint: OnCheckpoint | None = None,
) -> Vectorized:
    """Draw what was measured.

    Args:
        prior: see `dreamsampler.load`; None (or balance 0) fits the measurement alone.
        measurement: y, A and the noise; the scene's size is the canvas.
        prompt: what the picture shows.
        settings: numbers; the defaults suit icons.
        drawings: start from these, one an item and of one structure, instead of `settings.init`.
        seeds: one an item; 0, 1, 2, ... by default.
        resume, on_checkpoint: a killed run goes on to the same bytes from what `on_checkpoint` was last given.

    Raises:
        InputError: an argument has the wrong shape or range, or a checkpoint belongs to another run.

    Example: docs/svg.md.
    """
    check_prompts([prompt], "prompt")
    chosen = settings or VectorSettings()
    counted = 0 if prior is None else evaluations(prior)
    canvas = make_canvas(measurement, chosen, drawings, seeds)
    phases = _phases(prior, measurement, prompt, chosen, canvas)
    run_phases(prior, canvas, phases, resume=resume, on_progress=on_progress, on_checkpoint=on_checkpoint)
    return finished(canvas, measurement, (0 if prior is None else evaluations(prior)) - counted)


def make_canvas(
    measurement: Measurement,
    settings: VectorSettings,
    drawings: Sequence[Drawing] | None = None,
    seeds: Sequence[int] | None = None,
) -> Canvas:
    """The drawings that a run starts from, with their optimiser."""
    batch = measurement.y.shape[0]
    chosen = seeds_for(seeds, batch)
    start = list(drawings) if drawings is not None else starts(measurement, settings, chosen)
    size = measurement.scene[1:]
    if len(start) != batch or any(drawing.size != size for drawing in start):
        raise InputError(f"drawings: expected {batch} with a canvas of {size[1]}x{size[0]}, as the measurement's scene")
    rate = settings.rate * min(size) / 128
    return Canvas(start, chosen, rate, settings.steps, settings.colour_rate, settings.renew_every)


def starts(measurement: Measurement, settings: VectorSettings, seeds: Sequence[int]) -> list[Drawing]:
    """One drawing an item by `settings.init`."""
    size = (measurement.scene[1], measurement.scene[2])
    guess = (measurement.first_guess() + 1) / 2 if settings.init == "components" else None
    made = []
    for item, seed in enumerate(seeds):
        rng = torch.Generator("cpu").manual_seed(int(seed))
        if guess is not None:
            picture = guess[item].expand(3, -1, -1)
            made.append(component_circles(picture, settings.paths, rng, segments=settings.segments))
        else:
            circles = random_circles if settings.init == "random" else grid_circles
            made.append(circles(settings.paths, size, rng, segments=settings.segments))
    return made


def finished(canvas: Canvas, measurement: Measurement, evaluated: int) -> Vectorized:
    """The result of a run."""
    with torch.no_grad():
        misfit = tuple(measurement.misfit(canvas.generator.render()))
    drawings = tuple(canvas.generator.drawing(item) for item in range(measurement.y.shape[0]))
    notes = (f"{canvas.renewed} dead paths were given a new start",) if canvas.renewed else ()
    return Vectorized(drawings, misfit, Receipt(evaluated, notes))


def regularisers(measurement: Measurement, settings: VectorSettings, canvas: Canvas) -> list[Regulariser]:
    """What every phase of every method here holds on to: the measurement and simple outlines."""
    terms: list[Regulariser] = [Fidelity(measurement)]
    if settings.crossing > 0:
        terms.append(Crossing(canvas.generator, settings.crossing))
    return terms


def fit_phase(measurement: Measurement, settings: VectorSettings, canvas: Canvas, steps: int) -> Phase:
    """The measurement alone; no prior, no encoding."""
    visits = TableSchedule.scaled_linear(length=max(steps, 2)).visits(steps)
    terms = regularisers(measurement, settings, canvas)
    if settings.blur > 0:
        terms[0] = replace(terms[0], smooth=_shrinking(settings.blur, steps))  # type: ignore[type-var]
    return Phase("fit", visits, idle, keep, _identity, _nothing, terms, carry=False)


def encoder(prior: Prior, size: tuple[int, int]) -> Callable[[Tensor], Tensor]:
    """E after a resize of the canvas to the prior's own grid where they differ (antialiased, differentiable)."""
    multiple = int(getattr(prior.space, "multiple", prior.space.factor))
    native = getattr(prior, "native_size", None) or min(size)
    factor = native / min(size)
    grid = tuple(max(multiple, round(side * factor / multiple) * multiple) for side in size)
    if grid == size:
        return prior.space.encode

    def encode(image: Tensor) -> Tensor:
        resized = torch.nn.functional.interpolate(image, size=grid, mode="bilinear", antialias=True)
        return prior.space.encode(resized)

    return encode


def _phases(
    prior: Prior | None, measurement: Measurement, prompt: str, settings: VectorSettings, canvas: Canvas
) -> Iterator[Phase]:
    alone = prior is None or settings.balance == 0
    fitted = settings.steps if alone else round(settings.fit * settings.steps)
    if fitted:
        yield fit_phase(measurement, settings, canvas, fitted)
    if prior is None or alone or fitted == settings.steps:
        return
    visits = prior_visits(prior, settings.steps - fitted, settings.start)
    encode = encoder(prior, (measurement.scene[1], measurement.scene[2]))
    guide = CFG(prior.embed([prompt]), prior.embed([""]), settings.scale, carry="null")
    terms = regularisers(measurement, settings, canvas)
    weight = _faded(visits, settings.fade, settings.balance)
    gain = partial(calibrate, prior, canvas, guide, encode, terms[0], visits[len(visits) // 2])
    yield Phase("draw", visits, guide, keep, encode, weight, terms, gain)


def prior_visits(prior: Prior, count: int, start: float) -> list[Step]:
    """`count` steps over the lowest `start` of the path; as many as the schedule has if that is fewer."""
    whole = max(count, round(count / max(start, 1e-6)))
    length = int(getattr(prior.schedule, "length", 1000))
    return prior.schedule.visits(min(whole, length), min(1.0, count / min(whole, length)))


def calibrate(
    prior: Prior,
    canvas: Canvas,
    guide: Guidance,
    encode: Callable[[Tensor], Tensor],
    fidelity: Regulariser,
    step: Step,
) -> float:
    """The weight at which |E(g) - z0_hat|^2 / 2 and the measurement pull equally on the picture at a step.

    Costs one visit's evaluations. With no measurement to balance (its gradient vanishes) the weight is 1.
    """
    image = canvas.generator.render().detach().requires_grad_(True)
    with torch.enable_grad():
        z = encode(image)
        noise = canvas.noise.normal(z.detach())
        state = State.start(step.a * z.detach() + step.b * noise, canvas.noise, z0=z)
        with torch.no_grad():
            pred = guide(prior, state, step)
        (pull,) = torch.autograd.grad(0.5 * ((z - pred.z0) ** 2).sum(), image)
        (hold,) = torch.autograd.grad(fidelity(image, z, pred, step), image)
    strength = float(pull.norm())
    return float(hold.norm()) / strength if strength > 0 and float(hold.norm()) > 0 else 1.0


def _faded(visits: Sequence[Step], fade: float, weight: float) -> Callable[[Step], float]:
    last = max(len(visits) - 1, 1)
    return lambda step: weight * (1.0 + (fade - 1.0) * step.index / last)


def _shrinking(sigma: float, steps: int) -> Callable[[Step], Operator | None]:
    """A blur that shrinks linearly to none over the first two thirds, in eight stages (each kernel is made once)."""
    stages = [gaussian_blur(sigma * (8 - k) / 8) for k in range(8)]
    return lambda step: stages[k] if (k := step.index * 12 // max(steps, 1)) < 8 else None


def _identity(image: Tensor) -> Tensor:
    return image


def _nothing(step: Step) -> float:
    return 0.0
