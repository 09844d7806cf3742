"""What every method that optimizes a drawing shares: the generator, its optimizer, its rates and its checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.loop import dream_sample
from ..core.noise import Noise
from ..core.schedule import link
from ..core.state import State
from ..core.types import Guidance, Prediction, Prior, Renoise, Step
from ..generators.svg.drawing import Drawing
from ..generators.svg.generator import SvgGenerator
from ..generators.svg.growth import Loss, idle_paths, park, plant, wrong_places
from ..generators.svg.guard import Knots, guard, knots
from ..generators.svg.rates import warm_up
from ..generators.svg.renewal import dead_paths, forget, renew
from ..steering.optimize import Descend, Regularizer
from .common import OnProgress


class Phase(NamedTuple):
    """One stretch of the loop over a drawing.

    Attributes:
        name: for progress.
        steps: the levels to visit.
        guide, renoise: as in the loop.
        encode: image -> latent; the identity where no prior takes part.
        weight: of |E(g(psi)) - z0_hat|^2 / 2 at a step.
        terms: regularizers.
        gain: finds a factor of `weight` for each item, [B], when the phase begins; it goes into checkpoints.
        carry: draw the carried noise and start from a E(g(psi)) + b eps; False where z is never looked at.
    """

    name: str
    steps: Sequence[Step]
    guide: Guidance
    renoise: Renoise
    encode: Callable[[Tensor], Tensor]
    weight: Callable[[Step], float]
    terms: Sequence[Regularizer]
    gain: Callable[[], Tensor] | None = None
    carry: bool = True


class Look(NamedTuple):
    """What an observer is told after a step: the phase, where it stands, the loss, the canvas to look at, the state."""

    phase: str
    done: int
    total: int
    loss: float
    canvas: Canvas
    state: State


OnCheckpoint = Callable[[dict[str, Tensor]], None]
"""Called with all that a run needs to go on; the caller decides where and how often that is written."""


class Course(NamedTuple):
    """How a run is watched and continued; none of it has a say in the result.

    Attributes:
        resume: what `on_checkpoint` was last given: the run goes on from there to the same bytes.
        on_look: called after each step.
        on_checkpoint: likewise.
        on_progress: called after each step of what is made before there is a drawing: a restoration to draw from.
    """

    resume: dict[str, Tensor] | None = None
    on_look: Callable[[Look], None] | None = None
    on_checkpoint: OnCheckpoint | None = None
    on_progress: OnProgress | None = None


def idle(prior: Prior | None, state: State, step: Step) -> Prediction:
    """No prior: the estimate is what the drawing shows already. Costs nothing."""
    return Prediction(state.z0, torch.zeros_like(state.z0))


def clean_visits(count: int) -> list[Step]:
    """`count` visits without noise, for phases in which no prior takes part."""
    return link([(float(k), 1.0, 0.0) for k in range(count, -1, -1)])


class Market(NamedTuple):
    """Which paths of a drawing pay, and where more are wanted.

    Attributes:
        loss: pictures [B, 3, H, W] in [-1, 1] -> the loss of each, [B].
        price: what a path must save of it, [B].
        wanted: the drawing as it shows now, likewise -> what it should show.
    """

    loss: Loss
    price: Tensor
    wanted: Callable[[Tensor], Tensor]


@dataclass
class Canvas:
    """A drawing under optimization.

    Args:
        start: one drawing an item, all of one structure.
        seeds: one an item; they draw the carried noise and the places of renewed paths.
        rate: peak learning rate of control points in pixels of the canvas.
        total: gradient steps of the whole run, for the schedule of the rates.
        color_rate: peak learning rate of colors, 1/20 of `rate` unless given; the background's is a tenth of it.
        renew_every: look for dead paths every so many gradient steps; 0 never.
        renew_until: share of the run after which none is renewed.
        guarded: no step may make an outline cross itself or turn it inside out; see `generators.svg.guard`.
        market: decides which paths go and where they come back, instead of dead ones coming back at random places.
    """

    start: Sequence[Drawing]
    seeds: Sequence[int]
    rate: float
    total: int
    color_rate: float | None = None
    renew_every: int = 0
    renew_until: float = 0.8
    guarded: bool = False
    market: Market | None = None
    generator: SvgGenerator = field(init=False)
    optimizer: torch.optim.Optimizer = field(init=False)
    taken: int = field(default=0, init=False)
    renewed: int = field(default=0, init=False)
    _before: Tensor | None = field(default=None, init=False, repr=False)
    _knots: Knots | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.total < 1:
            raise InputError(f"steps={self.total}: expected at least 1")
        if not 0.0 < self.rate < 1e3:
            raise InputError(f"rate={self.rate}: expected a positive number of pixels a step")
        self.generator = SvgGenerator.of(list(self.start))
        color = self.rate / 20 if self.color_rate is None else self.color_rate
        groups = self.generator.parameter_groups(self.rate, color, color / 10)
        self._peaks = [float(group["lr"]) for group in groups]
        self.optimizer = torch.optim.Adam(groups, betas=(0.9, 0.9), eps=1e-6)
        self.noise = Noise(list(self.seeds))
        # one stream an item, so that an item of a batch is what it would be alone
        self._places = [torch.Generator("cpu").manual_seed(int(seed)) for seed in self.seeds]

    def before(self, step: Step) -> None:
        """Set the learning rates of this gradient step."""
        factor = warm_up(self.taken, self.total, warm=max(1, self.total // 10))
        for group, peak in zip(self.optimizer.param_groups, self._peaks, strict=True):
            group["lr"] = peak * factor
        self._before = self.generator.points.detach().clone() if self.guarded else None

    def after(self, step: Step) -> None:
        """Clamp colors; now and then give dead paths a new start."""
        self.generator.clamp()
        self._check()
        self.taken += 1
        early = self.taken < self.renew_until * self.total
        if self.renew_every and early and self.taken % self.renew_every == 0:
            self._knots = None
            if self.market is not None:
                self.turn_over()
                return
            dead = dead_paths(self.generator)
            for item, rng in enumerate(self._places):
                own = torch.zeros_like(dead)
                own[item] = dead[item]
                self.renewed += renew(self.generator, own, rng, self.optimizer)

    def turn_over(self, grow: bool = True) -> None:
        """Lay aside paths that do not pay, and start as many anew where the picture is wrong."""
        if self.market is None:
            return
        gone = idle_paths(self.generator, self.market.loss, self.market.price)
        park(self.generator, gone, self.optimizer)
        if not grow:
            return
        shown = self.generator.render().detach()
        wanted = (self.market.wanted(shown) + 1) / 2
        most = max(1, self.generator.rgba.shape[1] // 4)
        for item, picture in enumerate((shown + 1) / 2):
            seeds = wrong_places(picture, wanted[item], most)
            self.renewed += plant(self.generator, item, seeds)

    @torch.no_grad()
    def replace(self, items: Tensor, drawings: Sequence[Tensor]) -> None:
        """Put other drawings in the place of some, [B]; the optimizer forgets what it knew of those.

        Args:
            drawings: points, colors and backgrounds, as the generator's parameters.
        """
        for parameter, value in zip(self.generator.parameters(), drawings, strict=True):
            parameter[items] = value.to(parameter)[items]
            forget(self.optimizer, parameter, items)
        self._knots = None

    def _check(self) -> None:
        """Shorten or take back what the step did to outlines that it tangled."""
        if self._before is None:
            return
        points, structure = self.generator.points, self.generator.template.structure
        known = knots(self._before, structure) if self._knots is None else self._knots
        self._knots = guard(points.data, self._before, known, structure)

    def tensors(self) -> dict[str, Tensor]:
        """What `Descend.tensors` does not know: steps taken and where renewals stand."""
        return {
            "canvas.taken": torch.tensor([self.taken, self.renewed]),
            "canvas.places": torch.stack([rng.get_state() for rng in self._places]),
        }

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` described."""
        self.taken, self.renewed = (int(n) for n in entry(tensors, "canvas.taken"))
        self._knots = None
        for rng, state in zip(self._places, entry(tensors, "canvas.places"), strict=True):
            rng.set_state(state.clone())


