"""The task "generate": pictures of a prompt, without a source."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import InputError
from ..core.settings import convert
from ..core.types import Prior
from ..io.tensors import to_pixels
from ..tasks.generate import Generate, generate
from ..tasks.settings import GenerateSettings
from ..tasks.words import sides
from .fit_to_grid import prior_notes
from .inputs import Inputs
from .job import Job, Request, recipe_of, texts, whole
from .observe import Watch
from .recipe import Recipe
from .result import ImageResult, RunStats

MAX_COUNT = 1000


def prepare(request: Request) -> list[Job[None]]:
    """Return `count` jobs; the k-th has seed + k, so that it is the same whatever the count."""
    if not 1 <= whole("count", request.count) <= MAX_COUNT:
        raise InputError(f"count={request.count}: expected 1 to {MAX_COUNT} pictures")
    prompts, seed = texts("prompt", request.prompts), whole("seed", request.seed)
    if len(prompts) != 1:
        raise InputError(f"prompt: got {len(prompts)}; expected one")
    recipes = [recipe_of(request, prompts, Inputs(), seed=seed + k) for k in range(request.count)]
    return [build(recipe, Inputs()) for recipe in recipes]


def build(recipe: Recipe, inputs: Inputs) -> Job[None]:
    """Return the job of a recipe."""
    return Job(recipe, inputs, None)


def execute(jobs: Sequence[Job[None]], prior: Prior, watch: Watch) -> list[ImageResult]:
    """Sample one picture a job; prompts and settings are the same for all, seeds are not."""
    recipe = jobs[0].recipe
    settings = recipe.settings_as(GenerateSettings)
    width, height = sides_for(prior, settings.size)
    result = generate(
        prior,
        [recipe.prompts[0]] * len(jobs),
        size=(height, width),
        settings=convert(Generate, settings),
        seeds=[job.recipe.seeds[0] for job in jobs],
        on_progress=watch.progress(),
    )
    pixels = to_pixels(result.images)
    stats = RunStats(result.receipt.evaluations // len(jobs), (*prior_notes(prior), *result.receipt.notes))
    return [ImageResult(pixels[k], job.recipe, job.inputs, stats) for k, job in enumerate(jobs)]


def sides_for(prior: Prior, size: str) -> tuple[int, int]:
    """Return (width, height) in pixels: as given, or the model's own.

    Raises:
        InputError: a side is not a multiple of what the model needs.
    """
    multiple = prior.multiple
    native = prior.native_size or multiple
    width, height = sides(size) or (native, native)
    if width % multiple or height % multiple:
        near = " x ".join(str(max(multiple, round(side / multiple) * multiple)) for side in (width, height))
        raise InputError(f"size={width} x {height}: this model needs multiples of {multiple}; the nearest is {near}")
    return width, height
