"""Where along a ray a field is evaluated: in bins of equal length, and in bins drawn where the weight lies."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_GOLDEN = 0.6180339887498949
_UNIFORM_SHARE = 0.01


def box_interval(origins: Tensor, directions: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Return where rays [R, 3] enter and leave a box, [R] each; they miss it where leaving is not after entering."""
    # a ray along a face divides by zero; a tiny slope sends both crossings far away with the right signs
    slope = torch.where(directions.abs() < 1e-9, torch.full_like(directions, 1e-9), directions)
    a, b = (low - origins) / slope, (high - origins) / slope
    return torch.minimum(a, b).amax(1).clamp_min(0.0), torch.maximum(a, b).amin(1)


def equal_bins(near: Tensor, far: Tensor, count: int) -> Tensor:
    """Return the edges of `count` equal bins from near to far, [R, count + 1]."""
    share = torch.linspace(0.0, 1.0, count + 1, dtype=near.dtype, device=near.device)
    return near[:, None] + (far - near)[:, None] * share


def stratified(edges: Tensor, jitter: Tensor | None) -> Tensor:
    """Return one distance in each bin, [R, S].

    Args:
        edges: [R, S + 1], ascending.
        jitter: one number in [0, 1) a ray, [R]; bin k stands at frac(jitter + k * golden ratio), uniform in [0, 1) for
            a uniform jitter, so that a picture needs one draw a ray and not one a sample. None takes the middles.
    """
    starts, lengths = edges[:, :-1], edges.diff(dim=1)
    if jitter is None:
        return starts + 0.5 * lengths
    steps = torch.arange(starts.shape[1], dtype=edges.dtype, device=edges.device) * _GOLDEN
    return starts + torch.frac(jitter[:, None].to(edges.dtype) + steps) * lengths


def smoothed(weights: Tensor) -> Tensor:
    """Return the mean of each bin and its two neighbors, [R, S] (HiFA's kernel smoothing).

    The ends are repeated: rolling, as the published code does, would move weight from the far end to the near one.
    """
    return F.avg_pool1d(F.pad(weights[:, None], (1, 1), mode="replicate"), 3, stride=1)[:, 0]


def weighted_bins(edges: Tensor, weights: Tensor, count: int, jitter: Tensor | None) -> Tensor:
    """Return `edges` with `count` more between them, placed by inverting the distribution of `weights`.

    Args:
        edges: [R, S + 1], ascending.
        weights: at least 0, [R, S]; a hundredth of the mass is spread evenly, so that no bin is lost for good.
        count: edges to add.
        jitter: [R] in [0, 1), the shift of the quantiles; None takes their middles.

    Returns:
        [R, S + 1 + count], ascending.
    """
    total = weights.sum(1, keepdim=True)
    mass = weights + _UNIFORM_SHARE * total / weights.shape[1] + torch.finfo(weights.dtype).tiny
    cdf = F.pad((mass / mass.sum(1, keepdim=True)).cumsum(1), (1, 0))
    shift = torch.full_like(total, 0.5) if jitter is None else jitter[:, None].to(edges.dtype)
    wanted = (torch.arange(count, dtype=edges.dtype, device=edges.device) + shift) / count * cdf[:, -1:]
    right = torch.searchsorted(cdf, wanted, right=True).clamp(1, edges.shape[1] - 1)
    c0, c1 = cdf.gather(1, right - 1), cdf.gather(1, right)
    e0, e1 = edges.gather(1, right - 1), edges.gather(1, right)
    share = ((wanted - c0) / (c1 - c0).clamp_min(torch.finfo(cdf.dtype).tiny)).clamp(0.0, 1.0)
    return torch.cat([edges, e0 + share * (e1 - e0)], dim=1).sort(dim=1).values
