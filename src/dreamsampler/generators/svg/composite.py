"""Painter's-order compositing of packed coverages, restricted to each path's bounding box, and its reverse.

Path p with color c and alpha a = opacity * covered changes the canvas to C + a (c - C). Going back through the same
boxes in the opposite order with the gradient g of the canvas:

    dL/da = <g, c - C_before>,   dL/dc = sum a g,   g <- (1 - a) g.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .fill import Field

Row = list[int]  # x0, y0, width, height, offset, as in coverage.Boxes.rows


class Layers(NamedTuple):
    """What the reverse pass needs of a run of paths, packed as coverages are.

    Attributes:
        alpha: `[total]` opacity times coverage (times the factor).
        contrast: `[K, total]` the path's color minus the canvas under it.
        factor: `[total]` what gradients multiply opacities with; None if there are none.
    """

    alpha: Tensor
    contrast: Tensor
    factor: Tensor | None


class PaintGradient(NamedTuple):
    """dL/d covered `[total]`, dL/d colors `[P, K]`, dL/d opacity `[P]`."""

    covered: Tensor
    colors: Tensor
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
    canvas: Tensor,
    covered: Tensor,
    colors: Tensor,
    opacity: Tensor,
    rows: list[Row],
    scenes: list[int],
    fields: list[Field | None] | None = None,
) -> Layers:
    """Paint paths onto a contiguous `canvas` `[B, K, H, W]` in place, back to front.

    Args:
        covered: `[total]` packed coverage.
        colors: `[P, K]`; opacity: `[P]`.
        rows: box of each path; scenes: which image of the batch each path belongs to.
        fields: what fills the boxes of paths that have no plain color.
    """
    alpha = covered * _per_cell(opacity, rows)
    factor = None if fields is None else _factors(fields, rows, alpha)
    if factor is not None:
        alpha = alpha * factor
    contrast = covered.new_zeros(canvas.shape[1], covered.numel())
    plain = colors.unsqueeze(-1).unsqueeze(-1)
    for path, (row, scene) in enumerate(zip(rows, scenes, strict=True)):
        if row[2] == 0 or row[3] == 0:
            continue
        under, difference = _on_canvas(canvas, scene, row), _packed(contrast, row)
        torch.sub(_color(plain[path], None if fields is None else fields[path]), under, out=difference)
        under.addcmul_(difference, _packed(alpha, row))
    return Layers(alpha, contrast, factor)


def _color(plain: Tensor, field: Field | None) -> Tensor:
    """The path's color `[K, 1, 1]`, or that of its gradient `[K, h, w]`."""
    if field is None:
        return plain
    rest = plain[3:].expand(-1, *field.factor.shape)
    return torch.cat([field.colors, rest])


def _factors(fields: list[Field | None], rows: list[Row], like: Tensor) -> Tensor:
    factor = torch.ones_like(like)
    for field, row in zip(fields, rows, strict=True):
        if field is not None and row[2] and row[3]:
            _packed(factor, row).copy_(field.factor)
    return factor


def unpaint(
    gradient: Tensor, layers: Layers, covered: Tensor, opacity: Tensor, rows: list[Row], scenes: list[int]
) -> PaintGradient:
    """Reverse of `paint`: turns the canvas gradient (in place) into that of the canvas before these paths."""
    channels, total = layers.contrast.shape
    reached = gradient.new_zeros(channels + 1, total)  # the last row is for dL/d alpha
    color_rows = reached[:channels]
    through = 1 - layers.alpha
    for row, scene in zip(reversed(rows), reversed(scenes), strict=True):
        if row[2] == 0 or row[3] == 0:
            continue
        above = _on_canvas(gradient, scene, row)
        _packed(color_rows, row).copy_(above)
        above.mul_(_packed(through, row))
    torch.sum(color_rows * layers.contrast, dim=0, out=reached[channels])
    sizes, per_cell, weights = _sizes(rows), _per_cell(opacity, rows), covered
    if layers.factor is not None:
        per_cell, weights = per_cell * layers.factor, covered * layers.factor
    pairs = zip(reached.split(sizes, dim=1), weights.split(sizes), strict=True)
    totals = torch.stack([part @ weight for part, weight in pairs])
    return PaintGradient(reached[channels] * per_cell, totals[:, :channels] * opacity.unsqueeze(1), totals[:, channels])


def _sizes(rows: list[Row]) -> list[int]:
    return [(width + 1) * height for _, _, width, height, _ in rows]


def _per_cell(values: Tensor, rows: list[Row]) -> Tensor:
    return torch.repeat_interleave(values, torch.tensor(_sizes(rows), device=values.device))
