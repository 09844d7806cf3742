"""The task "inpaint": holes in pictures, each filled by its own prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.settings import convert
from ..core.types import Prior
from ..operators import Mask, Measurement
from ..operators.mask import feathered, union
from ..tasks.inpaint import Inpaint, inpaint
from ..tasks.settings import InpaintSettings
from .fit_to_grid import finisher, mask_tensor, on_grid, placed, prior_notes, stacked
from .inputs import Inputs, read_inputs
from .job import Job, Request, recipe_of, several, texts
from .observe import Watch
from .recipe import Recipe
from .result import ImageResult, RunStats
from .solver import OURS, checked_method, method_name, solve


class Holes(NamedTuple):
    """The holes in the picture's size [1, 1, H, W], 1 inside, and their union, faded at its edge."""

    each: tuple[Tensor, ...]
    inside: Tensor


def prepare(request: Request) -> list[Job[Holes]]:
    """Return one job a picture; the masks are for every picture, each with its prompt, or all with the only one.

    Raises:
        InputError: a picture, a mask, a prompt or a setting is not what it must be, or masks and prompts do not pair.
    """
    settings, prompts = checked_method(request.settings), texts("prompt", request.prompts)
    masks = several(request.masks, "mask")
    owners = _owners(method_name(settings.method), len(masks), len(prompts))
    read = [read_inputs(source, masks, value_range=request.value_range) for source in several(request.sources)]
    return [build(recipe_of(request, prompts, inputs, owners, settings=settings), inputs) for inputs in read]


def _owners(name: str, masks: int, prompts: int) -> list[int]:
    """The index of each mask's prompt."""
    if name == OURS:
        if masks != prompts:
            raise InputError(f"{masks} masks and {prompts} prompts: give each mask a prompt of its own")
        return list(range(masks))
    if prompts != 1:
        raise InputError(
            f"method={name!r} takes one prompt for all holes, got {prompts}: put everything into one prompt, fill one "
            "hole after the other, or use the method 'dreamsampler'"
        )
    return [0] * masks


def build(recipe: Recipe, inputs: Inputs) -> Job[Holes]:
    """Return the job of a recipe, with its holes.

    Raises:
        InputError: there are none.
    """
    settings = recipe.settings_as(InpaintSettings)
    if not inputs.masks:
        raise InputError("masks: inpainting needs at least one; paint the part to fill in white")
    if method_name(settings.method) != OURS and len(recipe.prompts) != 1:
        raise InputError(f"prompts: the method {settings.method} takes one for all holes, got {len(recipe.prompts)}")
    each = tuple(mask_tensor(mask.values) for mask in inputs.masks)
    return Job(recipe, inputs, Holes(each, feathered(union(each), settings.feather)))


def execute(jobs: Sequence[Job[Holes]], prior: Prior, watch: Watch) -> list[ImageResult]:
    """Fill holes in pictures that share their prompts, settings and size on the grid."""
    settings = jobs[0].recipe.settings_as(InpaintSettings)
    pictures, fits = placed(jobs, prior, settings.size)
    holes = stacked([job.parts.each for job in jobs], fits) or []
    inside = [job.parts.inside if settings.composite else None for job in jobs]
    finish = [finisher(*parts) for parts in zip(fits, pictures, inside, strict=True)]
    images, receipt = _fill(jobs, prior, on_grid(pictures, fits), holes, watch)
    items = []
    for k, job in enumerate(jobs):
        notes = (*job.inputs.notes, *fits[k].notes, *prior_notes(prior), *receipt.notes)
        stats = RunStats(receipt.evaluations // len(jobs), notes)
        items.append(ImageResult(finish[k](images[k : k + 1]), job.recipe, job.inputs, stats))
    return items


def _fill(
    jobs: Sequence[Job[Holes]], prior: Prior, images: Tensor, holes: Sequence[Tensor], watch: Watch
) -> tuple[Tensor, RunStats]:
    """What the method makes of pictures on the grid, known pixels included."""
    recipe, seeds = jobs[0].recipe, [job.recipe.seeds[0] for job in jobs]
    settings = recipe.settings_as(InpaintSettings)
    if method_name(settings.method) != OURS:
        operator = Mask.hole(union(holes))
        measurement = Measurement(operator, operator.forward(images))
        done = solve(settings, prior, measurement, recipe.prompts[0], seeds=seeds, on_progress=watch.progress())
        return done.images, done.receipt
    result = inpaint(
        prior,
        images,
        holes,
        recipe.prompts,
        settings=convert(Inpaint, settings),
        composite=False,
        seeds=seeds,
        on_progress=watch.progress(),
    )
    return result.raw.to(torch.float32), result.receipt
