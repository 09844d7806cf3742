"""The task "restore": pictures from what a known operator left of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import pad

from ..core.errors import InputError
from ..core.types import Prior
from ..io.tensors import to_pixels
from ..methods.registry import find
from ..operators import Mask, Measurement, Operator, RectangleMask, Shape, compose, window
from ..operators.parse import operator_files
from ..tasks.settings import RestoreSettings
from .fit_to_grid import prior_notes
from .inputs import Inputs, read_measured
from .job import Job, Request, recipe_of, several, texts
from .measured import measurement_of
from .observe import Watch
from .recipe import Recipe
from .result import ImageResult, RunStats
from .solver import checked_method, solve


def prepare(request: Request) -> list[Job[Measurement]]:
    """Return one job a measurement, all made by one operator.

    Raises:
        InputError: a measurement or a setting is not what it must be, or operator and measurement do not fit.
    """
    settings = checked_method(request.settings)
    specs = tuple(texts("operator", settings.operator))
    settings = dataclasses.replace(settings, operator=specs)
    prompts = texts("prompt", request.prompts)
    if len(prompts) != 1:
        raise InputError(f"prompt: got {len(prompts)}; expected one for the scene")
    files = [(words, Path(words)) for words in operator_files(specs)]
    read = [read_measured(source, files) for source in several(request.sources, "measurement")]
    return [build(recipe_of(request, prompts, inputs, settings=settings), inputs) for inputs in read]


def build(recipe: Recipe, inputs: Inputs) -> Job[Measurement]:
    """Return the job of a recipe, with its measurement.

    Raises:
        InputError: operator, measurement and method do not fit.
    """
    settings = recipe.settings_as(RestoreSettings)
    measurement = measurement_of(inputs, settings.operator, settings.noise_std)
    method = find(settings.method, "inverse")
    if method.masks_only and not isinstance(measurement.operator, Mask | RectangleMask):
        raise InputError(f"operator: the method {method.name} fills masks only; use another method")
    return Job(recipe, inputs, measurement)


def execute(jobs: Sequence[Job[Measurement]], prior: Prior, watch: Watch) -> list[ImageResult]:
    """Restore pictures from their measurements, one at a time."""
    return [_restored(job, prior, watch) for job in jobs]


def _restored(job: Job[Measurement], prior: Prior, watch: Watch) -> ImageResult:
    recipe, given = job.recipe, job.parts
    scene, operator, y = given.scene, given.operator, given.y
    multiple = prior.multiple
    height, width = (-(-side // multiple) * multiple for side in scene[1:])
    top, left = (height - scene[1]) // 2, (width - scene[2]) // 2
    notes = list(job.inputs.notes)
    if (height, width) != scene[1:]:
        operator, y = _within(operator, y, scene, (height, width), top, left)
        notes.append(f"worked on at {width} x {height}, as the model needs, and cropped to {scene[2]} x {scene[1]}")
    result = solve(
        recipe.settings_as(RestoreSettings),
        prior,
        Measurement(operator, y, given.sigma, (3, height, width)),
        recipe.prompts[0] if recipe.prompts else "",
        seeds=[recipe.seeds[0]],
        on_progress=watch.progress(),
    )
    image = result.images[..., top : top + scene[1], left : left + scene[2]]
    notes += [f"|y - A x| is {result.misfit[0]:.4f} on average (root mean square)"]
    notes += [*prior_notes(prior), *result.receipt.notes]
    stats = RunStats(result.receipt.evaluations, tuple(notes))
    return ImageResult(to_pixels(image)[0], recipe, job.inputs, stats, measurement=given)


def _within(
    operator: Operator, y: Tensor, scene: Shape, outer: tuple[int, int], top: int, left: int
) -> tuple[Operator, Tensor]:
    """The same measurement, of a larger scene that holds the measured one."""
    if isinstance(operator, RectangleMask):
        operator = Mask(operator.forward(torch.ones(1, 1, *scene[1:])))
    if isinstance(operator, Mask):
        # a mask stays one, for methods that fill masks only: what was added was not measured
        around = (left, outer[1] - scene[2] - left, top, outer[0] - scene[1] - top)
        return Mask(pad(operator.keep, around)), pad(y, around)
    return compose([window(outer, (scene[1], scene[2]), top, left), operator]), y
