"""Differentiable rasterizer for filled paths: control points and colors -> pixels, exactly and without a compiler.

    image = rasterize(points, Structure.uniform(64), rgba, (224, 224))

Coverage is the exact area of each pixel inside the path (see `coverage`), paths are composited back to front as SVG
viewers do it (see `composite`), and both have analytic derivatives: no sampling, no noise, the same bytes every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ...core.errors import InputError, OutOfMemory
from .arguments import MAX_SIDE as MAX_SIDE
from .arguments import checked, empty_canvas
from .composite import Layers, paint, unpaint
from .coverage import Boxes, Coverage, Edges, boxes, cover, edges_of, vertex_gradient
from .fill import Field, Gradient
from .flatten import Flattening, Polylines, flatten
from .memory import require_canvas
from .structure import FillRule, Structure
from .threads import few_threads

CELLS_AT_ONCE = 1 << 22
"""Packed cells kept for the backward pass; drawings that need more (and more than the canvas has pixels, below which
keeping them costs no more than a copy of the canvas) are painted in runs, and painted again on the way back."""


class _Plan(NamedTuple):
    """What the drawing looks like apart from its numbers."""

    following: Tensor
    counts: Tensor
    starts: list[int]
    evenodd: Tensor | None
    paths_per_scene: int
    fills: Sequence[Gradient | None] | None


class _Run(NamedTuple):
    """Consecutive paths that are painted together, with the canvas under them if they must be painted again."""

    first: int
    end: int
    canvas: Tensor | None
    kept: tuple[Coverage, Layers] | None


def rasterize(
    points: Tensor,
    structure: Structure,
    rgba: Tensor,
    size: tuple[int, int],
    background: Tensor | None = None,
    *,
    alpha: bool = False,
    flattening: Flattening | None = None,
    fills: Sequence[Gradient | None] | None = None,
) -> Tensor:
    """Render closed cubic contours.

    Args:
        points: `[N, 2]` or `[B, N, 2]` control points in pixels, x right and y down, packed as `structure` says.
            Pixel (i, j) covers [j, j+1) x [i, i+1). Points may lie off the canvas.
        structure: contours and fill rules, the same for every image of the batch.
        rgba: `[P, 4]` or `[B, P, 4]` color (not premultiplied) and opacity of every path, in [0, 1].
        size: height and width in pixels.
        background: color `[3]` or `[B, 3]`, or image `[3, H, W]` or `[B, 3, H, W]`, in [0, 1]; white if None.
        alpha: return premultiplied colors and alpha over nothing instead; `image[:, :3] + (1 - image[:, 3:]) * b`
            puts them on a background b without fringes.
        flattening: how finely curves are cut.
        fills: gradients, one entry a path, in pixels of `size`; None for plain colors. They are constants.

    Returns:
        `[B, 3, H, W]` (`[B, 4, H, W]` with `alpha`) in [0, 1], differentiable in points, rgba and background.

    Raises:
        InputError: shapes, dtypes or sizes that do not fit, values that are not finite.
        OutOfMemory: the canvas does not fit into memory.
    """
    points, rgba = checked(points, structure, rgba, size)
    if fills is not None and len(fills) != structure.path_count:
        raise InputError(f"fills: {len(fills)} for {structure.path_count} paths; give one a path, None for plain ones")
    batch, (height, width) = points.shape[0], size
    require_canvas(batch, 3 + alpha, size, points.dtype, points.device)
    colors, opacity = rgba[..., :3], rgba[..., 3]
    if fills is not None:  # the own color of a path with a gradient is not seen
        seen = torch.tensor([fill is None for fill in fills], device=points.device)
        colors = torch.where(seen.unsqueeze(1), colors, colors.detach())
    if alpha:
        if background is not None:
            raise InputError("background: give none with alpha=True, the result is transparent there")
        colors = torch.cat([colors, torch.ones_like(opacity).unsqueeze(-1)], dim=-1)
    canvas = empty_canvas(background, batch, size, points, alpha)
    try:
        with few_threads(batch * height * width, points.device):
            lines = flatten(points, structure, flattening or Flattening())
            plan = _plan(lines, structure, batch, fills if fills and any(fills) else None)
            flat = colors.reshape(-1, colors.shape[-1]), opacity.reshape(-1)
            return _Raster.apply(lines.vertices, *flat, canvas, plan)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "memory" in str(error):
            raise OutOfMemory(
                f"size: {batch} x {height} x {width} pixels do not fit into memory; render smaller"
            ) from error
        raise


def _plan(lines: Polylines, structure: Structure, batch: int, fills: Sequence[Gradient | None] | None) -> _Plan:
    starts = [0, *lines.counts.cumsum(0).tolist()]
    odd = [rule is FillRule.EVENODD for rule in structure.rules]
    evenodd = torch.tensor(odd * batch, device=lines.counts.device) if any(odd) else None
    return _Plan(lines.following, lines.counts, starts, evenodd, structure.path_count, fills)


class _Raster(torch.autograd.Function):
    """Vertices, colors, opacities and an empty canvas -> the painted canvas."""

    @staticmethod
    def forward(ctx: Any, vertices: Tensor, colors: Tensor, opacity: Tensor, empty: Tensor, plan: _Plan) -> Tensor:
        needs_grad = any(ctx.needs_input_grad)
        canvas = empty.clone(memory_format=torch.contiguous_format)
        box = boxes(vertices, plan.counts, canvas.shape[2], canvas.shape[3])
        edges = edges_of(vertices, plan.following)
        limits = _runs(box.rows, max(CELLS_AT_ONCE, canvas.shape[2] * canvas.shape[3]))
        runs = []
        for first, end in limits:
            again = canvas.clone() if needs_grad and len(limits) > 1 else None
            kept = _paint_run(canvas, edges, colors, opacity, box, plan, first, end)
            runs.append(_Run(first, end, again, kept if needs_grad and again is None else None))
        if needs_grad:
            ctx.save_for_backward(vertices, colors, opacity)
            ctx.plan, ctx.box, ctx.runs = plan, box, runs
        return canvas

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        with few_threads(gradient[:, 0].numel(), gradient.device):
            return (*_backward(ctx, gradient), None)


def _backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of vertices, colors, opacities and the empty canvas."""
    vertices, colors, opacity = ctx.saved_tensors
    plan, box = ctx.plan, ctx.box
    edges = edges_of(vertices, plan.following)
    gradient = gradient.clone(memory_format=torch.contiguous_format)
    by_vertex, by_color = torch.zeros_like(vertices), torch.zeros_like(colors)
    by_opacity = torch.zeros_like(opacity)
    for run in reversed(ctx.runs):
        first, end = run.first, run.end
        kept = run.kept
        if kept is None:
            kept = _paint_run(run.canvas.clone(), edges, colors, opacity, box, plan, first, end)
        covered, layers = kept
        part, scenes = _slice(box, first, end), _scenes(plan, first, end)
        found = unpaint(gradient, layers, covered.covered, opacity[first:end], part.rows, scenes)
        by_color[first:end], by_opacity[first:end] = found.colors, found.opacity
        if ctx.needs_input_grad[0]:
            at = slice(plan.starts[first], plan.starts[end])
            mine, following, flags = _edges_of_run(edges, plan, first, end)
            by_vertex[at] = vertex_gradient(covered, mine, following, found.covered, flags)
    return by_vertex, by_color, by_opacity, gradient


