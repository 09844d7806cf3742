"""The task "edit": pictures towards prompts, localized by masks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.settings import convert
from ..core.state import State
from ..core.types import Prior
from ..io.fit import Fit
from ..io.images import Picture
from ..operators.mask import union
from ..steering.strength import Constant, GuidanceScale, PaperStrength, Weight
from ..tasks.edit import Edit, InversionReport, edit
from ..tasks.settings import EditSettings
from .fit_to_grid import back, background, finisher, mask_back, mask_tensor, on_grid, placed, prior_notes, stacked
from .inputs import Inputs, read_inputs
from .job import Job, Request, recipe_of, several, texts
from .observe import Pixels, Watch
from .recipe import Recipe
from .result import ImageResult, Reconstruction, RunStats


class Regions(NamedTuple):
    """Where prompts act, in the picture's size [1, 1, H, W].

    Attributes:
        given: the masks; () if nothing lies outside them, so that nothing is put back.
        full: one a prompt; a prompt without a mask acts outside all masks.
    """

    given: tuple[Tensor, ...] = ()
    full: tuple[Tensor, ...] = ()


def prepare(request: Request) -> list[Job[Regions]]:
    """Return one job a picture; the masks are for every picture.

    Raises:
        InputError: a picture, a mask, a prompt or a setting is not what it must be, or they do not pair.
    """
    prompts, settings = texts("prompt", request.prompts), request.settings
    if not prompts:
        raise InputError("prompt: expected at least one; say what the picture should show")
    for k, prompt in enumerate(prompts):
        if not prompt.strip():
            raise InputError(f"prompt {k + 1}: is empty; say what the picture should show")
    masks = [] if request.masks is None else several(request.masks, "mask")
    owners = pair(len(prompts), len(masks))
    if isinstance(settings.strength, tuple):
        if len(settings.strength) not in (1, len(prompts)):
            count = len(settings.strength)
            raise InputError(f"strength: got {count} values for {len(prompts)} prompts; expected one, or one a prompt")
        if len(settings.strength) == 1:
            settings = dataclasses.replace(settings, strength=settings.strength[0])
    jobs = []
    for source in several(request.sources):
        inputs = read_inputs(source, masks, value_range=request.value_range)
        jobs.append(build(recipe_of(request, prompts, inputs, owners, settings=settings), inputs))
    return jobs


def build(recipe: Recipe, inputs: Inputs) -> Job[Regions]:
    """Return the job of a recipe, with a mask for each prompt.

    Raises:
        InputError: masks and prompts do not pair, or nothing is left outside the masks.
    """
    if not inputs.masks:
        return Job(recipe, inputs, Regions())
    owners = [ref.prompt for ref in recipe.inputs if ref.role == "mask"]
    given = tuple(mask_tensor(mask.values) for mask in inputs.masks)
    by_prompt = dict(zip(owners, given, strict=True))
    free = [k for k in range(len(recipe.prompts)) if k not in by_prompt]
    if len(by_prompt) != len(given) or len(free) > 1 or None in by_prompt:
        raise InputError(f"masks: {len(given)} for {len(recipe.prompts)} prompts; expected one a prompt, or one less")
    full = tuple(by_prompt[k] if k in by_prompt else background(given) for k in range(len(recipe.prompts)))
    return Job(recipe, inputs, Regions(() if free else given, full))


def execute(jobs: Sequence[Job[Regions]], prior: Prior, watch: Watch) -> list[ImageResult]:
    """Edit pictures that share their prompts, settings and size on the grid."""
    recipe = jobs[0].recipe
    settings = recipe.settings_as(EditSettings)
    pictures, fits = placed(jobs, prior, settings.size)
    inside = [union(job.parts.given) if job.parts.given and settings.composite else None for job in jobs]
    finish = [finisher(*parts) for parts in zip(fits, pictures, inside, strict=True)]
    result = edit(
        prior,
        on_grid(pictures, fits),
        recipe.prompts,
        masks=stacked([job.parts.full for job in jobs], fits),
        source_prompt=settings.source_prompt,
        settings=numbers_of(settings),
        report=watch.report,
        seeds=[job.recipe.seeds[0] for job in jobs],
        on_progress=watch.progress("edit", decoder(prior, finish)),
    )
    items = []
    for k, job in enumerate(jobs):
        found = None if result.found is None else mask_back(result.found[k : k + 1], fits[k])
        if found is not None and settings.composite:
            given = inside[k]
            finish[k] = finisher(fits[k], pictures[k], found if given is None else found * given)
        kept = reconstruction(result.report, k, fits[k], pictures[k])
        notes = (
            *job.inputs.notes,
            *fits[k].notes,
            *_mask_notes(job),
            *_found_notes(found),
            *prior_notes(prior),
            *kept.warnings,
        )
        stats = RunStats(result.receipt.evaluations // len(jobs), notes)
        items.append(ImageResult(finish[k](result.images[k : k + 1]), job.recipe, job.inputs, stats, kept))
    return items


def pair(prompts: int, masks: int) -> tuple[int, ...]:
    """Return the index of each mask's prompt: in order; a prompt without a mask comes first and acts outside all masks.

    Raises:
        InputError: neither as many prompts as masks nor one more.

    Example:
        >>> pair(3, 2)
        (1, 2)
    """
    if masks in (0, prompts):
        return tuple(range(masks))
    if masks == prompts - 1:
        return tuple(range(1, prompts))
    raise InputError(
        f"{masks} masks and {prompts} prompts: give one prompt for each mask, and at most one more, first, for the "
        "rest of the picture"
    )


def numbers_of(settings: EditSettings) -> Edit:
    """Return the numbers as the algorithm takes them: a strength, or another weight of the prompts."""
    weight: Weight | None = None
    if settings.paper_c is not None:
        weight = PaperStrength(settings.paper_c)
    elif settings.strength_kind != "strength" and not isinstance(settings.strength, tuple):
        kind: Callable[[float], Weight] = GuidanceScale if settings.strength_kind == "guidance" else Constant
        weight = kind(settings.strength)
    return convert(Edit, settings, weight=weight)


def decoder(prior: Prior, finish: Sequence[Callable[[Tensor], Pixels]]) -> Callable[[State], list[Pixels]]:
    """Return what makes pictures of a state's clean estimate, each by its own finish."""

    def pictures(state: State) -> list[Pixels]:
        with torch.no_grad():
            images = prior.space.decode(state.z0)
        return [one(images[k : k + 1]) for k, one in enumerate(finish)]

    return pictures


def reconstruction(report: InversionReport, k: int, fit: Fit, picture: Picture) -> Reconstruction:
    """Return item k of a report."""
    inverted = None if report.inversion_psnr is None else report.inversion_psnr[k]
    decibels = (report.vae_psnr[k],), None if inverted is None else (inverted,)
    alone = InversionReport(*decibels, report.reconstruction[:0], report.outside[k : k + 1])
    warnings = tuple(text.removeprefix("item 0: ") for text in alone.warnings())
    pixels = back(report.reconstruction[k : k + 1], fit, picture, None)
    return Reconstruction(pixels, report.vae_psnr[k], inverted, warnings)


def _found_notes(found: Tensor | None) -> tuple[str, ...]:
    return () if found is None else (f"the found mask covers {float((found > 0).float().mean()):.0%} of the picture",)


def _mask_notes(job: Job[Regions]) -> tuple[str, ...]:
    count, prompts = len(job.inputs.masks), job.recipe.prompts
    if count and count < len(prompts):
        return (f"the prompt {prompts[0]!r} has no mask: it acts everywhere outside the masks",)
    return ()
