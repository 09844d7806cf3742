"""VectorFusion's augmentation: a random perspective, then a random crop of 512 out of 600, as one resampling."""

from __future__ import annotations

import torch
from torch import Tensor

DISTORTION, CHANCE, KEPT = 0.5, 0.7, 512 / 600


def perspective_crop(image: Tensor, seeds: list[int], distortion: float = DISTORTION, chance: float = CHANCE) -> Tensor:
    """Return pictures in a random perspective and crop.

    Corners move inwards by up to `distortion` times half a side with probability `chance`; then a window of 512/600 of
    each side is cut out and shown at the picture's size. Reflected beyond the edges, bilinear, differentiable.

    Args:
        image: [B, C, H, W].
        seeds: one an item; an item's view depends on nothing else.

    Returns:
        [B, C, H, W].
    """
    grids = [view_grid(seed, (image.shape[2], image.shape[3]), distortion, chance) for seed in seeds]
    grid = torch.stack(grids).to(image)
    return torch.nn.functional.grid_sample(image, grid, padding_mode="reflection", align_corners=False)


def view_grid(seed: int, size: tuple[int, int], distortion: float = DISTORTION, chance: float = CHANCE) -> Tensor:
    """Return where each pixel of one view looks in the picture, [H, W, 2] as (x, y) in [-1, 1]."""
    rng = torch.Generator("cpu").manual_seed(seed)
    draws = torch.rand(11, generator=rng, dtype=torch.float64)
    height, width = size
    left, top = ((1.0 - KEPT) * draws[:2]).tolist()
    x = 2 * (left + KEPT * (torch.arange(width, dtype=torch.float64) + 0.5) / width) - 1
    y = 2 * (top + KEPT * (torch.arange(height, dtype=torch.float64) + 0.5) / height) - 1
    points = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)
    if float(draws[2]) >= chance:
        return points
    corners = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]], dtype=torch.float64)
    moved = corners - corners * distortion * draws[3:].view(4, 2)
    return apply_homography(homography(moved, corners), points)


def homography(start: Tensor, end: Tensor) -> Tensor:
    """Return the projective map [3, 3] that takes four points [4, 2] to four others."""
    (x, y), (u, v) = start.unbind(1), end.unbind(1)
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    rows = [
        torch.stack([x, y, one, zero, zero, zero, -u * x, -u * y], dim=1),
        torch.stack([zero, zero, zero, x, y, one, -v * x, -v * y], dim=1),
    ]
    solved = torch.linalg.solve(torch.cat(rows), torch.cat([u, v]))
    return torch.cat([solved, torch.ones(1, dtype=solved.dtype)]).view(3, 3)


def apply_homography(matrix: Tensor, points: Tensor) -> Tensor:
    """Map points [..., 2]."""
    lifted = torch.cat([points, torch.ones_like(points[..., :1])], dim=-1) @ matrix.T
    return lifted[..., :2] / lifted[..., 2:]
