"""Exact signed-area coverage of polygons and its analytic derivative.

The integral A of a path's winding number over each pixel is a sum over the pieces of its boundary: a piece of height
dy whose midpoint is fx right of its pixel's left side adds dy (1 - fx) there and dy fx to the pixel on the right; a
running sum along the row then carries the winding to the right. Coverage is min(|A|, 1) for the non-zero rule and the
triangle wave of A for even-odd: exact wherever one boundary crosses a pixel.

Derivative (Reynolds' transport theorem): shifting a piece by (u, v) changes A of its own pixel, and of no other, by
dx v - dy u. So dL/dA at each piece's pixel is all that the backward pass needs.

Coverages of all paths are packed: path p owns a box of (w + 1) x h cells starting at `offset`; the extra column takes
what lies right of the canvas and brings the running sum back to 0 at the end of every row. A path wholly to the left
or right of the canvas has w = 0 and keeps its pieces in that column.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .pieces import Edges, Pieces, cut


class Boxes(NamedTuple):
    """Bounding boxes of the paths on the canvas, on the CPU for the compositing loop and on the device for indexing.

    Attributes:
        bounds: `[P, 4]` x0, y0, width, height in whole pixels (int64, device).
        offsets: `[P]` first packed cell of each path.
        rows: the same as Python lists: (x0, y0, width, height, offset).
        total: number of packed cells.
    """

    bounds: Tensor
    offsets: Tensor
    rows: list[list[int]]
    total: int


class Coverage(NamedTuple):
    """Winding integral of a run of paths and what its derivative needs.

    Attributes:
        winding: `[total]` the integral A of the winding number, packed by boxes.
        covered: `[total]` the part of each pixel that is painted, in [0, 1].
        cells: `[K]` packed cell of each piece.
        inside: `[K]` whether the piece lies on the canvas, as 0 or 1.
    """

    winding: Tensor
    covered: Tensor
    pieces: Pieces
    cells: Tensor
    inside: Tensor


def boxes(vertices: Tensor, counts: Tensor, height: int, width: int) -> Boxes:
    """Return whole-pixel bounding boxes, clipped to the canvas, of packed polygons with `counts` vertices a path."""
    if counts.numel() == 0 or vertices.numel() == 0:
        empty = torch.zeros(counts.numel(), 5, dtype=torch.long, device=vertices.device)
        return Boxes(empty[:, :4], empty[:, 4], empty.tolist(), 0)
    low = torch.segment_reduce(vertices, "min", lengths=counts, axis=0).floor()
    high = torch.segment_reduce(vertices, "max", lengths=counts, axis=0).floor() + 1
    limit = torch.tensor([width, height], dtype=vertices.dtype, device=vertices.device)
    zero = torch.zeros_like(limit)
    low, high = low.clamp(zero, limit).long(), high.clamp(zero, limit).long()
    extent = (high - low).clamp_min(0)
    sizes = (extent[:, 0] + 1) * extent[:, 1]
    offsets = sizes.cumsum(0) - sizes
    bounds = torch.cat([low, extent], dim=1)
    rows = torch.cat([bounds, offsets.unsqueeze(1)], dim=1).tolist()
    total = int(rows[-1][4] + (rows[-1][2] + 1) * rows[-1][3]) if rows else 0
    return Boxes(bounds, offsets, rows, total)


def edges_of(vertices: Tensor, following: Tensor) -> Edges:
    """Return the edge that leaves each vertex."""
    x, y = vertices.unbind(1)
    return Edges(x, y, x.index_select(0, following) - x, y.index_select(0, following) - y)


def cover(edges: Edges, path_of_edge: Tensor, box: Boxes, evenodd: Tensor | None, height: int, width: int) -> Coverage:
    """Rasterize closed polygons into packed boxes.

    Args:
        path_of_edge: `[E]` path of each edge, counted from the first path of `box`.
        evenodd: `[P]` bool, which paths use the even-odd rule; None if none does.
    """
    pieces = cut(edges, height, width)
    x, dx, dy = (field.index_select(0, pieces.edge) for field in (edges.x, edges.dx, edges.dy))
    inside = ((pieces.col >= 0) & (pieces.col < width)).to(x.dtype)
    x0, y0, w, _ = box.bounds.index_select(0, path_of_edge).index_select(0, pieces.edge).unbind(1)
    offset = box.offsets.index_select(0, path_of_edge).index_select(0, pieces.edge)
    cells = offset + (pieces.row - y0) * (w + 1) + torch.minimum((pieces.col - x0).clamp_min(0), w)
    rise = pieces.span * dy
    right = rise * ((x + pieces.mid * dx - pieces.col).clamp(0, 1) * inside)
    change = x.new_zeros(box.total + 1)
    change.scatter_add_(0, cells, rise - right).scatter_add_(0, cells + 1, right)
    winding = change[: box.total].cumsum(0)
    covered = winding.abs().clamp_(max=1)
    if evenodd is not None:
        for path in evenodd.nonzero().flatten().tolist():
            _, _, bw, bh, start = box.rows[path]
            part = slice(start, start + (bw + 1) * bh)
            covered[part] = (winding[part] - 2 * (winding[part] / 2).round()).abs()
    return Coverage(winding, covered, pieces, cells, inside)


def winding_slope(winding: Tensor, step: Tensor, evenodd: Tensor | None) -> Tensor:
    """Return d covered / d winding at the pieces, one-sided where a boundary runs along a pixel's side.

    There the winding is a whole number k and the rule has a kink: |k| < 1 and sign(0) would say that the edge cannot
    move. The edge can only move into this pixel, which brings in the winding k + `step` of its other side, so the
    slope is that of the rule between k and k + step; it equals the one-sided finite difference.

    Args:
        winding: `[K]` A at the pieces' pixels.
        step: `[K]` winding beyond the piece minus the winding on this side, +1 or -1.
        evenodd: `[K]` bool, or None.
    """
    tolerance = 1e-4 if winding.dtype == torch.float32 else 1e-9
    whole = winding.round()
    aligned = (winding - whole).abs() < tolerance
    here, beyond = whole.abs().clamp(max=1), (whole + step).abs().clamp(max=1)
    slope = torch.where(aligned, (beyond - here) * step, winding.sign() * (winding.abs() < 1))
    if evenodd is None:
        return slope
    wave = winding - 2 * (winding / 2).round()
    odd = torch.where(aligned, (1 - 2 * (whole % 2)) * step, wave.sign())
    return torch.where(evenodd, odd, slope)


def vertex_gradient(
    cover: Coverage, edges: Edges, following: Tensor, gradient: Tensor, evenodd: Tensor | None
) -> Tensor:
    """Return dL/d vertices `[V, 2]` from dL/d covered `[total]`; `evenodd` is given per edge."""
    pieces, edge = cover.pieces, cover.pieces.edge
    dx, dy = edges.dx.index_select(0, edge), edges.dy.index_select(0, edge)
    step = _winding_step(edges, pieces, dx, dy)
    flags = None if evenodd is None else evenodd.index_select(0, edge)
    slope = winding_slope(cover.winding.index_select(0, cover.cells), step, flags)
    weight = gradient.index_select(0, cover.cells) * slope * cover.inside * pieces.span
    both = weight.new_zeros(2, edges.x.numel())
    both[0].scatter_add_(0, edge, weight)
    both[1].scatter_add_(0, edge, weight * pieces.mid)
    at_end = both[1]
    at_start = both[0] - at_end
    normal = torch.stack([-edges.dy, edges.dx], dim=1)
    result = normal * at_start.unsqueeze(1)
    return result.index_add_(0, following, normal * at_end.unsqueeze(1))


def _winding_step(edges: Edges, pieces: Pieces, dx: Tensor, dy: Tensor) -> Tensor:
    """Return winding beyond a piece that runs along its pixel's side, minus the winding in the pixel."""
    steep = dy.abs() > dx.abs()
    along_x = edges.x.index_select(0, pieces.edge) + pieces.mid * dx - pieces.col
    along_y = edges.y.index_select(0, pieces.edge) + pieces.mid * dy - pieces.row
    rising = torch.where(steep, -dy, dx)
    near = torch.where(steep, along_x, along_y) < 0.5
    return torch.where((rising > 0) == near, 1.0, -1.0).to(dx.dtype)
