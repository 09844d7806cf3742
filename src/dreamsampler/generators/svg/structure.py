"""The topology of a drawing: which control points make which contour of which path.

A drawing's geometry is one packed tensor of control points `[N, 2]` (x right, y down, pixels). A contour of S cubic
segments owns 3 S consecutive points `anchor, handle, handle, anchor, handle, handle, ...`; its last segment ends at
its first anchor, so every contour is closed. `Structure` says how many segments each contour of each path has, and
never changes while the points are optimized.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ...core.errors import InputError


class FillRule(StrEnum):
    """How the winding number w of a point decides whether the point is painted: w != 0, or w odd."""

    NONZERO = "nonzero"
    EVENODD = "evenodd"


@dataclass(frozen=True)
class Structure:
    """Segments of every contour of every path, back to front, and each path's fill rule.

    Attributes:
        segments: one tuple per path with the number of cubic segments (>= 1) of each of its contours. A path
            without contours is allowed and paints nothing.
        rules: one `FillRule` per path; empty means non-zero everywhere.

    Raises:
        InputError: a contour has no segments, or `rules` has another length than `segments`.

    Example:
        >>> Structure(segments=((4,), (4, 4))).point_count  # a blob, and a ring made of two contours
        36
    """

    segments: tuple[tuple[int, ...], ...]
    rules: tuple[FillRule, ...] = ()

    def __post_init__(self) -> None:
        if not self.rules:
            object.__setattr__(self, "rules", (FillRule.NONZERO,) * len(self.segments))
        if len(self.rules) != len(self.segments):
            raise InputError(f"rules: {len(self.rules)} fill rules for {len(self.segments)} paths; give one a path")
        if any(count < 1 for path in self.segments for count in path):
            raise InputError("segments: every contour needs at least one cubic segment")

    @classmethod
    def uniform(cls, paths: int, segments: int = 4) -> Structure:
        """Return `paths` paths of one contour with `segments` segments each: what optimized drawings use."""
        return cls(((segments,),) * paths)

    @property
    def path_count(self) -> int:
        return len(self.segments)

    @cached_property
    def contour_segments(self) -> tuple[int, ...]:
        """Segments of each contour, all paths after one another."""
        return tuple(count for path in self.segments for count in path)

    @cached_property
    def path_segments(self) -> tuple[int, ...]:
        """Segments of each path, its contours together."""
        return tuple(sum(path) for path in self.segments)

    @cached_property
    def segment_count(self) -> int:
        return sum(self.contour_segments)

    @property
    def point_count(self) -> int:
        """Rows of the packed point tensor: three a segment."""
        return 3 * self.segment_count

    def point_ranges(self) -> list[tuple[int, int]]:
        """Return first and one-past-last row of each path in the packed points."""
        ends = [0]
        for count in self.path_segments:
            ends.append(ends[-1] + 3 * count)
        return list(zip(ends[:-1], ends[1:], strict=True))

    def select(self, paths: Sequence[int]) -> tuple[Structure, list[int]]:
        """Return the structure of a subset of the paths, and the rows of the packed points that belong to it."""
        ranges = self.point_ranges()
        rows = [row for path in paths for row in range(*ranges[path])]
        chosen = Structure(tuple(self.segments[path] for path in paths), tuple(self.rules[path] for path in paths))
        return chosen, rows


class Index(NamedTuple):
    """Index tensors of a structure on one device (all int64).

    Attributes:
        corners: `[M, 4]` rows of the packed points that control each segment.
        contour_first: `[M]` the first segment of the contour that each segment belongs to.
        contour_last: `[M]` whether the segment closes its contour (bool).
        path_of_segment: `[M]`.
        segments_of_path: `[P]`.
    """

    corners: Tensor
    contour_first: Tensor
    contour_last: Tensor
    path_of_segment: Tensor
    segments_of_path: Tensor


@lru_cache(maxsize=64)
def index(structure: Structure, device: torch.device) -> Index:
    """Build the index tensors of a structure; cached, because an optimization asks for the same ones every step."""
    counts = torch.tensor(structure.contour_segments, dtype=torch.long)
    per_path = torch.tensor(structure.path_segments, dtype=torch.long)
    ends = counts.cumsum(0)
    first = torch.repeat_interleave(ends - counts, counts)
    last = torch.zeros(structure.segment_count, dtype=torch.bool)
    last[ends - 1] = True
    segment = torch.arange(structure.segment_count)
    following = torch.where(last, first, segment + 1)
    corners = torch.stack([3 * segment, 3 * segment + 1, 3 * segment + 2, 3 * following], dim=1)
    path = torch.repeat_interleave(torch.arange(structure.path_count), per_path)
    return Index(*(tensor.to(device) for tensor in (corners, first, last, path, per_path)))


def segment_corners(points: Tensor, structure: Structure) -> Tensor:
    """Return control polygons of all segments: `[..., N, 2]` -> `[..., M, 4, 2]` (differentiable)."""
    corners = index(structure, points.device).corners
    return points.index_select(-2, corners.reshape(-1)).unflatten(-2, (-1, 4))
