"""Recipes of the tasks "edit" and "invert"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.state import State
from ..core.types import Prior
from ..io.fit import Fit
from ..io.images import Picture
from ..operators.mask import union
from ..steering.strength import Constant, GuidanceScale, PaperStrength, Weight
from ..tasks.common import evaluations as count
from ..tasks.edit import InversionReport, edit, inversion_report
from .inputs import Inputs
from .outcome import Fidelity, Item, Pixels
from .place import back, background, finisher, mask_tensor, on_grid, placed, prior_notes, stacked
from .recipe import Recipe

if TYPE_CHECKING:
    from .run import Job, Options

KINDS: dict[str, Callable[[float], Weight]] = {
    "paper": PaperStrength,
    "guidance": GuidanceScale,
    "cfgpp": Constant,
}


def run_edit(jobs: Sequence[Job], prior: Prior, options: Options) -> list[Item]:
    """Edit pictures that share their prompts, settings and size on the grid."""
    recipe, settings = jobs[0].recipe, jobs[0].recipe.settings
    pictures, fits = placed(jobs, prior)
    regions = [_regions(job.recipe, job.inputs) for job in jobs]
    whole = [union(given) if given and not settings["raw"] else None for given in (r for r, _ in regions)]
    finish = [finisher(*parts) for parts in zip(fits, pictures, whole, strict=True)]
    film, strength = Film(prior, finish, options), _strength(recipe)
    result = edit(
        prior,
        on_grid(pictures, fits),
        recipe.prompts,
        masks=stacked([full for _, full in regions], fits),
        source_prompt=str(settings["source_prompt"]),
        steps=int(settings["steps"]),  # type: ignore[arg-type]
        **({"weight": strength} if callable(strength) else {"strength": strength}),  # type: ignore[arg-type]
        inversion=str(settings["inversion"]),
        rounds=int(settings["rounds"]),  # type: ignore[arg-type]
        denoise=float(settings["start"]),  # type: ignore[arg-type]
        bound=float(settings["bound"]),  # type: ignore[arg-type]
        report=options.report,
        seeds=[job.recipe.seeds[0] for job in jobs],
        on_progress=film,
    )
    items = []
    for k, job in enumerate(jobs):
        fidelity, rebuilt = _fidelity(result.report, k, fits[k], pictures[k])
        notes = (*job.inputs.notes, *fits[k].notes, *_mask_notes(job), *prior_notes(prior), *fidelity.warnings)
        evaluations = result.receipt.evaluations // len(jobs)
        pixels = finish[k](result.images[k : k + 1])
        done = job.recipe.with_notes(*notes)
        items.append(Item(pixels, done, job.inputs, rebuilt, fidelity, evaluations, film.frames(k)))
    return items


def run_invert(jobs: Sequence[Job], prior: Prior, options: Options) -> list[Item]:
    """Invert pictures and sample them back: the result is the reconstruction."""
    settings = jobs[0].recipe.settings
    pictures, fits = placed(jobs, prior)
    before = count(prior)
    report = inversion_report(
        prior,
        on_grid(pictures, fits),
        source_prompt=str(settings["source_prompt"]),
        steps=int(settings["steps"]),  # type: ignore[arg-type]
        inversion=str(settings["inversion"]),
        rounds=int(settings["rounds"]),  # type: ignore[arg-type]
        denoise=float(settings["start"]),  # type: ignore[arg-type]
        seeds=[job.recipe.seeds[0] for job in jobs],
        on_progress=options.on_progress,
    )
    evaluations = (count(prior) - before) // len(jobs)
    items = []
    for k, job in enumerate(jobs):
        fidelity, rebuilt = _fidelity(report, k, fits[k], pictures[k])
        notes = (*job.inputs.notes, *fits[k].notes, *prior_notes(prior), *fidelity.warnings)
        items.append(Item(rebuilt, job.recipe.with_notes(*notes), job.inputs, rebuilt, fidelity, evaluations))
    return items


class Film:
    """Keeps clean estimates of an edit on the way, as pictures, and passes progress on."""

    def __init__(self, prior: Prior, finish: Sequence[Callable[[Tensor], Pixels]], options: Options) -> None:
        self._prior, self._finish, self._most, self._on = prior, finish, options.frames, options.on_progress
        self._frames: list[list[Pixels]] = [[] for _ in finish]

    def __call__(self, phase: str, done: int, total: int, state: State) -> None:
        # evenly spread; the last step is the result itself
        if (
            self._most
            and phase == "edit"
            and done < total
            and done * self._most // total > (done - 1) * self._most // total
        ):
            with torch.no_grad():
                images = self._prior.space.decode(state.z0)
            for k, finish in enumerate(self._finish):
                self._frames[k].append(finish(images[k : k + 1]))
        if self._on is not None:
            self._on(phase, done, total, state)

    def frames(self, k: int) -> tuple[Pixels, ...] | None:
        """Of item k, first to last; None where none were asked for."""
        return tuple(self._frames[k]) if self._most else None


def _regions(recipe: Recipe, inputs: Inputs) -> tuple[list[Tensor], list[Tensor]]:
    """(the masks as given, one mask a prompt): a prompt without a mask acts outside all masks.

    With such a prompt nothing lies outside, so the first list is empty: there is nothing to put back.
    """
    if not inputs.masks:
        return [], []
    owners = [ref.prompt for ref in recipe.inputs if ref.role == "mask"]
    given = [mask_tensor(mask.values) for mask in inputs.masks]
    by_prompt = dict(zip(owners, given, strict=True))
    free = [k for k in range(len(recipe.prompts)) if k not in by_prompt]
    if len(by_prompt) != len(given) or len(free) > 1 or None in by_prompt:
        raise InputError(f"masks: {len(given)} for {len(recipe.prompts)} prompts; expected one a prompt, or one less")
    full = [by_prompt[k] if k in by_prompt else background(given) for k in range(len(recipe.prompts))]
    return ([] if free else given), full


def _strength(recipe: Recipe) -> float | Sequence[float] | Weight:
    value, kind = recipe.settings["strength"], str(recipe.settings["strength_kind"])
    if kind == "strength":
        return value  # type: ignore[return-value]
    if isinstance(value, tuple):
        raise InputError(f"strength: {len(value)} values with strength_kind={kind!r}; expected one")
    return KINDS[kind](float(value))  # type: ignore[arg-type]


def _fidelity(report: InversionReport, k: int, fit: Fit, picture: Picture) -> tuple[Fidelity, Pixels]:
    """Item k of a report."""
    inverted = None if report.inversion_psnr is None else report.inversion_psnr[k]
    alone = InversionReport((report.vae_psnr[k],), None if inverted is None else (inverted,), report.reconstruction[:0])
    warnings = tuple(text.removeprefix("item 0: ") for text in alone.warnings())
    return Fidelity(report.vae_psnr[k], inverted, warnings), back(report.reconstruction[k : k + 1], fit, picture, None)


def _mask_notes(job: Job) -> tuple[str, ...]:
    count, prompts = len(job.inputs.masks), job.recipe.prompts
    if count and count < len(prompts):
        return (f"the prompt {prompts[0]!r} has no mask: it acts everywhere outside the masks",)
    return ()
