"""How a run over stages is watched, stopped and continued."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor

from ..core.errors import Cancelled, InputError
from ..core.state import State
from ..generators.base import Generator

ONCE = "once."
"""Prefix of tensors that a run makes once."""


class StepInfo(NamedTuple):
    """What an observer is told after a step.

    Attributes:
        stage: its name.
        done, total: steps of the stage.
        loss: the last gradient step's, NaN if there was none.
        state: of the loop.
        generator: to render; None while something else is made that the run needs (a restoration).
        shown: as in `Stage`.
    """

    stage: str
    done: int
    total: int
    loss: float
    state: State
    generator: Generator | None = None
    shown: bool = True


@dataclass
class RunControl:
    """How a run is watched, stopped and continued; none of it changes the result.

    Args:
        resume: what `on_checkpoint` was last given: the run goes on from there to the same bytes.
        callback: called after each step.
        on_checkpoint: called after each step with all that a run needs to go on; where and how often that is written
            is the caller's choice.
        cancelled: asked after each step; True ends the run with `Cancelled`, its checkpoint made.
    """

    resume: Mapping[str, Tensor] | None = None
    callback: Callable[[StepInfo], None] | None = None
    on_checkpoint: Callable[[dict[str, Tensor]], None] | None = None
    cancelled: Callable[[], bool] | None = None
    _kept: dict[str, Tensor] = field(default_factory=dict, init=False, repr=False)

    @property
    def stage(self) -> int:
        """Number of the stage that the checkpoint stands in, counted from 0; -1 without one."""
        return -1 if self.resume is None else int(entry(self.resume, "stage"))

    def once(self, name: str, make: Callable[[], Tensor]) -> Tensor:
        """Return a tensor that is made once in a run and then kept in its checkpoints."""
        saved = None if self.resume is None else self.resume.get(ONCE + name)
        self._kept[ONCE + name] = make() if saved is None else saved
        return self._kept[ONCE + name]

    def observe(self, info: StepInfo, checkpoint: Callable[[], dict[str, Tensor]] | None = None) -> None:
        """Tell the observer of a step, hand over its checkpoint, and stop if that is asked for.

        Raises:
            Cancelled: `cancelled` said so.
        """
        # the observer first: its own memory may go into the checkpoint
        if self.callback is not None:
            self.callback(info)
        if self.on_checkpoint is not None and checkpoint is not None:
            self.on_checkpoint(checkpoint() | self._kept)
        if self.cancelled is not None and self.cancelled():
            raise Cancelled(f"stopped in stage {info.stage!r} after step {info.done} of {info.total}")


def entry(tensors: Mapping[str, Tensor], name: str) -> Tensor:
    """Return an entry of a checkpoint.

    Raises:
        InputError: it is not there.
    """
    if name not in tensors:
        raise InputError(f"checkpoint lacks {name}; it belongs to another run")
    return tensors[name]
