"""Component-wise path initialization of LIVE (Ma et al. 2022): new paths where the picture is most wrong.

The squared error, small values set to 0, is cut into quantile bins; the largest 4-connected component of the most
populous bin gets a path at its pixel nearest to the centroid, in the target's color there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ...core.errors import InputError
from .initialize import Seed

BINS = 200
IGNORED = 0.1


def live_seeds(render: Tensor, target: Tensor, count: int = 1) -> list[Seed]:
    """Return places and colors for up to `count` new paths, the largest component first.

    Args:
        render: the current picture `[3, H, W]` in [0, 1].
        target: what it should be.

    Returns:
        Fewer seeds than asked for where the pictures agree (squared error below 0.1 everywhere else).

    Raises:
        InputError: pictures of different or wrong shapes, or not finite.
    """
    if render.shape != target.shape or render.dim() != 3 or render.shape[0] != 3:
        raise InputError(f"target: shape {tuple(target.shape)}, render {tuple(render.shape)}; expected both [3, H, W]")
    goal = target.detach().cpu().double().numpy()
    error = ((goal - render.detach().cpu().double().numpy()) ** 2).sum(0)
    if not np.isfinite(error).all():
        raise InputError("render or target: holds NaN")
    components = _components(_bins(error))
    seeds = []
    for members in components[:count]:
        row, column = members[((members - members.mean(0)) ** 2).sum(1).argmin()].tolist()
        r, g, b = goal[:, row, column].clip(0, 1).tolist()
        seeds.append(Seed((column + 0.5, row + 0.5), (r, g, b)))
    return seeds


def _bins(error: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return quantile bins 1..BINS of the error; 0 where it is small."""
    error = np.where(error < IGNORED, 0, error)
    edges = np.unique(np.quantile(error, np.linspace(0, 1, BINS + 1)))
    return np.where(error > 0, np.searchsorted(edges, error, side="left"), 0).astype(np.int64)


def _components(labels: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the largest component of each bin as rows and columns `[n, 2]`, populous bins first; bin 0 is left out."""
    counts = np.bincount(labels.ravel())
    counts[0] = 0
    found = []
    for label in np.argsort(-counts, kind="stable"):
        if counts[label] == 0:
            break
        found.append(largest_component(labels == label))
    return found


def largest_component(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return rows and columns `[n, 2]` of the largest 4-connected component."""
    found = components(mask)
    return max(found, key=len) if found else np.zeros((0, 2), dtype=np.int64)


def components(mask: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Return rows and columns `[n, 2]` of every 4-connected component; by runs of pixels, joined from row to row."""
    parent: list[int] = []
    runs: list[tuple[int, int, int]] = []

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    above: list[int] = []
    for row in range(mask.shape[0]):
        change = np.flatnonzero(np.diff(np.concatenate([[0], mask[row].astype(np.int8), [0]])))
        here = []
        for low, high in zip(change[::2].tolist(), change[1::2].tolist(), strict=True):
            number = len(runs)
            parent.append(number)
            runs.append((row, low, high))
            here.append(number)
            for other in above:
                if runs[other][1] < high and low < runs[other][2]:
                    parent[root(other)] = root(number)
        above = here
    parts: dict[int, list[NDArray[np.int64]]] = {}
    for number, (row, low, high) in enumerate(runs):
        parts.setdefault(root(number), []).append(np.stack([np.full(high - low, row), np.arange(low, high)], axis=1))
    return [np.concatenate(part) for part in parts.values()]
