"""Text to SVG: what takes the measurement's place in eq. 21 where nothing was measured.

Either the prior samples a picture of the prompt first, as VectorFusion begins, and that picture is drawn as if it had
been measured; or A = 0, eq. 21 without its second term: the drawing follows the prior alone, from random circles on.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.types import Prior
from ...io.tensors import to_pixels, to_tensor
from ...operators import Mask, Measurement, identity
from ..common import OnProgress
from ..generate import generate
from .guidance_schedule import prior_grid


def native_canvas(prior: Prior) -> tuple[int, int]:
    """Return the height and width of a drawing that has no measurement to take them from.

    Raises:
        InputError: the prior has no size of its own.
    """
    side = prior.native_size
    if side is None:
        raise InputError("size: expected one, since this model has none of its own")
    return int(side), int(side)


def sample_picture(
    prior: Prior,
    prompt: str,
    size: tuple[int, int],
    *,
    steps: int = 50,
    guidance_scale: float = 7.5,
    seeds: Sequence[int] = (0,),
    on_progress: OnProgress | None = None,
) -> Tensor:
    """Return the prior's picture of a prompt, one a seed: [B, 3, h, w] in [-1, 1], of 8 bits, on its grid.

    At the prior's native size it is the picture that `tasks.generate` gives and a PNG of it would hold.

    Args:
        size: height and width of the canvas; the grid has its aspect and the prior's native shorter side.
        steps, guidance_scale: of the sampler; `steps` evaluations of each of two branches.
    """
    made = generate(
        prior,
        [prompt] * len(seeds),
        size=prior_grid(prior, size),
        steps=steps,
        guidance_scale=guidance_scale,
        seeds=seeds,
        on_progress=on_progress,
    )
    return to_tensor(to_pixels(made.images))


def as_measured(picture: Tensor, size: tuple[int, int]) -> Measurement:
    """Return a picture [B, 3, h, w] as a clean measurement of a canvas; resized (antialiased) to its size."""
    if tuple(picture.shape[2:]) != size:
        picture = torch.nn.functional.interpolate(picture, size=size, mode="bilinear", antialias=True)
    return Measurement(identity(), picture)


def nothing_measured(size: tuple[int, int], items: int = 1) -> Measurement:
    """Return A = 0, y = 0: leaves eq. 21 without its second term.

    Example:
        >>> nothing_measured((8, 8)).residual(torch.ones(1, 3, 8, 8)).abs().max()
        tensor(0.)
    """
    return Measurement(Mask(torch.zeros(1, 1, *size)), torch.zeros(items, 3, *size))
