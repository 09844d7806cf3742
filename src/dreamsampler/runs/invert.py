"""The task "invert": how much of a picture a model keeps."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.types import Prior
from ..tasks.edit import inversion_report
from ..tasks.settings import InvertSettings
from .edit import reconstruction
from .fit_to_grid import on_grid, placed, prior_notes
from .inputs import Inputs, read_inputs
from .job import Job, Request, recipe_of, several
from .observe import Watch
from .recipe import Recipe
from .result import ImageResult, RunStats


def prepare(request: Request) -> list[Job[None]]:
    """Return one job a picture."""
    read = [read_inputs(source, value_range=request.value_range) for source in several(request.sources)]
    return [build(recipe_of(request, (), inputs), inputs) for inputs in read]


def build(recipe: Recipe, inputs: Inputs) -> Job[None]:
    """Return the job of a recipe."""
    return Job(recipe, inputs, None)


def execute(jobs: Sequence[Job[None]], prior: Prior, watch: Watch) -> list[ImageResult]:
    """Invert pictures and sample them back: the result is the reconstruction."""
    settings = jobs[0].recipe.settings_as(InvertSettings)
    pictures, fits = placed(jobs, prior, settings.size)
    before = prior.evaluations
    report = inversion_report(
        prior,
        on_grid(pictures, fits),
        source_prompt=settings.source_prompt,
        steps=settings.steps,
        inversion=settings.inversion,
        rounds=settings.rounds,
        denoise=settings.denoise,
        seeds=[job.recipe.seeds[0] for job in jobs],
        on_progress=watch.progress(),
    )
    spent = (prior.evaluations - before) // len(jobs)
    items = []
    for k, job in enumerate(jobs):
        kept = reconstruction(report, k, fits[k], pictures[k])
        notes = (*job.inputs.notes, *fits[k].notes, *prior_notes(prior), *kept.warnings)
        items.append(ImageResult(kept.pixels, job.recipe, job.inputs, RunStats(spent, notes), kept))
    return items
