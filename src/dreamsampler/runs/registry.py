"""Every task by name: one line each. Nothing is imported before it is asked for.

A task's module here has `prepare(request)`, which reads files and checks them; `build(recipe, inputs)`, which makes a
job of a recipe; and `execute(jobs, prior, watch)`, which makes the results of jobs that are alike in all but inputs and
seeds. To add a task: write its settings class and its function in `tasks/`, its module here, and its line.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..core.errors import InputError

if TYPE_CHECKING:
    from .inputs import Inputs
    from .job import Job, Request
    from .observe import Watch
    from .recipe import Recipe
    from .result import ImageResult


class TaskModule(Protocol):
    """What the module of a task offers; the prior is None only for jobs that need none."""

    prepare: Callable[[Request], list[Job[Any]]]
    build: Callable[[Recipe, Inputs], Job[Any]]
    execute: Callable[[Sequence[Job[Any]], Any, Watch], list[ImageResult]]


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        name: as on the command line and in recipes.
        path: "module:Class" of its settings.
    """

    name: str
    path: str

    @property
    def settings(self) -> type[Any]:
        """The class of its numbers."""
        module, name = self.path.split(":")
        return getattr(importlib.import_module(f"dreamsampler.{module}"), name)

    @property
    def module(self) -> TaskModule:
        """What prepares and executes it."""
        return cast(TaskModule, importlib.import_module(f"{__package__}.{self.name}"))


TASKS = {
    task.name: task
    for task in (
        Task("edit", "tasks.settings:EditSettings"),
        Task("invert", "tasks.settings:InvertSettings"),
        Task("generate", "tasks.settings:GenerateSettings"),
        Task("inpaint", "tasks.settings:InpaintSettings"),
        Task("restore", "tasks.settings:RestoreSettings"),
        Task("vectorize", "tasks.vectorize.settings:VectorSettings"),
    )
}


def task_of(name: str) -> Task:
    """Return a task by its name.

    Raises:
        InputError: there is none.

    Example:
        >>> task_of("edit").settings.__name__
        'EditSettings'
    """
    if name not in TASKS:
        raise InputError(f"task: {name[:40]!r}; expected {', '.join(TASKS)}")
    return TASKS[name]


def task_for(settings: object) -> Task:
    """Return the task whose numbers these are.

    Raises:
        InputError: of no task.
    """
    for task in TASKS.values():
        if task.settings is type(settings):
            return task
    raise InputError(f"settings: {type(settings).__name__}; expected those of {', '.join(TASKS)}")