def run_phases(prior: Prior | None, canvas: Canvas, phases: Iterable[Phase], course: Course | None = None) -> None:
    """Run phases one after another on a canvas; each is made only when the one before it has ended.

    Raises:
        InputError: the checkpoint belongs to another run.
    """
    course = course or Course()
    passed = -1 if course.resume is None else int(entry(course.resume, "phase"))
    number = -1
    for number, phase in enumerate(phases):
        if number >= passed:
            _run(prior, canvas, phase, number, course if number == passed else course._replace(resume=None))
    if number < passed:
        raise InputError(
            f"checkpoint: stands in phase {passed + 1} of a run of {number + 1}; it belongs to another run"
        )


def _run(prior: Prior | None, canvas: Canvas, phase: Phase, number: int, course: Course) -> None:
    """One phase, from its beginning or from where the checkpoint stands."""
    items, resume = len(canvas.seeds), course.resume
    if resume is not None:
        gain = entry(resume, "gain")
    else:
        gain = torch.ones(items) if phase.gain is None else phase.gain()
    solve = Descend(
        canvas.generator,
        phase.encode,
        canvas.optimizer,
        phase.terms,
        lambda step: gain.to(canvas.generator.points.device) * phase.weight(step),
        before=canvas.before,
        after=canvas.after,
    )
    if resume is None:
        state = _begin(canvas, phase)
    else:
        solve.restore(resume)
        canvas.restore(resume)
        state = State.from_tensors(resume)
        canvas.noise = state.noise
    where = {"phase": torch.tensor(number), "gain": gain}

    def told(now: State, step: Step) -> None:
        # first the look: an observer's own memory may go into the checkpoint
        if course.on_look is not None:
            course.on_look(Look(phase.name, step.index + 1, len(phase.steps), solve.loss, canvas, now))
        if course.on_checkpoint is not None:
            course.on_checkpoint(now.tensors() | solve.tensors() | canvas.tensors() | where)

    dream_sample(state, prior, phase.steps, phase.guide, solve, phase.renoise, told)  # type: ignore[arg-type]


def _begin(canvas: Canvas, phase: Phase) -> State:
    with torch.no_grad():
        z0 = phase.encode(canvas.generator.render())
    if not phase.carry:
        return State.start(z0, canvas.noise, z0=z0)
    first = phase.steps[0]
    return State.start(first.a * z0 + first.b * canvas.noise.normal(z0), canvas.noise, z0=z0)


def entry(tensors: dict[str, Tensor], name: str) -> Tensor:
    """An entry of a checkpoint.

    Raises:
        InputError: it is not there.
    """
    if name not in tensors:
        raise InputError(f"checkpoint lacks {name}; it belongs to another run")
    return tensors[name]
