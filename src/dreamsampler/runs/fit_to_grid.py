"""Pictures and masks on a model's grid, and results back in the pictures' own size."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.types import Prior
from ..io.fit import Fit, plan_fit
from ..io.images import Picture
from ..io.tensors import to_pixels, to_tensor
from ..operators.mask import paste, union
from ..tasks.words import check_size
from .result import Pixels

if TYPE_CHECKING:
    from .job import Job


def fit_for(picture: Picture, prior: Prior, size: str) -> Fit:
    """Return how a picture is laid on the prior's grid; `size` as in a recipe: "native", "keep" or a number in words.

    Raises:
        InputError: another word, or a grid beyond what is worked on.
    """
    native = prior.native_size
    if size == "native" and native is None:
        size = "keep"
    multiple = prior.multiple
    check_size(size)
    return plan_fit(picture.size, multiple=multiple, native=native, size=int(size) if size.isdigit() else size)


def on_grid(pictures: Sequence[Picture], fits: Sequence[Fit]) -> Tensor:
    """Return pictures as one batch [B, 3, H, W] in [-1, 1]."""
    return torch.cat([fit.apply_pixels(p.pixels) for p, fit in zip(pictures, fits, strict=True)])


def mask_tensor(values: object) -> Tensor:
    """Return mask values [H, W] as [1, 1, H, W]."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of arrays that are read-only: nobody writes into a mask
        return torch.as_tensor(values, dtype=torch.float32)[None, None]


def background(masks: Sequence[Tensor]) -> Tensor:
    """Return what no mask selects, [1, 1, H, W].

    Raises:
        InputError: there is no such part.
    """
    rest = 1.0 - union(masks)
    if float(rest.max()) <= 0.0:
        raise InputError("the masks cover the whole picture: nothing is left outside for the first prompt to act on")
    return rest


def back(made: Tensor, fit: Fit, picture: Picture, inside: Tensor | None) -> Pixels:
    """Return one result [1, 3, H, W] in its picture's size, as uint8 [H, W, 3].

    Args:
        inside: the union of the masks [1, 1, H, W] in the picture's size: where it is 0 the picture's own pixels are
            put back, byte for byte; between 0 and 1 the two are blended. None leaves the result as it is.
    """
    width, height = fit.source
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    for columns, band in fit.undo_bands(made.detach().float().cpu()):
        image = band
        if inside is not None:
            known = to_tensor(picture.pixels[:, columns])
            image = paste(known, band.clamp(-1.0, 1.0), inside[..., columns])
        pixels[:, columns] = to_pixels(image)[0]
    return pixels


def mask_back(mask: Tensor, fit: Fit) -> Tensor:
    """Return a mask [1, 1, H, W] on the grid in its picture's size; faint rests of resampling count as 0."""
    width, height = fit.source
    made = torch.empty(1, 1, height, width)
    for columns, band in fit.undo_bands(mask.detach().float().cpu().expand(-1, 3, -1, -1)):
        made[..., columns] = band[:, :1]
    return torch.where(made < 1 / 255, 0.0, made).clamp(0.0, 1.0)


def placed(jobs: Sequence[Job[Any]], prior: Prior, size: str) -> tuple[list[Picture], list[Fit]]:
    """Return the jobs' pictures and how each is laid on the grid.

    Raises:
        InputError: a job has none.
    """
    found = [job.inputs.picture for job in jobs if job.inputs.picture is not None]
    if len(found) != len(jobs):
        raise InputError("recipe: names no picture; this task needs one")
    return found, [fit_for(picture, prior, size) for picture in found]


def stacked(regions: Sequence[Sequence[Tensor]], fits: Sequence[Fit]) -> list[Tensor] | None:
    """Return the masks of all items on the grid: one [B, 1, H, W] a prompt."""
    if not regions[0]:
        return None
    return [
        torch.cat([fit.apply_mask(masks[k]) for masks, fit in zip(regions, fits, strict=True)])
        for k in range(len(regions[0]))
    ]


def finisher(fit: Fit, picture: Picture, inside: Tensor | None) -> Callable[[Tensor], Pixels]:
    """Return `back` for one picture."""
    return lambda made: back(made, fit, picture, inside)


def prior_notes(prior: Prior) -> tuple[str, ...]:
    """Return the prior's own notes: retries, overridden settings, cut prompts."""
    return tuple(prior.notes)
