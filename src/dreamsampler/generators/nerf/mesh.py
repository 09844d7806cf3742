"""The surface of a field as triangles with a color at each corner (naive surface nets, Gibson 1998)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.errors import InputError
from ...io.cameras import Frame
from .generator import Nerf


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles; normals point outward where corners run counterclockwise.

    Attributes:
        vertices: float64 [V, 3], world units, z up.
        faces: int64 [F, 3].
        colors: float64 [V, 3], sRGB in [0, 1].
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    colors: NDArray[np.float64]


@torch.no_grad()
def extract_mesh(
    nerf: Nerf, frame: Frame | None = None, *, resolution: int = 128, level: float = 10.0, smallest: float = 0.02
) -> Mesh:
    """Return the surface on which the density crosses `level`, in world units.

    Args:
        nerf: the field; empty cells of its grid count as density 0.
        frame: of the field in the world; None leaves the field's own coordinates.
        resolution: samples along a side, 8 to 512.
        level: density per unit of length in the field's cube.
        smallest: parts with fewer triangles than this share of the largest part's are dropped.

    Raises:
        InputError: the density does not cross the level anywhere.
    """
    if not 8 <= resolution <= 512:
        raise InputError(f"resolution={resolution}: expected 8 to 512")
    axis = torch.linspace(-1.0, 1.0, resolution, dtype=nerf.dtype, device=nerf.device)
    density = torch.zeros(resolution, resolution, resolution)
    for k, x in enumerate(axis):  # a slab at a time: the field's features of the whole grid would fill gigabytes
        y, z = torch.meshgrid(axis, axis, indexing="ij")
        points = torch.stack([x.expand_as(y), y, z], -1).reshape(-1, 3)
        place = nerf.occupancy.holds(points.clamp(-1.0, 1.0 - 1e-6)).nonzero()[:, 0]
        if len(place):
            density[k].view(-1)[place.cpu()] = nerf.field(points[place]).density.float().cpu()
    values = np.pad(density.double().numpy(), 1)  # a rim of nothing closes the surface at the cube's faces
    if not values.max() > level:
        raise InputError(
            f"level={level:g}: the density reaches only {values.max():.3g}, so there is no surface; fit for longer, or "
            "lower the level"
        )
    vertices, faces = surface_nets(values, level)
    vertices, faces = drop_small_parts(vertices, faces, smallest)
    inside = (vertices - 1.0) * (2.0 / (resolution - 1)) - 1.0
    points = torch.tensor(inside, dtype=nerf.dtype, device=nerf.device).clamp(-1.0, 1.0)
    colors = torch.cat([nerf.field(part).color for part in points.split(2**16)]).double().cpu().numpy()
    return Mesh((frame or Frame()).out(inside), faces, colors)


def surface_nets(values: NDArray[np.float64], level: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return vertices [V, 3] in grid units and triangles [F, 3] of the surface values = level, outside below it.

    One vertex in each cell that the surface passes, at the mean of its crossings with the cell's edges; one quad, cut
    in two, across each edge of the grid whose ends lie on different sides.
    """
    inside = values > level
    x, y, z = (n - 1 for n in values.shape)
    corners = [inside[i : i + x, j : j + y, k : k + z] for i, j, k in product((0, 1), repeat=3)]
    count = np.sum(corners, axis=0, dtype=np.int8)
    cells = np.argwhere((count > 0) & (count < 8))
    number = np.full((x, y, z), -1, dtype=np.int64)
    number[tuple(cells.T)] = np.arange(len(cells))
    total, crossings = np.zeros((len(cells), 3)), np.zeros((len(cells), 1))
    for axis in range(3):
        step = np.eye(3, dtype=np.int64)[axis]
        for corner in product((0, 1), repeat=3):
            if corner[axis]:
                continue
            start = cells + np.array(corner)
            a, b = values[tuple(start.T)], values[tuple((start + step).T)]
            crossed = (a > level) != (b > level)
            share = np.where(crossed, (level - a) / np.where(crossed, b - a, 1.0), 0.0)
            total += np.where(crossed[:, None], start + share[:, None] * step, 0.0)
            crossings += crossed[:, None]
    return total / crossings, np.concatenate([_quads(inside, number, axis) for axis in range(3)])


def _quads(inside: NDArray[np.bool_], number: NDArray[np.int64], axis: int) -> NDArray[np.int64]:
    """Triangles across the crossed grid edges along one axis."""
    moved, cells = np.moveaxis(inside, axis, 0), np.moveaxis(number, axis, 0)
    if axis == 1:  # (y, x, z) is left-handed: the turn of its quads is the other way round
        moved, cells = moved.swapaxes(1, 2), cells.swapaxes(1, 2)
    if axis == 2:
        pass  # (z, x, y) is right-handed
    before, after = moved[:-1, 1:-1, 1:-1], moved[1:, 1:-1, 1:-1]
    i, j, k = np.nonzero(before != after)
    around = np.stack([cells[i, j, k], cells[i, j + 1, k], cells[i, j + 1, k + 1], cells[i, j, k + 1]], 1)
    around = np.where(before[i, j, k][:, None], around, around[:, ::-1])
    return np.concatenate([around[:, [0, 1, 2]], around[:, [0, 2, 3]]])


def drop_small_parts(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], smallest: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the mesh without connected parts of fewer triangles than `smallest` of the largest part's."""
    label = np.arange(len(vertices))
    while True:
        least = label[faces].min(1)
        lower = label.copy()
        np.minimum.at(lower, faces.reshape(-1), np.repeat(least, 3))
        lower = lower[lower]  # halves the way to each part's lowest number
        if np.array_equal(lower, label):
            break
        label = lower
    sizes = np.bincount(label[faces[:, 0]], minlength=len(vertices))
    kept = faces[sizes[label[faces[:, 0]]] >= smallest * sizes.max()]
    used, renumbered = np.unique(kept, return_inverse=True)
    return vertices[used], renumbered.reshape(kept.shape)
