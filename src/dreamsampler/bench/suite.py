"""The records of a benchmark on scenes: cases, rows, answers, and what a suite adds to the harness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from ..core.errors import InputError
from .shared import check_scenes
from .store import Result, Values
from .tables import Column, Table


@dataclass(frozen=True)
class Shown:
    """A picture on the sheet beside the answers: its label and its tensor [1, 3, H, W] in [-1, 1]."""

    label: str
    image: Tensor


@dataclass(frozen=True, eq=False)
class Case:
    """One thing to answer.

    Attributes:
        task, number: which one; the same pair always gives the same case.
        scenes: JSON or SVG of the scenes, which identifies the case.
        prompts: the texts that a method may be told.
        given: what the suite's methods take.
        before, after: pictures on the sheet left and right of the answers.
    """

    task: str
    number: int
    scenes: str
    prompts: tuple[str, ...]
    given: Any
    before: tuple[Shown, ...] = ()
    after: tuple[Shown, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a method makes of a case.

    Attributes:
        image: the picture that is kept and shown, [1, 3, H, W] in [-1, 1].
        raw: what is measured, where that differs (before known pixels are pasted back); or a drawing.
        evaluations: of the network.
        document: the bytes of a file that is kept in place of the picture (an SVG), with its ending.
    """

    image: Tensor
    raw: Any = None
    evaluations: int = 0
    document: tuple[bytes, str] | None = None


@dataclass(frozen=True)
class Row:
    """One method with its settings: a row of the table.

    Attributes:
        name: as the user wrote it.
        settings: all that decides its answers, for the result's key.
        answer: (case, seed) -> Answer.
        takes: whether it can answer a case.
    """

    name: str
    settings: Mapping[str, Any]
    answer: Callable[[Case, int], Answer]
    takes: Callable[[Case], bool] = lambda case: True


class Suite(Protocol):
    """What one benchmark adds to the harness."""

    @property
    def name(self) -> str:
        """Name of its files, "edit"."""
        ...

    @property
    def title(self) -> str:
        """Title of its tables, without the numbers."""
        ...

    @property
    def columns(self) -> tuple[Column, ...]: ...

    @property
    def device(self) -> torch.device: ...

    def case(self, task: str, split: str, number: int) -> Case:
        """Return case `number` of a task; InputError if there is no such task."""
        ...

    def measure(self, answer: Answer, case: Case) -> Values:
        """Return the measured values of an answer."""
        ...


@dataclass(frozen=True)
class Span:
    """Which cases are run: `n` of each task from number `first` on, case k with seed `seed` + k."""

    tasks: tuple[str, ...]
    split: str = "test"
    n: int = 20
    first: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        check_scenes(self.n, self.split)
        if not self.tasks:
            raise InputError("tasks: expected at least one")


@dataclass(frozen=True)
class Benchmark:
    """Everything that was measured.

    Attributes:
        tables: by task; over all tasks where there are several; differences to the first row, case by case.
        results: behind them.
        files: written, if a folder was given.
        answers: the pictures that are still there, by the result's key.
    """

    tables: tuple[Table, ...]
    results: tuple[Result, ...]
    files: tuple[Path, ...]
    answers: Mapping[str, Tensor] = field(default_factory=dict, repr=False)


Pooled = Callable[[Sequence[tuple[Case, Tensor]]], float | None]
"""A measure of all answers of a row together, such as a Fréchet distance."""
