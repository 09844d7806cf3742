"""`clip-path` as geometry: what was drawn is intersected with the area that may be painted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pathops

from .geometry import Array, Curve
from .outlines import MAX_PAIRS, combined, contours_of, meeting, skia

MAX_COST = 100_000_000
"""Most squared pairs of segments that meet, over all operations of a file: about six seconds."""
LEFT_OUT = "clip paths too complicated left out"
Outline = tuple[list[Array], bool]
"""Closed contours `[3 S, 2]` in pixels, and whether they are filled by the even-odd rule."""


@dataclass
class Clipper:
    """Operations on areas, within a bound on what they cost; without an area everything is let through."""

    notes: Counter[str]
    spent: int = 0

    def union(self, outlines: list[Outline]) -> pathops.Path | None:
        """Return the area of all outlines."""
        whole: pathops.Path | None = pathops.Path()
        for outline in outlines:
            whole = None if whole is None else self._combined(whole, _path(outline), pathops.PathOp.UNION)
        return whole

    def intersection(self, outline: Outline, area: pathops.Path) -> Outline:
        """Return what of an outline lies within an area; as it was if all of it does."""
        if _within(outline[0], area):
            return outline
        found = self._combined(_path(outline), area, pathops.PathOp.INTERSECTION)
        return outline if found is None else (contours_of(found), False)

    def _combined(self, one: pathops.Path, two: pathops.Path, operation: pathops.PathOp) -> pathops.Path | None:
        pairs = meeting(one, two)
        self.spent += pairs * pairs if pairs <= MAX_PAIRS else 0
        found = combined(one, two, operation) if pairs <= MAX_PAIRS and self.spent <= MAX_COST else None
        if found is None:
            self.notes[LEFT_OUT] += 1
        return found


def _path(outline: Outline) -> pathops.Path:
    contours, evenodd = outline
    return skia([Curve(np.concatenate([contour, contour[:1]]), True) for contour in contours], evenodd)


def _within(contours: list[Array], area: pathops.Path) -> bool:
    """Whether contours lie within a convex area, to one part in 5000."""
    if not area.isConvex:
        return False
    low_x, low_y, high_x, high_y = area.bounds
    center = np.array([low_x + high_x, low_y + high_y]) / 2
    points = center + (np.concatenate(contours) - center) * (1 - 2e-4)
    return all(area.contains(tuple(point)) for point in points.tolist())
