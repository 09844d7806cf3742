"""Recipes of the task "restore"."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from ..core.errors import InputError
from ..core.types import Prior
from ..io.decode import MAX_PIXELS, decode
from ..io.masks import read_mask
from ..io.measured import Measured, read_kernel
from ..io.tensors import to_pixels
from ..methods.inverse.registry import parse_method, restore_with, shared_options
from ..operators import Mask, Measurement, Operator, RectangleMask, Shape, compose, parse, window
from ..operators.parse import Readers
from .inputs import Inputs
from .outcome import Item
from .place import mask_tensor

if TYPE_CHECKING:
    from .run import Job, Options


OWN = ("guidance", "strength", "eta", "dps", "period", "until", "rho", "begin")


def run_restore(jobs: Sequence[Job], prior: Prior, options: Options) -> list[Item]:
    """Restore pictures from their measurements, one at a time."""
    return [_restored(job, prior, options) for job in jobs]


def _restored(job: Job, prior: Prior, options: Options) -> Item:
    settings: Any = job.recipe.settings
    if job.inputs.measured is None:
        raise InputError("recipe: names no measurement; a restoration needs one")
    operator = operator_of(settings["operator"], job.inputs)
    y, scene = measured_scene(job.inputs.measured, operator)
    multiple = prior.multiple
    height, width = (-(-side // multiple) * multiple for side in scene[1:])
    top, left = (height - scene[1]) // 2, (width - scene[2]) // 2
    notes = list(job.inputs.notes)
    if (height, width) != scene[1:]:
        operator, y = _within(operator, y, scene, (height, width), top, left)
        notes.append(f"worked on at {width} x {height}, as the model needs, and cropped to {scene[2]} x {scene[1]}")
    name, own = parse_method(settings["method"])
    if name == "dreamsampler":
        own |= {"guidance_scale" if key == "guidance" else key: settings[key] for key in OWN}
    result = restore_with(
        name,
        prior,
        Measurement(operator, y, settings["sigma"], (3, height, width)),
        job.recipe.prompts[0] if job.recipe.prompts else "",
        seeds=[job.recipe.seeds[0]],
        on_progress=options.on_progress,
        **shared_options(name, settings["steps"], settings["null_prompt"]),
        **own,
    )
    image = result.images[..., top : top + scene[1], left : left + scene[2]]
    notes += [f"|y - A x| is {result.misfit[0]:.4f} on average (root mean square)"]
    notes += [*prior.notes, *result.receipt.notes]
    pixels = to_pixels(image)[0]
    return Item(pixels, job.recipe.with_notes(*notes), job.inputs, evaluations=result.receipt.evaluations)


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


def operator_of(specs: str | Sequence[str], inputs: Inputs) -> Operator:
    """The operator that a recipe describes; the files it names are read from where they lie now."""
    where = {aid.words: aid.path for aid in inputs.aids}
    readers = Readers(
        mask=lambda path: read_hole(where.get(str(path), path)),
        kernel=lambda path: torch.from_numpy(read_kernel(where.get(str(path), path))),
    )
    return parse(specs, readers)


def read_hole(path: Path) -> Tensor:
    """A mask of its own size, [1, 1, H, W], 1 in the hole."""
    return mask_tensor(read_mask(path, decode(path).image.size).values)


def measured_scene(measured: Measured, operator: Operator) -> tuple[Tensor, Shape]:
    """The measurement [1, c, h, w] and the shape of its scene, a color picture.

    Three equal channels (a grey picture) stand for the one channel of an operator that measures grey.

    Raises:
        InputError: no color picture has such a measurement under this operator.
    """
    y = torch.from_numpy(measured.values.copy())[None]
    try:
        scene = operator.scene(tuple(y.shape[1:]))  # type: ignore[arg-type]
    except InputError:
        if y.shape[1] != 3 or not measured.grey:
            raise
        y = y[:, :1]
        scene = operator.scene(tuple(y.shape[1:]))  # type: ignore[arg-type]
    if scene[0] == 1:
        raise InputError(
            f"{measured.name}: has one channel, pictures have three; add the operator 'grey' if it is grey"
        )
    if scene[1] * scene[2] > MAX_PIXELS:
        raise InputError(
            f"{measured.name}: under this operator its scene has {scene[2]} x {scene[1]} pixels; at most "
            f"{MAX_PIXELS / 1e6:g} megapixels are made; check the operator's factor"
        )
    return y, scene
