"""Painter's-order compositing of packed coverages, restricted to each path's bounding box, and its reverse.

Path p with colour c and alpha a = opacity * covered changes the canvas to C + a (c - C). Going back through the same
boxes in the opposite order with the gradient g of the canvas:

    dL/da = <g, c - C_before>,   dL/dc = sum a g,   g <- (1 - a) g.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

Row = list[int]  # x0, y0, width, height, offset, as in coverage.Boxes.rows


class Layers(NamedTuple):
    """What the reverse pass needs of a run of paths, packed as coverages are.

    Attributes:
        alpha: `[total]` opacity times coverage.
        contrast: `[K, total]` the path's colour minus the canvas under it.
    """

    alpha: Tensor
    contrast: Tensor


class PaintGradient(NamedTuple):
    """dL/d covered `[total]`, dL/d colours `[P, K]`, dL/d opacity `[P]`."""

    covered: Tensor
    colours: Tensor
    opacity: Tensor


def _on_canvas(canvas: Tensor, scene: int, row: Row) -> Tensor:
    """The box of a path on a contiguous canvas, `[K, h, w]`. (as_strided: a third of the time of slicing.)"""
    _, channels, height, width = canvas.shape
    start = scene * channels * height * width + row[1] * width + row[0]
    return canvas.as_strided((channels, row[3], row[2]), (height * width, width, 1), start)


def _packed(cells: Tensor, row: Row) -> Tensor:
    """The packed cells of a path, `[h, w]` or `[K, h, w]`, without the extra column."""
    _, _, width, height, offset = row
    if cells.dim() == 1:
        return cells.as_strided((height, width), (width + 1, 1), offset)
    channels, total = cells.shape
    return cells.as_strided((channels, height, width), (total, width + 1, 1), offset)


def paint(
    canvas: Tensor, covered: Tensor, colours: Tensor, opacity: Tensor, rows: list[Row], scenes: list[int]
) -> Layers:
    """Paint paths onto a contiguous `canvas` `[B, K, H, W]` in place, back to front.

    Args:
        covered: `[total]` packed coverage.
        colours: `[P, K]`; opacity: `[P]`.
        rows: box of each path; scenes: which image of the batch each path belongs to.
    """
    alpha = covered * _per_cell(opacity, rows)
    contrast = covered.new_zeros(canvas.shape[1], covered.numel())
    for row, scene, colour in zip(rows, scenes, colours.unsqueeze(-1).unsqueeze(-1), strict=True):
        if row[2] == 0 or row[3] == 0:
            continue
        under, difference = _on_canvas(canvas, scene, row), _packed(contrast, row)
        torch.sub(colour, under, out=difference)
        under.addcmul_(difference, _packed(alpha, row))
    return Layers(alpha, contrast)


def unpaint(
    gradient: Tensor, layers: Layers, covered: Tensor, opacity: Tensor, rows: list[Row], scenes: list[int]
) -> PaintGradient:
    """Reverse of `paint`: turns the canvas gradient (in place) into that of the canvas before these paths."""
    channels, total = layers.contrast.shape
    reached = gradient.new_zeros(channels + 1, total)  # the last row is for dL/d alpha
    colour_rows = reached[:channels]
    through = 1 - layers.alpha
    for row, scene in zip(reversed(rows), reversed(scenes), strict=True):
        if row[2] == 0 or row[3] == 0:
            continue
        above = _on_canvas(gradient, scene, row)
        _packed(colour_rows, row).copy_(above)
        above.mul_(_packed(through, row))
    torch.sum(colour_rows * layers.contrast, dim=0, out=reached[channels])
    sizes = _sizes(rows)
    pairs = zip(reached.split(sizes, dim=1), covered.split(sizes), strict=True)
    totals = torch.stack([part @ weight for part, weight in pairs])
    per_cell = _per_cell(opacity, rows)
    return PaintGradient(reached[channels] * per_cell, totals[:, :channels] * opacity.unsqueeze(1), totals[:, channels])


def _sizes(rows: list[Row]) -> list[int]:
    return [(width + 1) * height for _, _, width, height, _ in rows]


def _per_cell(values: Tensor, rows: list[Row]) -> Tensor:
    return torch.repeat_interleave(values, torch.tensor(_sizes(rows), device=values.device))
