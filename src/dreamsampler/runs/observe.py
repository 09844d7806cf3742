"""How a run is watched and stopped; none of it changes the result.

An observer is called after each step with an `Event`. Progress bars, films, checkpoints and previews are observers. To
cancel the run, an observer raises: `Cancelled`, or what suits its caller.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core.errors import Cancelled
from ..core.state import State
from ..io.tensor_file import read_tensors, write_tensors
from ..tasks.common import OnProgress

__all__ = ["Cancelled", "Checkpoint", "Event", "Film", "Observer", "Watch"]

SAVE_EVERY = 20.0
"""Seconds between checkpoints."""

Pixels = NDArray[np.uint8]


class Event(NamedTuple):
    """One step of a run.

    Attributes:
        phase: "invert", "edit", "sample", "restore", "fit", ...
        step, total: steps done and steps in this phase.
        state: the loop's state.
        loss: of the step, in tasks that descend one.
        pictures: computes the results as they are now, uint8 [H, W, 3] one an item; None in phases on the way to that.
        psnr: computes how close they come to the measurement, in dB, if there is one.
        tensors: returns all that a stopped run needs to go on; None in tasks that cannot.

    Example:
        >>> Event("edit", 3, 50).phase
        'edit'
    """

    phase: str
    step: int
    total: int
    state: State | None = None
    loss: float | None = None
    pictures: Callable[[], list[Pixels]] | None = None
    psnr: Callable[[], float] | None = None
    tensors: Callable[[], dict[str, Tensor]] | None = None


class Observer(Protocol):
    """What is called after each step; it may raise to end the run."""

    def __call__(self, event: Event, /) -> object: ...


@dataclass
class Film:
    """An observer that keeps results on the way, evenly spread; the last is the result itself and is left out.

    Args:
        most: frames to keep.
        total: steps in all; by default those of the phase that has pictures.
    """

    most: int
    total: int | None = None
    frames: list[list[Pixels]] = field(default_factory=list, init=False)
    seen: int = field(default=0, init=False)

    def __call__(self, event: Event) -> None:
        if event.pictures is None:
            return
        total = self.total or event.total
        before, self.seen = self.seen * self.most // total, self.seen + 1
        if self.seen * self.most // total > before and event.step < event.total:
            self.frames.append(event.pictures())

    def of(self, item: int) -> tuple[Pixels, ...]:
        """Return the frames of one item, first to last."""
        return tuple(frame[item] for frame in self.frames)


class Checkpoint:
    """An observer that keeps the state of a run of one item in a file, from which a stopped run goes on.

    Args:
        path: a .safetensors file; it is removed at the end.
        key: of the run.
        film: whose frames go into the file too.

    Attributes:
        resume: what a stopped run left; None without.
        extra: tensors that go into the file beside the run's own.

    Raises:
        InputError: the file is damaged or belongs to another run.
    """

    def __init__(self, path: Path, key: str, film: Film | None = None) -> None:
        self._path, self._key, self._film = path, key, film
        self._saved = time.monotonic()
        self.resume = read_tensors(path, key) if path.exists() else None
        self.extra: dict[str, Tensor] = {}
        if self.resume is not None and film is not None and "frames" in self.resume:
            film.frames = [[frame.numpy()] for frame in self.resume["frames"]]
            film.seen = int(self.resume["frames.seen"])

    def __call__(self, event: Event) -> None:
        if event.tensors is None or time.monotonic() - self._saved <= SAVE_EVERY:
            return
        tensors = event.tensors() | self.extra
        if self._film is not None and self._film.frames:
            tensors["frames"] = torch.stack([torch.from_numpy(frame[0]) for frame in self._film.frames])
            tensors["frames.seen"] = torch.tensor(self._film.seen)
        write_tensors(self._path, tensors, self._key)
        self._saved = time.monotonic()

    def done(self) -> None:
        """Remove the file: the run is over."""
        self._path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Watch:
    """What a task is watched by.

    Attributes:
        observers: called in order, the checkpoint last.
        report: also measure what an inversion keeps, for N further evaluations.
        film, checkpoint: those of the observers that a task has something to tell.
    """

    observers: Sequence[Observer] = ()
    report: bool = False
    film: Film | None = None
    checkpoint: Checkpoint | None = None

    def tell(self, event: Event) -> None:
        """Call every observer."""
        for observer in self.observers:
            observer(event)

    def progress(self, phase: str = "", pictures: Callable[[State], list[Pixels]] | None = None) -> OnProgress:
        """Return what tasks call after each step.

        Args:
            phase: the one whose states have `pictures`.
        """

        def on_progress(now: str, done: int, total: int, state: State) -> None:
            shown = None if pictures is None or now != phase else lambda: pictures(state)
            self.tell(Event(now, done, total, state, pictures=shown))

        return on_progress
