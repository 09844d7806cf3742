"""A measurement as a job carries it: the operator of a recipe, y, and the shape of the scene, built once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from ..core.errors import InputError
from ..io.decode import MAX_PIXELS, decode
from ..io.masks import read_mask
from ..io.measured import Measured, read_kernel
from ..operators import Measurement, Operator, Shape, parse
from ..operators.parse import Readers
from .fit_to_grid import mask_tensor
from .inputs import Inputs


def measurement_of(inputs: Inputs, operator: str | Sequence[str], noise_std: float) -> Measurement:
    """Return the measurement of a recipe's inputs, under the operator that it names.

    Raises:
        InputError: there is none, or operator and measurement do not fit.
    """
    if inputs.measured is None:
        raise InputError("recipe: names no measurement; a restoration needs one")
    made = operator_of(operator, inputs)
    y, scene = measured_scene(inputs.measured, made)
    return Measurement(made, y, noise_std, scene)


def operator_of(specs: str | Sequence[str], inputs: Inputs | None = None) -> Operator:
    """Return the operator that a recipe describes; the files it names are read from where they lie now."""
    where = {} if inputs is None else {aid.words: aid.path for aid in inputs.aids}
    readers = Readers(
        mask=lambda path: read_hole(where.get(str(path), path)),
        kernel=lambda path: torch.from_numpy(read_kernel(where.get(str(path), path))),
    )
    return parse(specs, readers)


def read_hole(path: Path) -> Tensor:
    """Return a mask of its own size, [1, 1, H, W], 1 in the hole."""
    return mask_tensor(read_mask(path, decode(path).image.size).values)


def measured_scene(measured: Measured, operator: Operator) -> tuple[Tensor, Shape]:
    """Return the measurement [1, c, h, w] and the shape of its scene, a color picture.

    Three equal channels (a gray picture) stand for the one channel of an operator that measures gray.

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
            f"{measured.name}: has one channel, pictures have three; add the operator 'grey' if it is gray"
        )
    if scene[1] * scene[2] > MAX_PIXELS:
        raise InputError(
            f"{measured.name}: under this operator its scene has {scene[2]} x {scene[1]} pixels; at most "
            f"{MAX_PIXELS / 1e6:g} megapixels are made; check the operator's factor"
        )
    return y, scene
