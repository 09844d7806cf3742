"""The engine for generators: stages of gradient steps, one after another, that can be watched, stopped and resumed.

It knows a generator (what renders), an optimizer, losses and the loop, and nothing of what is drawn. Paths of an SVG,
radiance fields and pixels bring callbacks of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.loop import dream_sample
from ..core.noise import Noise
from ..core.schedule import link
from ..core.state import State
from ..core.types import Guidance, Prediction, Prior, Renoise, Step
from ..generators import base
from .control import RunControl, StepInfo, entry
from .optimize import Backward, Descend, Loss, plain_backward, unit
from .renoise import keep

G = TypeVar("G", bound=base.Generator)
T = TypeVar("T")


def identity(image: Tensor) -> Tensor:
    """Return the image: the encoder if no prior takes part."""
    return image


class Stateful(Protocol):
    """A callback that remembers something from one step to another."""

    def tensors(self) -> dict[str, Tensor]:
        """Return it as named tensors for a checkpoint."""
        ...

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `tensors` gave."""
        ...


@dataclass
class Optimization(Generic[G]):
    """A generator with all that its optimization remembers from step to step.

    Args:
        generator: what is optimized.
        optimizer: over `generator.parameters()`; its learning rates are the peaks of `schedule`.
        seeds: one an item; they draw the noise of the diffusion path.
        schedule: gradient steps taken so far -> factor of the learning rates; None keeps them.
        before: called with the number of steps taken, ahead of each gradient step.
        after: likewise behind each, the step counted already.
        memory: callbacks whose state belongs into a checkpoint, by name.
        backward: in place of `loss.backward()`, see `Descend`.
    """

    generator: G
    optimizer: torch.optim.Optimizer
    seeds: Sequence[int]
    schedule: Callable[[int], float] | None = None
    before: Sequence[Callable[[int], None]] = ()
    after: Sequence[Callable[[int], None]] = ()
    memory: Mapping[str, Stateful] = field(default_factory=dict)
    backward: Backward = plain_backward
    taken: int = field(default=0, init=False)
    noise: Noise = field(init=False)

    def __post_init__(self) -> None:
        self.noise = Noise(list(self.seeds))
        self._peaks = [float(group["lr"]) for group in self.optimizer.param_groups]

    def before_step(self) -> None:
        """Set the learning rates of the next gradient step and call the callbacks."""
        if self.schedule is not None:
            factor = self.schedule(self.taken)
            for group, peak in zip(self.optimizer.param_groups, self._peaks, strict=True):
                group["lr"] = peak * factor
        for call in self.before:
            call(self.taken)

    def after_step(self) -> None:
        """Count the gradient step and call the callbacks."""
        self.taken += 1
        for call in self.after:
            call(self.taken)

    def tensors(self) -> dict[str, Tensor]:
        """Return what `Descend.tensors` does not know: steps taken, the callbacks' memories."""
        named = {"taken": torch.tensor(self.taken)}
        for name, callback in self.memory.items():
            named |= {f"{name}.{key}": value for key, value in callback.tensors().items()}
        return named

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `tensors` described."""
        self.taken = int(entry(tensors, "taken"))
        for name, callback in self.memory.items():
            own = {key: entry(tensors, f"{name}.{key}") for key in callback.tensors()}
            callback.restore(own)


@dataclass(frozen=True)
class Stage:
    """One stretch of the loop over a generator.

    Attributes:
        name: for progress.
        optimization: what is optimized; stages may share one.
        steps: the levels to visit.
        losses: regularizers.
        guide: as in the loop; None: no prior takes part, nothing is encoded and no noise is drawn.
        renoise: as in the loop.
        encode: image -> latent.
        weight: of |E(g(psi)) - z0_hat|^2 / 2 at a step.
        gain: finds a factor of `weight` for each item, [B], when the stage begins; it goes into checkpoints.
        view: step -> what to render (a camera).
        inner: gradient steps a visit.
        shown: False for something that is drawn beside the result, and that a film should leave out.
    """

    name: str
    optimization: Optimization[Any]
    steps: Sequence[Step]
    losses: Sequence[Loss] = ()
    guide: Guidance | None = None
    renoise: Renoise = keep
    encode: Callable[[Tensor], Tensor] = identity
    weight: Callable[[Step], float] = unit
    gain: Callable[[], Tensor] | None = None
    view: Callable[[Step], Any] | None = None
    inner: int = 1
    shown: bool = True


Stages = Generator[Stage, None, T]
"""Stages, each made when the one before it has ended, and in the end a result."""


def optimize(prior: Prior | None, stages: Iterable[Stage] | Stages[T], control: RunControl | None = None) -> Any:
    """Run stages one after another; each is made only when the one before it has ended.

    A generator function that yields stages and returns a result gives that result. Stages before the one that a
    checkpoint stands in are made but not run: what their code leaves is replaced by the checkpoint.

    Raises:
        InputError: the checkpoint belongs to another run. Cancelled: see `RunControl`.

    Example:
        >>> from dreamsampler.generators.latent import TensorGenerator
        >>> pixels = TensorGenerator(torch.zeros(1, 3, 4, 4))
        >>> run = Optimization(pixels, torch.optim.SGD(pixels.parameters(), lr=0.1), [0])
        >>> white = lambda rendering, z, pred, step: (rendering.image - 1.0).square().sum() / 2
        >>> optimize(None, [Stage("fit", run, clean_visits(20), [white])])
        >>> round(float(pixels.psi.detach().mean()), 2)
        0.88
    """
    control = control or RunControl()
    passed, number, iterator = control.stage, -1, iter(stages)
    while True:
        try:
            stage = next(iterator)
        except StopIteration as end:
            if number < passed:
                raise InputError(
                    f"checkpoint: stands in stage {passed + 1} of a run of {number + 1}; it belongs to another run"
                ) from None
            return end.value
        number += 1
        if number >= passed:
            _run(prior, stage, number, control, control.resume if number == passed else None)


def clean_visits(count: int) -> list[Step]:
    """Return `count` visits without noise, for stages in which no prior takes part."""
    return link([(float(k), 1.0, 0.0) for k in range(count, -1, -1)])


def _run(
    prior: Prior | None, stage: Stage, number: int, control: RunControl, resume: Mapping[str, Tensor] | None
) -> None:
    """Run one stage, from its beginning or from where the checkpoint stands."""
    it = stage.optimization
    gain = torch.ones(len(it.seeds))
    if resume is not None:
        gain = entry(resume, "gain")
    elif stage.gain is not None:
        gain = stage.gain()

    def weight(step: Step) -> Tensor:
        return gain.to(it.generator.parameters()[0].device) * stage.weight(step)

    solve = Descend(
        it.generator, stage.encode, it.optimizer, stage.losses, None if stage.guide is None else weight, stage.inner,
        lambda step: it.before_step(), lambda step: it.after_step(), stage.view, it.backward,
    )  # fmt: skip
    if resume is None:
        state = _begin(stage)
    else:
        solve.restore(resume)
        it.restore(resume)
        state = State.from_tensors(dict(resume))
        it.noise = state.noise
    where = {"stage": torch.tensor(number), "gain": gain}

    def observe(now: State, step: Step) -> None:
        info = StepInfo(stage.name, step.index + 1, len(stage.steps), solve.loss, now, it.generator, stage.shown)
        control.observe(info, lambda: now.tensors() | solve.tensors() | it.tensors() | where)

    guide = _no_prior if stage.guide is None else stage.guide
    dream_sample(state, prior, stage.steps, guide, solve, stage.renoise, observe)  # type: ignore[arg-type]


def _no_prior(prior: Prior | None, state: State, step: Step) -> Prediction:
    """Return what is rendered already as the estimate: no evaluation."""
    return Prediction(state.z0, torch.zeros_like(state.z0))


def _begin(stage: Stage) -> State:
    it, first = stage.optimization, stage.steps[0]
    with torch.no_grad():
        z0 = stage.encode(it.generator.render(None if stage.view is None else stage.view(first)).image)
    if stage.guide is None:
        return State.start(z0, it.noise, z0=z0)
    return State.start(first.a * z0 + first.b * it.noise.normal(z0), it.noise, z0=z0)
