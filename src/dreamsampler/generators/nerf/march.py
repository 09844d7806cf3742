"""Volume rendering of rays through a field; only samples in occupied cells are evaluated."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .field import RadianceField
from .occupancy import Occupancy
from .sampling import box_interval, equal_bins, smoothed, stratified, weighted_bins

_FLOOR = 1e-5


class Marched(NamedTuple):
    """What rays met.

    Attributes:
        color: [R, 3], light of the field alone: add (1 - alpha) background.
        alpha: opacity, [R].
        depth: mean distance under the normalized weights, [R]; 0 on rays that met nothing.
        variance: of the distance under the normalized weights (HiFA's z-variance), [R]; 0 on rays that met nothing.
        weights: share of each sample in the color, [R, S].
        distances: of the samples from the origin, [R, S].
    """

    color: Tensor
    alpha: Tensor
    depth: Tensor
    variance: Tensor
    weights: Tensor
    distances: Tensor


def march(
    field: RadianceField,
    origins: Tensor,
    directions: Tensor,
    occupancy: Occupancy | None = None,
    *,
    samples: int = 64,
    fine: int = 0,
    smooth: bool = True,
    jitter: Tensor | None = None,
) -> Marched:
    """Return color, opacity and distance along rays: w_i = exp(-sum_{j<i} s_j d_j) (1 - exp(-s_i d_i)).

    Args:
        field: what to render.
        origins, directions: [R, 3] each; directions of length 1.
        occupancy: cells to sample; None samples the whole cube.
        samples: bins of equal length between the box's near and far side.
        fine: further bins where a first pass without gradient found weight.
        smooth: smooth that pass's weights over three bins.
        jitter: [R] in [0, 1) for random places within the bins; None takes their middles.
    """
    if occupancy is None:
        one = torch.ones(3, dtype=origins.dtype, device=origins.device)
        low, high = -one, one
    else:
        low, high = occupancy.low.to(origins.dtype), occupancy.high.to(origins.dtype)
    near, far = box_interval(origins, directions, low, high)
    hit = (far > near).nonzero()[:, 0]
    rays, width = len(origins), samples + fine
    every = len(hit) == rays
    o, d = (origins, directions) if every else (origins[hit], directions[hit])
    jitter = jitter if jitter is None or every else jitter[hit]
    edges = equal_bins(near[hit], far[hit], samples)
    if fine:
        with torch.no_grad():
            middles = stratified(edges, None)
            density, _, _ = _evaluate(field, o, d, middles, occupancy, color=False)
            mass = _weights(density, edges)
            edges = weighted_bins(edges, smoothed(mass) if smooth else mass, fine, jitter)
    distances = stratified(edges, jitter)
    density, color, ray = _evaluate(field, o, d, distances, occupancy)
    made = _composite(_weights(density, edges), distances, color, ray)
    if every:
        return made
    return Marched(*(_spread(value, hit, rays) for value in made)) if len(hit) else _nothing(origins, width)


def _evaluate(
    field: RadianceField, o: Tensor, d: Tensor, distances: Tensor, occupancy: Occupancy | None, color: bool = True
) -> tuple[Tensor, Tensor, Tensor]:
    """Return density [R, S] (0 where nothing was evaluated), color [N, 3] of the samples that were, their place [N]."""
    points = (o[:, None] + d[:, None] * distances[:, :, None]).reshape(-1, 3)
    if occupancy is None:
        found = field(points)
        return found.density.reshape(distances.shape), found.color, torch.arange(len(points), device=o.device)
    place = occupancy.holds(points).nonzero()[:, 0]
    if not len(place):  # an empty batch makes some kernels fail
        return torch.zeros_like(distances), o.new_zeros(0, 3), place
    found = field(points[place])
    density = torch.zeros(distances.numel(), dtype=found.density.dtype, device=o.device)
    density = density.index_put((place,), found.density)
    return density.reshape(distances.shape), found.color, place


def _weights(density: Tensor, edges: Tensor) -> Tensor:
    optical = density * edges.diff(dim=1)
    before = optical.cumsum(1) - optical
    return torch.exp(-before) * -torch.expm1(-optical)


def _composite(weights: Tensor, distances: Tensor, color: Tensor, place: Tensor) -> Marched:
    rays, samples = weights.shape
    light = torch.zeros(rays, 3, dtype=weights.dtype, device=weights.device)
    shares = weights.reshape(-1)[place]
    light = light.index_add(0, torch.div(place, samples, rounding_mode="floor"), shares[:, None] * color)
    alpha = weights.sum(1)
    share = weights / alpha.clamp_min(_FLOOR)[:, None]
    depth = (share * distances).sum(1)
    variance = (share * (distances - depth[:, None]) ** 2).sum(1)
    return Marched(light, alpha, depth, variance, weights, distances)


def _spread(value: Tensor, rows: Tensor, count: int) -> Tensor:
    """Return `count` rows, zero but at `rows`."""
    return value.new_zeros(count, *value.shape[1:]).index_put((rows,), value)


def _nothing(origins: Tensor, width: int) -> Marched:
    zero = origins.new_zeros(len(origins))
    empty = origins.new_zeros(len(origins), width)
    return Marched(origins.new_zeros(len(origins), 3), zero, zero, zero, empty, empty)
