"""A start from a picture: one circle for each of its patches of colour, large ones below.

The picture is reduced to a few colours (median cut); the largest 4-connected patches become circles of their area, at
the member nearest to their centroid, in their mean colour. The colour that holds most of the border is the background.
LIVE's component-wise start (`live`) adds paths one by one where the error is; this lays them all at once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ...core.errors import InputError
from .drawing import Drawing, Shape
from .initialise import random_circles
from .live import largest_component
from .shapes import ellipse

COLOURS = 16
SMALLEST = 4
"""Pixels of the smallest patch that gets a path of its own."""


class Patch(NamedTuple):
    """Rows and columns of a patch [n, 2] and its mean colour in [0, 1]."""

    members: NDArray[np.int64]
    colour: tuple[float, float, float]


def component_circles(
    picture: Tensor, count: int, rng: torch.Generator, *, segments: int = 4, colours: int = COLOURS
) -> Drawing:
    """Circles for the `count` largest patches of a picture; where it has fewer, random small circles fill up.

    Args:
        picture: [3, H, W] in [0, 1].
        rng: for the circles that fill up, a generator on the CPU.
        colours: of the reduced palette.

    Raises:
        InputError: another shape, NaN, or no paths asked for.
    """
    if picture.dim() != 3 or picture.shape[0] != 3 or not bool(torch.isfinite(picture).all()):
        raise InputError(f"picture: expected finite [3, H, W] in [0, 1], got {tuple(picture.shape)}")
    if count < 1:
        raise InputError(f"paths: {count}, expected at least 1")
    pixels = (picture.detach().cpu().clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    height, width = pixels.shape[:2]
    labels = np.asarray(Image.fromarray(pixels).quantize(colours, Image.Quantize.MEDIANCUT))
    ground = _border_label(labels)
    background = torch.tensor(pixels[labels == ground].mean(0) / 255, dtype=torch.float32)
    shapes = [_circle(patch, segments) for patch in _patches(labels, pixels, ground, count)]
    if len(shapes) < count:
        extra = random_circles(
            count - len(shapes), (height, width), rng, segments=segments, radius=0.02 * min(labels.shape)
        )
        shapes += extra.shapes()
    return Drawing.of(shapes, (height, width), background)


def _border_label(labels: NDArray[np.uint8]) -> int:
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return int(np.bincount(border).argmax())


def _patches(labels: NDArray[np.uint8], pixels: NDArray[np.uint8], ground: int, count: int) -> list[Patch]:
    """The largest patches, largest first; the background's own patch is left out."""
    found: list[Patch] = []
    for label in np.unique(labels):
        mask = labels == label
        while mask.any():
            members = largest_component(mask)
            # the largest come first: what follows is smaller than `count` patches that are known already
            if len(members) < SMALLEST or sum(len(patch.members) >= len(members) for patch in found) >= count:
                break
            rows, columns = members.T
            mask[rows, columns] = False
            touches = (rows == 0).any() or (columns == 0).any()
            if not (label == ground and touches):
                r, g, b = (pixels[rows, columns].mean(0) / 255).tolist()
                found.append(Patch(members, (r, g, b)))
    return sorted(found, key=lambda patch: -len(patch.members))[:count]


def _circle(patch: Patch, segments: int) -> Shape:
    members = patch.members
    row, column = members[((members - members.mean(0)) ** 2).sum(1).argmin()].tolist()
    radius = max(1.0, math.sqrt(len(members) / math.pi))
    contour = ellipse(torch.tensor([column + 0.5, row + 0.5]), torch.full((2,), radius), segments)
    return Shape((contour,), (*patch.colour, 1.0))
