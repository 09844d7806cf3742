"""What every method that optimises a drawing shares: the generator, its optimiser, its rates and its checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.loop import dream_sample
from ..core.rng import Noise
from ..core.state import State
from ..core.types import Guidance, Prediction, Prior, Renoise, Step
from ..generators.svg.drawing import Drawing
from ..generators.svg.generator import SvgGenerator
from ..generators.svg.rates import warm_up
from ..generators.svg.renewal import dead_paths, renew
from ..steering.descend import Descend, Regulariser
from .common import OnProgress, reporter

OnCheckpoint = Callable[[dict[str, Tensor]], None]
"""Called with all that a run needs to go on; the caller decides where and how often that is written."""


class Phase(NamedTuple):
    """One stretch of the loop over a drawing.

    Attributes:
        name: for progress.
        steps: the levels to visit.
        guide, renoise: as in the loop.
        encode: image -> latent; the identity where no prior takes part.
        weight: of |E(g(psi)) - z0_hat|^2 at a step.
        terms: regularisers.
        gain: finds a factor of `weight` when the phase begins (calibration); it goes into checkpoints.
        carry: draw the carried noise and start from a E(g(psi)) + b eps; False where z is never looked at.
    """

    name: str
    steps: Sequence[Step]
    guide: Guidance
    renoise: Renoise
    encode: Callable[[Tensor], Tensor]
    weight: Callable[[Step], float]
    terms: Sequence[Regulariser]
    gain: Callable[[], float] | None = None
    carry: bool = True


def idle(prior: Prior | None, state: State, step: Step) -> Prediction:
    """No prior: the estimate is what the drawing shows already. Costs nothing."""
    return Prediction(state.z0, torch.zeros_like(state.z0))


@dataclass
class Canvas:
    """A drawing under optimisation.

    Args:
        start: one drawing an item, all of one structure.
        seeds: one an item; they draw the carried noise and, through the first, the places of renewed paths.
        rate: peak learning rate of control points in pixels of the canvas; colours follow with 1/20, background 1/200,
            unless given.
        total: gradient steps of the whole run, for the schedule of the rates.
        renew_every: look for dead paths every so many gradient steps; 0 never.
        renew_until: share of the run after which none is renewed.
    """

    start: Sequence[Drawing]
    seeds: Sequence[int]
    rate: float
    total: int
    colour_rate: float | None = None
    renew_every: int = 0
    renew_until: float = 0.8
    generator: SvgGenerator = field(init=False)
    optimiser: torch.optim.Optimizer = field(init=False)
    taken: int = field(default=0, init=False)
    renewed: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.total < 1:
            raise InputError(f"steps={self.total}: expected at least 1")
        if not 0.0 < self.rate < 1e3:
            raise InputError(f"rate={self.rate}: expected a positive number of pixels a step")
        self.generator = SvgGenerator.of(list(self.start))
        colour = self.rate / 20 if self.colour_rate is None else self.colour_rate
        groups = self.generator.parameter_groups(self.rate, colour, colour / 10)
        self._peaks = [float(group["lr"]) for group in groups]
        self.optimiser = torch.optim.Adam(groups, betas=(0.9, 0.9), eps=1e-6)
        self.noise = Noise(list(self.seeds))
        self._places = torch.Generator("cpu").manual_seed(int(self.seeds[0]))

    def before(self, step: Step) -> None:
        """Set the learning rates of this gradient step."""
        factor = warm_up(self.taken, self.total, warm=max(1, self.total // 10))
        for group, peak in zip(self.optimiser.param_groups, self._peaks, strict=True):
            group["lr"] = peak * factor

    def after(self, step: Step) -> None:
        """Clamp colours; now and then give dead paths a new start."""
        self.generator.clamp()
        self.taken += 1
        early = self.taken < self.renew_until * self.total
        if self.renew_every and early and self.taken % self.renew_every == 0:
            self.renewed += renew(self.generator, dead_paths(self.generator), self._places, self.optimiser)

    def tensors(self) -> dict[str, Tensor]:
        """What `Descend.tensors` does not know: steps taken and where renewals stand."""
        return {
            "canvas.taken": torch.tensor([self.taken, self.renewed]),
            "canvas.places": self._places.get_state(),
        }

    def restore(self, tensors: dict[str, Tensor]) -> None:
        self.taken, self.renewed = (int(n) for n in tensors["canvas.taken"])
        self._places.set_state(tensors["canvas.places"].clone())


def run_phases(
    prior: Prior | None,
    canvas: Canvas,
    phases: Iterator[Phase],
    *,
    resume: dict[str, Tensor] | None = None,
    on_progress: OnProgress | None = None,
    on_checkpoint: OnCheckpoint | None = None,
) -> State | None:
    """Run phases one after another; each is made only when the one before it has ended.

    Args:
        resume: what `on_checkpoint` was given; the run goes on from there to the same bytes.

    Returns:
        The last state, or None if there were no phases.

    Raises:
        InputError: the checkpoint belongs to another run.
    """
    state: State | None = None
    passed = -1 if resume is None else int(_entry(resume, "phase"))
    for number, phase in enumerate(phases):
        if number < passed:
            continue
        resumed = resume is not None and number == passed
        gain = float(_entry(resume, "gain")) if resumed else 1.0 if phase.gain is None else phase.gain()  # type: ignore[arg-type]
        solve = Descend(
            canvas.generator,
            phase.encode,
            canvas.optimiser,
            phase.terms,
            lambda step, weight=phase.weight, gain=gain: gain * weight(step),
            before=canvas.before,
            after=canvas.after,
        )
        if resumed:
            solve.restore(resume)  # type: ignore[arg-type]
            canvas.restore(resume)  # type: ignore[arg-type]
            state = State.from_tensors(resume)  # type: ignore[arg-type]
            canvas.noise = state.noise
        else:
            state = _begin(canvas, phase)
        report = reporter(on_progress, phase.name, len(phase.steps))

        where = {"phase": torch.tensor(number), "gain": torch.tensor(gain, dtype=torch.float64)}

        def told(now: State, step: Step, solve=solve, report=report, where=where) -> None:
            if on_checkpoint is not None:
                on_checkpoint(now.tensors() | solve.tensors() | canvas.tensors() | where)
            if report is not None:
                report(now, step)

        state = dream_sample(state, prior, phase.steps, phase.guide, solve, phase.renoise, told)  # type: ignore[arg-type]
    return state


def _begin(canvas: Canvas, phase: Phase) -> State:
    with torch.no_grad():
        z0 = phase.encode(canvas.generator.render())
    if not phase.carry:
        return State.start(z0, canvas.noise, z0=z0)
    first = phase.steps[0]
    return State.start(first.a * z0 + first.b * canvas.noise.normal(z0), canvas.noise, z0=z0)


def _entry(tensors: dict[str, Tensor], name: str) -> Tensor:
    if name not in tensors:
        raise InputError(f"checkpoint lacks {name}; it belongs to another run")
    return tensors[name]
