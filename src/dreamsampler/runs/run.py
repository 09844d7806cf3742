"""From recipes and inputs to pictures: the one way in which the command line, Python and verification run anything."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..core.errors import InputError
from ..core.types import Prior
from ..io.fit import Fit
from ..tasks.common import OnProgress
from .inputs import Inputs
from .model import Described, completed, load_prior
from .outcome import Item, Outcome
from .place import fit_for
from .recipe import Recipe

RUNNERS: dict[str, str] = {
    "edit": "run_edit:run_edit",
    "invert": "run_edit:run_invert",
    "generate": "run_generate:run_generate",
    "inpaint": "run_inpaint:run_inpaint",
    "restore": "run_restore:run_restore",
    "vectorize": "run_vectorize:run_vectorize",
}
"""Task -> the function here that runs it: (jobs alike in all but inputs and seeds, prior, options) -> items. The prior
is None only for methods of "vectorize" that need none."""


class Job(NamedTuple):
    """What to make, and out of what."""

    recipe: Recipe
    inputs: Inputs


@dataclass(frozen=True)
class Options:
    """What a run reports beside its result, which does not depend on any of this.

    Attributes:
        report: also sample the inversion back without any prompt, for as many evaluations again.
        frames: most clean estimates to keep on the way; 0 keeps none.
        batch: most pictures in one run of the loop.
        on_progress: called after each step.
    """

    report: bool = False
    frames: int = 0
    batch: int = 8
    on_progress: OnProgress | None = None

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise InputError(f"batch={self.batch}: expected at least 1 picture at a time")


Runner = Callable[[Sequence[Job], Any, Options], list[Item]]


def run(
    recipe: Recipe, inputs: Inputs | None = None, prior: Prior | None = None, options: Options | None = None
) -> Outcome:
    """Carry out a recipe.

    Args:
        recipe: what to make; its model, device and precision are filled in from the prior that made it.
        inputs: the files that the recipe names, read.
        prior: loaded as the recipe says where it is None.
        options: what to report.

    Raises:
        InputError, ModelError, OutOfMemory, NonFinite: as the task.
    """
    return run_all([Job(recipe, inputs or Inputs())], prior or load_prior(recipe), options)


def run_all(jobs: Sequence[Job], prior: Prior | None, options: Options | None = None) -> Outcome:
    """Carry out several recipes with one prior, those of one kind and size together in batches."""
    chosen = options or Options()
    items: dict[int, Item] = {}
    described = Described(prior)
    for indices in _alike(jobs, prior, chosen.batch):
        made = runner(jobs[indices[0]].recipe.task)([jobs[k] for k in indices], prior, chosen)
        items.update(zip(indices, made, strict=True))
    ref = described.result()
    done = [
        dataclasses.replace(item, recipe=completed(item.recipe, prior, ref, item.recipe.notes))
        for _, item in sorted(items.items())
    ]
    return Outcome(tuple(done))


def runner(task: str) -> Runner:
    """The function that runs a task.

    Raises:
        InputError: none does.
    """
    if task not in RUNNERS:
        raise InputError(f"task {task!r}: cannot be run from a recipe; expected one of {', '.join(RUNNERS)}")
    module, function = RUNNERS[task].split(":")
    return getattr(importlib.import_module(f"{__package__}.{module}"), function)


def _alike(jobs: Sequence[Job], prior: Prior | None, most: int) -> list[list[int]]:
    """Indices of jobs that can share a batch: same task, prompts and settings, same size on the model's grid."""
    groups: dict[object, list[int]] = {}
    for k, job in enumerate(jobs):
        recipe = job.recipe
        fit: Fit | None = (
            fit_for(job.inputs.picture, prior, str(recipe.settings["size"])) if job.inputs.picture and prior else None
        )
        regions = tuple(ref.prompt for ref in recipe.inputs if ref.role == "mask")
        key = (recipe.task, recipe.prompts, tuple(recipe.settings.items()), regions, fit and fit.padded)
        groups.setdefault(key, []).append(k)
    return [group[i : i + most] for group in groups.values() for i in range(0, len(group), most)]
