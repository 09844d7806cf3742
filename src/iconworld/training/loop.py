"""The training loop that every stage shares: budget, learning rate, averaging, checkpoints, progress."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from dreamsampler.core.errors import InputError, NonFinite
from iconworld.training.checkpoint import TrainState, load_state, save_state, update_ema
from iconworld.training.parallel import average_gradients, rank, slowest

console = Console(highlight=False)


def say(text: str) -> None:
    """Print a line, in process 0 alone."""
    if rank() == 0:
        console.print(text)


def busy(text: str) -> AbstractContextManager[object]:
    """A spinner for what has no steps, in process 0 alone; nothing where nobody watches."""
    return console.status(text) if rank() == 0 else nullcontext()


def refuse_overwriting(checkpoint: Path, resume: bool) -> None:
    """Raise `InputError` where there is a state that the run was not told to continue."""
    if checkpoint.exists() and not resume:
        raise InputError(f"{checkpoint} exists: pass --resume to continue it, or choose another --out")


@dataclass(frozen=True)
class Budget:
    """How long a run lasts, and how much of it a kill may cost.

    Args:
        minutes: of training.
        steps: a number of them instead, for repeatable runs.
        save_every: seconds between two writings of the state.
        sheet_every: seconds between two sheets of samples, or other reports on held-out scenes.

    Raises:
        InputError: neither or both of minutes and steps, or a number out of range.
    """

    minutes: float | None = None
    steps: int | None = None
    save_every: float = 120.0
    sheet_every: float = 300.0

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.steps is None):
            raise InputError("give exactly one of --minutes and --steps")
        if self.steps is not None and self.steps < 1:
            raise InputError(f"--steps {self.steps}: expected at least 1")
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            raise InputError(f"--minutes {self.minutes}: expected more than 0")
        for name, value in (("save", self.save_every), ("sheet", self.sheet_every)):
            if not 0 <= value < math.inf:
                raise InputError(f"--{name}-every {value}: expected seconds, 0 or more")

    def done(self, state: TrainState) -> float:
        """The fraction of the budget that is spent."""
        if self.minutes is not None:
            return state.seconds / (60 * self.minutes)
        return state.step / (self.steps or 1)


@dataclass(frozen=True)
class LoopOptions:
    """What the loop needs beside the loss.

    peak_rate: highest learning rate. warm_up: steps of linear warm-up. decay_from: fraction of the budget after
    which the rate falls along a cosine to 1 % of its peak. report_every: seconds between two lines of progress.
    """

    peak_rate: float
    warm_up: int = 200
    decay_from: float = 0.3
    ema_decay: float = 0.999
    clip_norm: float = 1.0
    report_every: float = 15.0


def rng_of(seed: int, step: int) -> np.random.Generator:
    """The random numbers of one step: a function of seed, step and process alone, so a resumed run repeats them."""
    return np.random.default_rng((seed, step) if rank() == 0 else (seed, step, rank()))


@contextmanager
def initial_weights(seed: int) -> Iterator[None]:
    """Modules made inside begin with the weights of ``seed``; torch's own generator is left as it was.

    Layers draw from that generator and take no other. Every later draw of a run comes from :func:`rng_of`.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def torch_rng(rng: np.random.Generator) -> torch.Generator:
    """A CPU generator seeded from ``rng``."""
    return torch.Generator().manual_seed(int(rng.integers(2**63)))


def learning_rate(options: LoopOptions, step: int, done: float) -> float:
    """Linear warm-up, constant, then half a cosine down to 1 % of the peak at the end of the budget."""
    warm = min(1.0, (step + 1) / max(1, options.warm_up))
    fall = min(1.0, max(0.0, (done - options.decay_from) / (1 - options.decay_from)))
    return options.peak_rate * warm * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * fall)))


def train_loop(
    state: TrainState,
    loss_of_step: Callable[[np.random.Generator, float], Tensor],
    budget: Budget,
    options: LoopOptions,
    checkpoint: Path,
    *,
    seed: int,
    resume: bool,
    on_sheet: Callable[[TrainState], str] | None = None,
) -> TrainState:
    """Run ``loss_of_step(rng, fraction_done)`` until the budget is spent.

    With ``resume`` an existing checkpoint is continued; without it, one is refused rather than overwritten.
    ``on_sheet`` is called now and then, and at the end, to draw samples; what it returns is printed.
    """
    refuse_overwriting(checkpoint, resume)
    if checkpoint.exists():
        load_state(checkpoint, state)
        say(f"resumed at step {state.step}, {state.seconds / 60:.1f} min")
    saved = sheet = reported = state.seconds
    losses: list[float] = []
    for _ in _until_spent(state, budget):
        rate = learning_rate(options, state.step, budget.done(state))
        losses.append(_one_step(state, loss_of_step, rng_of(seed, state.step), rate, budget.done(state), options))
        state.step += 1
        update_ema(state, options.ema_decay)
        if rank() != 0:
            continue
        if state.seconds - reported > options.report_every:
            _report(state, budget, losses, rate, state.seconds - reported)
            reported, losses = state.seconds, []
        if state.seconds - saved > budget.save_every:
            save_state(checkpoint, state)
            saved = state.seconds
        if on_sheet is not None and state.seconds - sheet > budget.sheet_every:
            say(on_sheet(state))
            sheet = state.seconds
    if rank() == 0:
        save_state(checkpoint, state)
        if on_sheet is not None:
            say(on_sheet(state))
    return state


def _until_spent(state: TrainState, budget: Budget) -> Iterator[None]:
    """Yield until the budget is spent, adding the time that each turn took to ``state.seconds``."""
    while budget.done(state) < 1:
        started = time.monotonic()
        yield
        state.seconds = slowest(state.seconds + time.monotonic() - started)


def _one_step(
    state: TrainState,
    loss_of_step: Callable[[np.random.Generator, float], Tensor],
    rng: np.random.Generator,
    rate: float,
    done: float,
    options: LoopOptions,
) -> float:
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    state.optimizer.zero_grad(set_to_none=True)
    loss = loss_of_step(rng, done)
    loss.backward()
    average_gradients(state.model)
    norm = torch.nn.utils.clip_grad_norm_(state.model.parameters(), options.clip_norm)
    value = float(loss.detach())
    # the norm is that of the mean over the processes: all of them see what one of them met, and stop together
    for stage, number in (("loss", value), ("gradient", float(norm))):
        if not math.isfinite(number):
            raise NonFinite(state.step, stage, loss.dtype, "start again with another --seed, or a preset of lower rate")
    state.optimizer.step()
    return value


def _report(state: TrainState, budget: Budget, losses: list[float], rate: float, seconds: float) -> None:
    done = budget.done(state)
    left = state.seconds * (1 - done) / max(done, 1e-9) / 60
    say(
        f"step {state.step}  loss {np.mean(losses):.4f}  rate {rate:.2e}  "
        f"{len(losses) / max(seconds, 1e-9):.2f} steps/s  {done:.1%} done, {left:.1f} min left"
    )
