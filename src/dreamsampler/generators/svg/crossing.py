"""Self-intersections: the loss that keeps cubic segments from crossing themselves, and a count for reports.

LIVE's "Xing" loss. With the control polygon's legs v1, v2, v3 of a segment and s_ij = sin of the angle from v_i to
v_j: relu(-s13) where s12 >= 0, else relu(s13); the mean over the segments of a path, then over the paths.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .flatten import Flattening, flatten
from .structure import Structure, index, segment_corners

WEIGHT = 1e-5
"""What the reference code ran with: the papers' 0.01, times 1e-3 inside its loss."""
EPS = 1e-6
COARSE = Flattening(tolerance=0.1, least=6)
BLOCK = 1024


def crossing_loss(points: Tensor, structure: Structure, eps: float = EPS) -> Tensor:
    """Return the Xing loss of packed control points `[B, N, 2]` or `[N, 2]`, in [0, 1], unweighted (see `WEIGHT`).

    Args:
        eps: added to the squared length of a leg, so that coinciding points have gradient 0 and not NaN.
    """
    corners = segment_corners(points if points.dim() == 3 else points.unsqueeze(0), structure)
    legs = corners[..., 1:, :] - corners[..., :-1, :]
    units = legs / (legs.square().sum(-1, keepdim=True) + eps).sqrt()
    first, second, third = units.unbind(-2)
    s12, s13 = _cross(first, second), _cross(first, third)
    loss = torch.where(s12 >= 0, -s13, s13).relu()
    ix = index(structure, points.device)
    filled = int((ix.segments_of_path > 0).sum())
    weights = 1 / (ix.segments_of_path[ix.path_of_segment].to(loss.dtype) * max(filled, 1))
    return (loss * weights).sum(-1).mean()


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


@torch.no_grad()
def self_intersections(points: Tensor, structure: Structure) -> Tensor:
    """Return how often each path's outline crosses itself: `[N, 2]` -> `[P]` (int64); its contours count together.

    Curves are compared as polylines 0.1 px from them; outlines that only touch do not count.
    """
    lines = flatten(points.detach().double().unsqueeze(0), structure, COARSE)
    start, end = lines.vertices, lines.vertices[lines.following]
    found, first = [], 0
    for count in lines.counts.tolist():
        rows = slice(first, first + count)
        found.append(_crossings(start[rows], end[rows], lines.following[rows] - first))
        first += count
    return torch.tensor(found, dtype=torch.long)


def _crossings(start: Tensor, end: Tensor, following: Tensor) -> int:
    """Return pairs of edges that properly cross; neighbors share a vertex and cannot."""
    total, count = 0, start.shape[0]
    order = torch.arange(count, device=start.device)
    for low in range(0, count, BLOCK):
        a, b = start[low : low + BLOCK].unsqueeze(1), end[low : low + BLOCK].unsqueeze(1)
        c, d = start.unsqueeze(0), end.unsqueeze(0)
        apart = _cross(b - a, c - a) * _cross(b - a, d - a) < 0
        split = _cross(d - c, a - c) * _cross(d - c, b - c) < 0
        here = order[low : low + BLOCK].unsqueeze(1)
        neighbors = (following[low : low + BLOCK].unsqueeze(1) == order) | (here == following.unsqueeze(0))
        total += int((apart & split & ~neighbors & (here < order)).sum())
    return total
