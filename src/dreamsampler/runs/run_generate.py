"""Recipes of the task "generate"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.types import Prior
from ..io.tensors import to_pixels
from ..tasks.generate import generate
from .outcome import Item

if TYPE_CHECKING:
    from .run import Job, Options


def run_generate(jobs: Sequence[Job], prior: Prior, options: Options) -> list[Item]:
    """Sample one picture a job; prompts and settings are the same for all, seeds are not."""
    recipe, settings = jobs[0].recipe, jobs[0].recipe.settings
    result = generate(
        prior,
        [recipe.prompts[0]] * len(jobs),
        size=(int(settings["height"]), int(settings["width"])),  # type: ignore[arg-type]
        negative_prompt=str(settings["negative_prompt"]),
        steps=int(settings["steps"]),  # type: ignore[arg-type]
        scale=float(settings["scale"]),  # type: ignore[arg-type]
        carry="null" if settings["carry"] == "null" else "guided",
        seeds=[job.recipe.seeds[0] for job in jobs],
        on_progress=options.on_progress,
    )
    pixels = to_pixels(result.images)
    each = result.receipt.evaluations // len(jobs)
    notes = (*prior.notes, *result.receipt.notes)
    return [Item(pixels[k], job.recipe.with_notes(*notes), evaluations=each) for k, job in enumerate(jobs)]
