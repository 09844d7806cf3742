"""Prepare, execute, save: the one way in which the command line, Python and verification run any task.

jobs = prepare(Request(EditSettings(steps=20), "cat.png", "a dog"))   # files are read and checked; no model yet
result = execute(jobs, load("bundled"), observer)
result.save("dog.png")
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.types import Prior
from ..priors.base import whole
from .fit_to_grid import fit_for
from .inputs import Inputs
from .job import Job, Request
from .model import Reference, completed, load_prior, model_ref
from .observe import Checkpoint, Film, Observer, Watch
from .recipe import Recipe
from .registry import task_for, task_of
from .result import ImageResult, Result


def prepare(request: Request) -> list[Job[Any]]:
    """Read and check all that a request names, and build what the run needs of it; no model is loaded.

    Raises:
        InputError: an argument, a file or a number is not what it must be.
    """
    return task_for(request.settings).module.prepare(request)


def execute(
    jobs: Sequence[Job[Any]],
    prior: Prior | None,
    observer: Observer | None = None,
    *,
    report: bool = False,
    frames: int = 0,
    batch: int = 8,
    checkpoint: Path | None = None,
) -> Result:
    """Carry out jobs with one prior, those of one kind and size together in batches.

    Args:
        prior: None only for jobs that need none.
        observer: called after each step; may raise to cancel.
        report: also measure what an inversion keeps, for N further evaluations.
        frames: results on the way to keep; 0 keeps none.
        batch: most pictures in one run of the loop.
        checkpoint: a .safetensors file that keeps the state of the run (of "vectorize"); if it is there, the run goes
            on from it, to the same bytes. Removed at the end.

    Raises:
        InputError, OutOfMemory, NonFinite: see `core.errors`; or the checkpoint belongs to another run.
    """
    prior = None if prior is None else whole(prior)
    if batch < 1:
        raise InputError(f"batch={batch}: expected at least 1 picture at a time")
    reference = Reference(prior)
    items: dict[int, ImageResult] = {}
    for indices in _alike(jobs, prior, batch):
        group = [jobs[k] for k in indices]
        watch = _watch(group, prior, observer, report, frames, checkpoint)
        made = task_of(group[0].recipe.task).module.execute(group, prior, watch)
        for position, (k, item) in enumerate(zip(indices, made, strict=True)):
            shown = None if watch.film is None else watch.film.of(position)
            items[k] = dataclasses.replace(item, frames=shown)
        if watch.checkpoint is not None:
            watch.checkpoint.done()
    ref = reference.result()
    done = [
        dataclasses.replace(item, recipe=completed(item.recipe, prior, ref, item.stats.notes))
        for _, item in sorted(items.items())
    ]
    return Result(tuple(done))


def repeat(
    recipe: Recipe, inputs: Inputs | None = None, prior: Prior | None = None, observer: Observer | None = None
) -> Result:
    """Carry out a recipe again.

    Args:
        inputs: the files that it names, read.
        prior: loaded as the recipe says if it is None.

    Raises:
        InputError, ModelError, OutOfMemory, NonFinite: as the task.
    """
    job = task_of(recipe.task).module.build(recipe, inputs or Inputs())
    return execute([job], prior or load_prior(recipe), observer)


def _watch(
    jobs: Sequence[Job[Any]],
    prior: Prior | None,
    observer: Observer | None,
    report: bool,
    frames: int,
    checkpoint: Path | None,
) -> Watch:
    film = Film(frames) if frames else None
    keeper = None
    if checkpoint is not None:
        if len(jobs) != 1:
            raise InputError(f"checkpoint: of {len(jobs)} results; expected one")
        recipe = completed(jobs[0].recipe, prior, model_ref(prior), jobs[0].inputs.notes)
        keeper = Checkpoint(checkpoint, recipe.recipe_hash(), film)
    observers = [one for one in (film, observer, keeper) if one is not None]
    return Watch(observers, report, film, keeper)


def _alike(jobs: Sequence[Job[Any]], prior: Prior | None, most: int) -> list[list[int]]:
    """Indices of jobs that can share a batch: same task, prompts and settings, same size on the model's grid."""
    groups: dict[object, list[int]] = {}
    for k, job in enumerate(jobs):
        recipe, picture = job.recipe, job.inputs.picture
        fit = fit_for(picture, prior, recipe.settings.size) if picture and prior else None
        owners = tuple(ref.prompt for ref in recipe.inputs if ref.role == "mask")
        key = (recipe.task, recipe.prompts, recipe.settings, recipe.run, owners, fit and fit.padded)
        groups.setdefault(key, []).append(k)
    return [group[i : i + most] for group in groups.values() for i in range(0, len(group), most)]
