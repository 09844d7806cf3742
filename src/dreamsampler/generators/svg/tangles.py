"""Outlines that never cross themselves: a step that would tangle or invert a path is shortened, or not taken.

A drawing that starts from simple outlines so keeps them, whatever pulls at it; a penalty alone (`crossing`) gives way
where a measurement says little. Intersection-free steps are what contact solvers in simulation use.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from .crossing import self_intersections
from .drawing import Drawing
from .generator import SvgGenerator
from .structure import Structure, segment_corners

CUTS = 12
"""Chords of a segment."""
MOST_SEGMENTS = 24
"""Paths of more segments are not checked: pairs of chords grow with the square."""
SHORTER = 0.4
"""Share of a refused step that is tried before none of it."""


class SelfIntersections(NamedTuple):
    """How each path of a batch crosses itself and which way it turns, both [B, P].

    Attributes:
        crossings: pairs of chords that cross properly.
        area: signed area of the chords' polygon in square pixels; its sign is the path's orientation.
    """

    crossings: Tensor
    area: Tensor


class PathGroup(NamedTuple):
    """Paths of one packing: which they are, their rows of control points [n, N'], and where each chord ends."""

    paths: Tensor
    rows: Tensor
    structure: Structure
    following: Tensor


def find_self_intersections(points: Tensor, structure: Structure) -> SelfIntersections:
    """Return crossings and areas of packed control points [B, N, 2]."""
    points = points.detach()
    found = points.new_zeros(2, points.shape[0], structure.path_count)
    bernstein = _bernstein(points)
    for group in _groups(structure, points.device):
        corners = segment_corners(points[:, group.rows], group.structure)
        start = (bernstein @ corners).flatten(-3, -2)
        end = start[..., group.following, :]
        turn = start[..., 0] * end[..., 1] - start[..., 1] * end[..., 0]
        found[1][:, group.paths] = turn.sum(-1) / 2
        if start.shape[-2] <= CUTS * MOST_SEGMENTS:
            found[0][:, group.paths] = _crossings(start, end, group.following)
    return SelfIntersections(*found)


def _crossings(start: Tensor, end: Tensor, following: Tensor) -> Tensor:
    """Return pairs of chords [..., E, 2] that cross properly; neighbors share an end, which lies on neither side."""
    along = end - start
    x = start[..., None, :, 0] - start[..., :, None, 0]
    y = start[..., None, :, 1] - start[..., :, None, 1]
    side = along[..., :, None, 0] * y - along[..., :, None, 1] * x
    apart = side * side[..., following] < 0
    return (apart & apart.mT).sum((-2, -1)).to(start.dtype) / 2


@torch.no_grad()
def reject_tangled_steps(
    points: Tensor, before: Tensor, known: SelfIntersections, structure: Structure
) -> SelfIntersections:
    """Take back, in place, what a step did to paths that it tangled further or turned inside out.

    Args:
        points: [B, N, 2] after the step; changed.
        before: the points ahead of it.
        known: `find_self_intersections(before)`.

    Returns:
        `find_self_intersections` of the points as they are now.
    """
    now = find_self_intersections(points, structure)
    bad = _worse(now, known)
    if not bool(bad.any()):
        return now
    points.copy_(torch.where(_rows(bad, structure), before + SHORTER * (points - before), points))
    now = find_self_intersections(points, structure)
    bad = _worse(now, known)
    points.copy_(torch.where(_rows(bad, structure), before, points))
    return SelfIntersections(*(torch.where(bad, old, new) for old, new in zip(known, now, strict=True)))


@dataclass
class TangleRejection:
    """Two callbacks, ahead of and behind each step: one that would tangle a path is shortened or taken back."""

    generator: SvgGenerator
    _before: Tensor | None = field(default=None, init=False, repr=False)
    _after: tuple[Tensor, SelfIntersections] | None = field(default=None, init=False, repr=False)

    def before(self, taken: int) -> None:
        """Remember the control points."""
        self._before = self.generator.points.detach().clone()

    def after(self, taken: int) -> None:
        """Compare with them."""
        if self._before is None:
            return
        points, structure = self.generator.points.data, self.generator.template.structure
        if self._after is not None and torch.equal(self._after[0], self._before):
            known = self._after[1]
        else:  # the first step, or paths were pruned
            known = find_self_intersections(self._before, structure)
        found = reject_tangled_steps(points, self._before, known, structure)
        self._after = (points.clone(), found)


def without_small_loops(drawing: Drawing) -> Drawing:
    """Return the drawing without the small loops that chords are too coarse to see, where that takes little.

    Handles of a path that crosses itself (`crossing.self_intersections`) move towards those of the smooth curve through
    its anchors, just far enough; a path that still crosses itself then stays as it was.
    """
    structure, points = drawing.structure, drawing.points.clone()
    tangled = self_intersections(points, structure).nonzero()[:, 0].tolist()
    for path in tangled:
        first, end = structure.point_ranges()[path]
        alone, own = structure.select([path])[0], points[first:end]
        smooth = torch.cat([_smooth(part) for part in own.split([3 * count for count in structure.segments[path]])])
        for share in (0.1, 0.25, 0.5, 0.75, 1.0):
            tried = own + share * (smooth - own)
            if not bool(self_intersections(tried, alone).any()):
                points[first:end] = tried
                break
    return replace(drawing, points=points)


def _smooth(contour: Tensor) -> Tensor:
    """Return the closed Catmull-Rom spline through the anchors [3 S, 2], tangents no longer than chords."""
    anchors = contour[::3]
    ahead, behind = anchors.roll(-1, 0) - anchors, anchors - anchors.roll(1, 0)
    tangent = torch.nn.functional.normalize(ahead + behind, dim=1) / 3
    after = anchors + tangent * ahead.norm(dim=1, keepdim=True)
    before = anchors - tangent * behind.norm(dim=1, keepdim=True)
    return torch.stack([anchors, after, before.roll(-1, 0)], dim=1).flatten(0, 1)


def _worse(now: SelfIntersections, known: SelfIntersections) -> Tensor:
    return (now.crossings > known.crossings) | (now.area * known.area < 0)


def _rows(paths: Tensor, structure: Structure) -> Tensor:
    counts = 3 * torch.tensor(structure.path_segments, device=paths.device)
    return torch.repeat_interleave(paths, counts, dim=1).unsqueeze(-1)


def _bernstein(points: Tensor) -> Tensor:
    t = torch.arange(CUTS, dtype=points.dtype, device=points.device) / CUTS
    s = 1 - t
    return torch.stack([s**3, 3 * t * s**2, 3 * t**2 * s, t**3], dim=1)


@lru_cache(maxsize=16)
def _groups(structure: Structure, device: torch.device) -> tuple[PathGroup, ...]:
    ranges = structure.point_ranges()
    groups: dict[tuple[int, ...], list[int]] = {}
    for path, contours in enumerate(structure.segments):
        if contours:
            groups.setdefault(contours, []).append(path)
    found = []
    for contours, paths in groups.items():
        rows = torch.tensor([list(range(*ranges[path])) for path in paths])
        links, first = [], 0
        for count in contours:
            links.append(torch.arange(first, first + CUTS * count).roll(-1))
            first += CUTS * count
        alone = Structure((contours,))
        found.append(PathGroup(torch.tensor(paths).to(device), rows.to(device), alone, torch.cat(links).to(device)))
    return tuple(found)
