"""What is kept of a run that draws: checkpoints, from which a stopped run goes on, and frames on the way."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from ..io.tensor_file import read_tensors, write_tensors
from ..steering.control import RunControl, StepInfo
from ..tasks.common import OnProgress

SAVE_EVERY = 20.0
"""Seconds between checkpoints."""

OnLook = Callable[[StepInfo], None]


class Watch:
    """Keeps checkpoints and frames of a run, and passes on what it says.

    Args:
        key: of the run; a checkpoint of another one is refused.
        path: where checkpoints go; None keeps none.
        every: record a frame every so many steps; 0 records none.
        on_look: called after each step.

    Attributes:
        frames: renderings so far, [1, 3, H, W] in [0, 1].
        sample: the picture that the prior made to be drawn; set it once it is there, and it is kept.

    Raises:
        InputError: the checkpoint is damaged or belongs to another run.
    """

    def __init__(self, key: str, path: str | os.PathLike[str] | None, every: int, on_look: OnLook | None) -> None:
        self._key, self._path = key, None if path is None else Path(path)
        self._every, self._on_look = every, on_look
        self._saved = time.monotonic()
        self._steps = 0
        self._resume = read_tensors(self._path, key) if self._path is not None and self._path.exists() else None
        self.frames: list[Tensor] = []
        self.sample: Tensor | None = None
        if self._resume is not None:
            self.sample = self._resume.pop("sample", None)
        if self._resume is not None and "frames" in self._resume:
            self.frames = [frame[None].float() / 255 for frame in self._resume["frames"]]
            self._steps = int(self._resume["frames.steps"])

    def control(self, on_progress: OnProgress | None = None) -> RunControl:
        """Return what to run the task with; `on_progress` is called while there is no drawing yet."""

        def observe(info: StepInfo) -> None:
            if info.generator is not None:
                self._look(info)
            elif on_progress is not None:
                on_progress(info.stage, info.done, info.total, info.state)

        return RunControl(self._resume, observe, None if self._path is None else self._keep)

    def done(self) -> None:
        """The run is over: its state is of no more use."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _keep(self, tensors: dict[str, Tensor]) -> None:
        if self._path is not None and time.monotonic() - self._saved > SAVE_EVERY:
            if self.sample is not None:
                tensors = tensors | {"sample": self.sample}
            if self.frames:
                pixels = torch.cat(self.frames).mul(255).round().byte()
                tensors = tensors | {"frames": pixels, "frames.steps": torch.tensor(self._steps)}
            write_tensors(self._path, tensors, self._key)
            self._saved = time.monotonic()

    def _look(self, info: StepInfo) -> None:
        if info.shown and info.generator is not None:
            if self._every and self._steps % self._every == 0:
                with torch.no_grad():
                    self.frames.append((info.generator.render().image[:1] + 1.0) / 2.0)
            self._steps += 1
        if self._on_look is not None:
            self._on_look(info)
