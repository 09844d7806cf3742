"""The rasterizer's arguments, checked once at its public edge."""

from __future__ import annotations

import torch
from torch import Tensor

from ...core.errors import InputError
from .structure import Structure

MAX_SIDE = 16384


def checked(points: Tensor, structure: Structure, rgba: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Check shapes and values at the public edge and give both tensors a batch dimension."""
    points = points.unsqueeze(0) if points.dim() == 2 else points
    rgba = rgba.unsqueeze(0) if rgba.dim() == 2 else rgba
    if points.dim() != 3 or points.shape[1:] != (structure.point_count, 2):
        wanted = (structure.point_count, 2)
        raise InputError(f"points: shape {tuple(points.shape)}, expected [B, N, 2] with (N, 2) = {wanted}")
    if rgba.dim() != 3 or rgba.shape[1:] != (structure.path_count, 4):
        wanted = (structure.path_count, 4)
        raise InputError(f"rgba: shape {tuple(rgba.shape)}, expected [B, P, 4] with (P, 4) = {wanted}")
    if points.dtype not in (torch.float32, torch.float64) or rgba.dtype != points.dtype:
        raise InputError(f"points and rgba: {points.dtype} and {rgba.dtype}, expected both float32 or float64")
    if points.device != rgba.device:
        raise InputError(f"rgba: on {rgba.device}, but points are on {points.device}; move one")
    batch = max(points.shape[0], rgba.shape[0])
    if points.shape[0] not in (1, batch) or rgba.shape[0] not in (1, batch):
        raise InputError(f"rgba: {rgba.shape[0]} scenes, but points have {points.shape[0]}")
    if not all(1 <= side <= MAX_SIDE for side in size):
        raise InputError(f"size: {size}, expected height and width from 1 to {MAX_SIDE}")
    if not bool(torch.isfinite(points).all()):
        raise InputError("points: NaN or infinite coordinates; lower the step size or check the file")
    if not bool(torch.isfinite(rgba).all()):
        raise InputError("rgba: NaN or infinite colors; lower the step size or check the file")
    return points.expand(batch, -1, -1), rgba.expand(batch, -1, -1)


def empty_canvas(background: Tensor | None, batch: int, size: tuple[int, int], like: Tensor, alpha: bool) -> Tensor:
    """Return the empty canvas `[B, K, H, W]`; an expanded view where it can be."""
    if alpha:
        return like.new_zeros(()).expand(batch, 4, *size)
    if background is None:
        return like.new_ones(()).expand(batch, 3, *size)
    if background.dtype != like.dtype or background.device != like.device:
        raise InputError(f"background: is {background.dtype} on {background.device}, points are not")
    if background.dim() in (1, 2):
        background = background.unsqueeze(-1).unsqueeze(-1)
    try:
        return background.expand(batch, 3, *size)
    except RuntimeError as error:
        shape = tuple(background.shape)
        raise InputError(f"background: shape {shape} is neither a color nor an image of size {size}") from error