def _runs(rows: list[list[int]], limit: int) -> list[tuple[int, int]]:
    """Split the paths into runs of at most `limit` packed cells (one path may exceed it)."""
    runs, first, cells = [], 0, 0
    for path, (_, _, width, height, _) in enumerate(rows):
        size = (width + 1) * height
        if cells + size > limit and path > first:
            runs.append((first, path))
            first, cells = path, 0
        cells += size
    if len(rows) > first:
        runs.append((first, len(rows)))
    return runs


def _slice(box: Boxes, first: int, end: int) -> Boxes:
    """Boxes of paths first..end-1, packed on their own."""
    base = box.rows[first][4]
    rows = [[*row[:4], row[4] - base] for row in box.rows[first:end]]
    total = rows[-1][4] + (rows[-1][2] + 1) * rows[-1][3]
    return Boxes(box.bounds[first:end], box.offsets[first:end] - base, rows, total)


def _scenes(plan: _Plan, first: int, end: int) -> list[int]:
    return [path // plan.paths_per_scene for path in range(first, end)]


def _edges_of_run(edges: Edges, plan: _Plan, first: int, end: int) -> tuple[Edges, Tensor, Tensor | None]:
    """Edges of paths first..end-1, their end vertices counted from the first of them, and even-odd flags per edge."""
    at = slice(plan.starts[first], plan.starts[end])
    flags = None
    if plan.evenodd is not None:
        flags = torch.repeat_interleave(plan.evenodd[first:end], plan.counts[first:end])
    return Edges(*(field[at] for field in edges)), plan.following[at] - plan.starts[first], flags


def _paint_run(
    canvas: Tensor,
    edges: Edges,
    colors: Tensor,
    opacity: Tensor,
    box: Boxes,
    plan: _Plan,
    first: int,
    end: int,
) -> tuple[Coverage, Layers]:
    """Paint paths first..end-1 onto the canvas (in place)."""
    part = _slice(box, first, end)
    mine, _, _ = _edges_of_run(edges, plan, first, end)
    path_of_edge = torch.repeat_interleave(plan.counts[first:end])
    evenodd = None if plan.evenodd is None else plan.evenodd[first:end]
    covered = cover(mine, path_of_edge, part, evenodd, canvas.shape[2], canvas.shape[3])
    fields: list[Field | None] | None = None
    if plan.fills is not None:
        fills = [plan.fills[path % plan.paths_per_scene] for path in range(first, end)]
        fields = [fill.over(row, canvas) if fill else None for fill, row in zip(fills, part.rows, strict=True)]
    scenes = _scenes(plan, first, end)
    layers = paint(canvas, covered.covered, colors[first:end], opacity[first:end], part.rows, scenes, fields)
    return covered, layers
