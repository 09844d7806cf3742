"""A start from a picture: the outline of each of its patches of color, wide ones below.

The picture is reduced to a few colors (median cut); the largest 4-connected patches that are more than seams between
two others become paths of their outline in their mean color. The color that holds most of the border is the
background. Paths that are left over are parked (`growth`). LIVE's component-wise start (`live`) adds small circles one
by one where the error is; this lays everything at once, in its own shape.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ...core.errors import InputError
from .drawing import Drawing, Shape
from .initialize import MAX_PATHS
from .live import components
from .outline import outline

COLORS = 16
ALIKE = 0.03
"""Colors nearer than this, root mean square over the channels in [0, 1], count as one: soft shades are no patches."""
SMALLEST = 4
"""Pixels of the smallest patch that gets a path of its own."""


class Patch(NamedTuple):
    """Rows and columns of a patch [n, 2] and its mean color in [0, 1]."""

    members: NDArray[np.int64]
    color: tuple[float, float, float]


def component_outlines(picture: Tensor, count: int, *, segments: int = 4, colors: int = COLORS) -> Drawing:
    """Return outlines of the `count` largest patches of a picture; if it has fewer, the other paths are removed ones.

    Args:
        picture: [3, H, W] in [0, 1].
        colors: of the reduced palette.

    Raises:
        InputError: another shape, NaN, or not between 1 and 4096 paths.
    """
    if picture.dim() != 3 or picture.shape[0] != 3 or not bool(torch.isfinite(picture).all()):
        raise InputError(f"picture: expected finite [3, H, W] in [0, 1], got {tuple(picture.shape)}")
    if not 1 <= count <= MAX_PATHS:
        raise InputError(f"paths: {count}, expected 1 to {MAX_PATHS}")
    pixels = (picture.detach().cpu().clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    height, width = pixels.shape[:2]
    labels = _merged(np.asarray(Image.fromarray(pixels).quantize(colors, Image.Quantize.MEDIANCUT)), pixels)
    ground = _border_label(labels)
    background = torch.tensor(pixels[labels == ground].mean(0) / 255, dtype=torch.float32)
    found = [patch for patch in _patches(labels, pixels, ground) if _thick(patch)][:count]
    shapes = [Shape((outline(patch.members, segments),), (*patch.color, 1.0)) for patch in found]
    # by what the outline encloses: a ring lies below what it surrounds, however thin it is
    shapes.sort(key=lambda shape: -_area(shape.contours[0]))
    aside = torch.tensor([width / 2, height / 2]).expand(3 * segments, 2)
    shapes += [Shape((aside,), (0.5, 0.5, 0.5, 0.0))] * (count - len(shapes))
    return Drawing.of(shapes, (height, width), background)


def _merged(labels: NDArray[np.uint8], pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the labels with colors joined that are alike, the nearest two first."""
    labels = labels.copy()
    while True:
        used = np.unique(labels)
        means = np.stack([pixels[labels == label].mean(0) for label in used]) / 255
        apart = np.sqrt(((means[:, None] - means[None]) ** 2).mean(-1)) + 10 * np.eye(len(used))
        one, other = np.unravel_index(apart.argmin(), apart.shape)
        if apart[one, other] >= ALIKE:
            return labels
        labels[labels == used[other]] = used[one]


def _border_label(labels: NDArray[np.uint8]) -> int:
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return int(np.bincount(border).argmax())


def _patches(labels: NDArray[np.uint8], pixels: NDArray[np.uint8], ground: int) -> list[Patch]:
    """Return patches, largest first; the background's own patch is left out."""
    found: list[Patch] = []
    for label in np.unique(labels):
        for members in components(labels == label):
            rows, columns = members.T
            touches = (rows == 0).any() or (columns == 0).any()
            if len(members) >= SMALLEST and not (label == ground and touches):
                r, g, b = (pixels[rows, columns].mean(0) / 255).tolist()
                found.append(Patch(members, (r, g, b)))
    return sorted(found, key=lambda patch: -len(patch.members))


def _thick(patch: Patch) -> bool:
    """Return whether some pixel of a patch has all its neighbors in it."""
    low = patch.members.min(0) - 1
    inside = np.zeros(patch.members.max(0) - low + 2, dtype=bool)
    inside[tuple((patch.members - low).T)] = True
    core = inside[1:-1, 1:-1] & inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    return bool(core.any())


def _area(contour: Tensor) -> float:
    x, y = contour[::3].unbind(1)
    return abs(float((x * y.roll(-1) - y * x.roll(-1)).sum() / 2))
