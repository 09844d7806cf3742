"""The outline of a patch of pixels as one closed contour of a few cubic segments, smooth at its anchors."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .shapes import ellipse
from .structure import Structure
from .tangles import find_self_intersections

SAMPLES = 16
"""Points of the outline a segment that the curve is fitted to."""
PHASES = 4
"""Places along the first segment at which the first anchor is tried."""

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))
"""Right, down, left, up as (row, column)."""


def outline(members: NDArray[np.int64], segments: int = 4) -> Tensor:
    """Return the outer outline of a patch, [3 S, 2] as x, y in pixels: least squares over smooth closed cubic splines.

    Anchors lie at equal arc lengths. Where such a curve would cross itself (patches with arms), the ellipse of the
    patch's second moments takes its place.

    Args:
        members: rows and columns [n, 2] of a 4-connected patch; its holes are filled.
        segments: S >= 2.
    """
    line = _resampled(_boundary(members), SAMPLES * segments)
    best: tuple[float, Tensor] | None = None
    for phase in range(PHASES):
        contour, error = _spline(np.roll(line, -phase * SAMPLES // PHASES, axis=0), segments)
        if best is None or error < best[0]:
            best = error, contour
    assert best is not None
    contour = best[1]
    tangled = bool(find_self_intersections(contour.unsqueeze(0), Structure(((segments,),))).crossings.any())
    return moment_ellipse(members, segments) if tangled else contour


def moment_ellipse(members: NDArray[np.int64], segments: int = 4) -> Tensor:
    """Return the ellipse with a patch's center and second moments, scaled to its area: [3 S, 2]."""
    places = members[:, ::-1] + 0.5
    center = places.mean(0)
    spread = np.cov((places - center).T, bias=True).reshape(2, 2) + np.eye(2) / 12
    lengths, axes = np.linalg.eigh(spread)
    radii = 2 * np.sqrt(lengths)
    radii *= math.sqrt(len(members) / (math.pi * radii.prod()))
    unit = ellipse(torch.zeros(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64), segments).numpy()
    return torch.from_numpy((unit * radii) @ axes.T + center).float()


def _boundary(members: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the middles of the pixel edges around a patch, clockwise, as x, y: [n, 2]."""
    low = members.min(0) - 1
    inside = np.zeros(members.max(0) - low + 2, dtype=bool)
    inside[tuple((members - low).T)] = True
    row, column = (members[np.lexsort((members[:, 1], members[:, 0]))[0]] - low).tolist()
    start, heading = (row, column), 0
    corner, found = start, []
    while True:
        step = _STEPS[heading]
        found.append((corner[1] + step[1] / 2, corner[0] + step[0] / 2))
        corner = (corner[0] + step[0], corner[1] + step[1])
        # the patch lies on the right: turn left where the pixel ahead on the left belongs to it, right where none does
        for turn in (-1, 0, 1):
            ahead = (heading + turn) % 4
            if _right_of(corner, ahead, inside) and not _right_of(corner, (ahead - 1) % 4, inside):
                heading = ahead
                break
        if corner == start and heading == 0:
            return np.asarray(found) + low[::-1]


def _right_of(corner: tuple[int, int], heading: int, inside: NDArray[np.bool_]) -> bool:
    """Return whether the pixel right of the edge that leaves a corner in a direction belongs to the patch."""
    row, column = corner
    return bool(inside[(row, row, row - 1, row - 1)[heading], (column, column - 1, column - 1, column)[heading]])


def _resampled(line: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return points at equal distances along a closed polyline."""
    closed = np.concatenate([line, line[:1]])
    along = np.concatenate([[0.0], np.linalg.norm(np.diff(closed, axis=0), axis=1).cumsum()])
    places = np.linspace(0, along[-1], count, endpoint=False)
    return np.stack([np.interp(places, along, closed[:, axis]) for axis in (0, 1)], axis=1)


def _spline(line: NDArray[np.float64], segments: int) -> tuple[Tensor, float]:
    """Return the closed Hermite spline with knots at equal shares of a line nearest to it, and its squared error."""
    count = len(line)
    basis = np.zeros((count, 2 * segments))
    for k in range(count):
        piece, t = divmod(k * segments / count, 1.0)
        here, there = int(piece), (int(piece) + 1) % segments
        basis[k, here] += 2 * t**3 - 3 * t**2 + 1
        basis[k, there] += 3 * t**2 - 2 * t**3
        basis[k, segments + here] += t**3 - 2 * t**2 + t
        basis[k, segments + there] += t**3 - t**2
    solved = np.linalg.lstsq(basis, line, rcond=None)[0]
    anchors, slopes = solved[:segments], solved[segments:]
    points = np.stack([anchors, anchors + slopes / 3, np.roll(anchors - slopes / 3, -1, axis=0)], axis=1)
    error = float(((basis @ solved - line) ** 2).sum())
    return torch.from_numpy(points.reshape(-1, 2)).float(), error
