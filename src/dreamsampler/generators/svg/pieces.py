"""Cut polygon edges at pixel rows, then at pixel columns, into pieces that lie in one pixel each.

An edge is walked from its start to its end: a piece begins where the one before ended, the first begins at t = 0 and
the last ends at t = 1. So the pieces of an edge always tile it exactly once, whatever rounding does to an edge that
nearly touches a row or column boundary (assigning pieces by comparing coordinates counts such edges twice).
Row -1, row H, column -1 and column W stand for everything beyond that side of the canvas.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Edges(NamedTuple):
    """Directed edges: start and extent, each `[E]`, in pixels."""

    x: Tensor
    y: Tensor
    dx: Tensor
    dy: Tensor


class Pieces(NamedTuple):
    """Parts of edges within one pixel, in the order of the edges; each `[K]`.

    Attributes:
        edge: index of the edge.
        row, col: the pixel; row in [0, H), col in [-1, W] (both int64).
        span: length of the part in the edge's parameter t in [0, 1].
        mid: parameter of its midpoint.
    """

    edge: Tensor
    row: Tensor
    col: Tensor
    span: Tensor
    mid: Tensor


class _Walk(NamedTuple):
    """Cells that lines pass along one axis: the owner line, the cell and the parameters of entry and exit."""

    owner: Tensor
    cell: Tensor
    enter: Tensor
    leave: Tensor


def _walk(origin: Tensor, slope: Tensor, t0: Tensor, t1: Tensor, cells: int, keep: Tensor | None) -> _Walk:
    """Return cells [c, c+1) visited by origin + t slope for t from t0 to t1, in order; cells clipped to [-1, cells]."""
    first = (origin + t0 * slope).floor().clamp(-1, cells)
    last = (origin + t1 * slope).floor().clamp(-1, cells)
    up = (last >= first).to(origin.dtype)
    count = (last - first).abs().long() + 1
    if keep is not None:
        count = count * keep
    owner = torch.repeat_interleave(count)
    rank = torch.arange(owner.numel(), device=origin.device) - (count.cumsum(0) - count).index_select(0, owner)
    up = up.index_select(0, owner)
    cell = first.index_select(0, owner) + (2 * up - 1) * rank
    start, per_unit = origin.index_select(0, owner), slope.index_select(0, owner)
    low, high = t0.index_select(0, owner), t1.index_select(0, owner)
    # A line with slope 0 has one cell only, where the quotients (0/0 possibly) are not used.
    enter = torch.where(rank == 0, low, ((cell + 1 - up - start) / per_unit).clamp(low, high))
    is_last = rank + 1 == count.index_select(0, owner)
    leave = torch.where(is_last, high, ((cell + up - start) / per_unit).clamp(low, high))
    return _Walk(owner, cell, enter, leave)


def cut(edges: Edges, height: int, width: int) -> Pieces:
    """Return pieces of all edges in rows 0..H-1; those left and right of the canvas are kept (columns -1 and W).

    Example: an edge from (0.5, 0.5) to (2.5, 0.5) has three pieces with spans 1/4, 1/2, 1/4.
    """
    zero, one = torch.zeros_like(edges.y), torch.ones_like(edges.y)
    rows = _walk(edges.y, edges.dy, zero, one, height, None)
    x, dx = edges.x.index_select(0, rows.owner), edges.dx.index_select(0, rows.owner)
    inside = (rows.cell >= 0) & (rows.cell < height)
    cols = _walk(x, dx, rows.enter, rows.leave, width, inside)
    return Pieces(
        edge=rows.owner.index_select(0, cols.owner),
        row=rows.cell.index_select(0, cols.owner).long(),
        col=cols.cell.long(),
        span=cols.leave - cols.enter,
        mid=(cols.enter + cols.leave) / 2,
    )
