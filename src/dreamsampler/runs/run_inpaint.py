"""Recipes of the task "inpaint"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.types import Prior
from ..methods.inverse.registry import parse_method, restore_with, shared_options
from ..operators import Mask, Measurement
from ..operators.mask import feathered, union
from ..tasks.common import Receipt
from ..tasks.inpaint import Inpaint, inpaint
from .outcome import Item
from .place import finisher, mask_tensor, on_grid, placed, prior_notes, stacked
from .recipe import Recipe

if TYPE_CHECKING:
    from .run import Job, Options


OWN = ("guidance", "strength", "eta", "dps", "until", "period", "inversion")


def run_inpaint(jobs: Sequence[Job], prior: Prior, options: Options) -> list[Item]:
    """Fill holes in pictures that share their prompts, settings and size on the grid."""
    recipe = jobs[0].recipe
    pictures, fits = placed(jobs, prior)
    holes = [[mask_tensor(mask.values) for mask in job.inputs.masks] for job in jobs]
    on_the_grid = stacked(holes, fits)
    if on_the_grid is None:
        raise InputError("masks: inpainting needs at least one; paint the part to fill in white")
    images, receipt = _fill(
        recipe, prior, on_grid(pictures, fits), on_the_grid, [j.recipe.seeds[0] for j in jobs], options
    )
    items = []
    for k, job in enumerate(jobs):
        inside = feathered(union(holes[k]), int(recipe.settings["feather"]))  # type: ignore[arg-type]
        finish = finisher(fits[k], pictures[k], None if recipe.settings["raw"] else inside)
        notes = (*job.inputs.notes, *fits[k].notes, *prior_notes(prior), *receipt.notes)
        evaluations = receipt.evaluations // len(jobs)
        items.append(
            Item(finish(images[k : k + 1]), job.recipe.with_notes(*notes), job.inputs, evaluations=evaluations)
        )
    return items


def _fill(
    recipe: Recipe, prior: Prior, images: Tensor, holes: Sequence[Tensor], seeds: list[int], options: Options
) -> tuple[Tensor, Receipt]:
    """What the method makes of pictures on the grid, known pixels included."""
    s = recipe.settings
    steps, null_prompt = int(s["steps"]), str(s["null_prompt"])  # type: ignore[arg-type]
    method, extra = parse_method(str(s["method"]))
    if method != "dreamsampler":
        if len(recipe.prompts) != 1:
            raise InputError(f"prompts: the method {method} takes one for all holes, got {len(recipe.prompts)}")
        operator = Mask.hole(union(holes))
        measurement = Measurement(operator, operator.forward(images))
        done = restore_with(
            method, prior, measurement, recipe.prompts[0], seeds=seeds, on_progress=options.on_progress,
            **shared_options(method, steps, null_prompt), **extra,
        )  # fmt: skip
        return done.images, done.receipt
    own: dict[str, Any] = {name: s[name] for name in OWN}
    if unknown := extra.keys() - {*own, "guidance_scale"}:
        raise InputError(f"method={s['method']!r}: inpainting has no option {', '.join(sorted(unknown))}")
    own["guidance_scale"] = own.pop("guidance")
    own |= extra
    own["rho"] = Inpaint.rho if s["rho"] is None else s["rho"]
    result = inpaint(
        prior,
        images,
        holes,
        recipe.prompts,
        settings=Inpaint(steps=steps, negative_prompt=null_prompt, **own),
        composite=False,
        seeds=seeds,
        on_progress=options.on_progress,
    )
    return result.raw.to(torch.float32), result.receipt
