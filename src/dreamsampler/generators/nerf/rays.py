"""Rays of cameras as tensors: whole pictures, or any pixels of any view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ...io.cameras import Camera


class Rays(NamedTuple):
    """origins: [R, 3]; directions: [R, 3], of length 1."""

    origins: Tensor
    directions: Tensor


class CameraTensors(NamedTuple):
    """pose: [N, 3, 4]; lens: fx, fy, cx, cy, [N, 4]."""

    pose: Tensor
    lens: Tensor

    @classmethod
    def of(
        cls, cameras: Sequence[Camera], device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
    ) -> CameraTensors:
        """Return the numbers of all cameras, so that rays of single pixels can be made without a table of all."""
        poses = torch.stack([torch.tensor(camera.pose) for camera in cameras])
        lenses = torch.tensor([(*camera.focal, *camera.center) for camera in cameras], dtype=torch.float64)
        return cls(poses.to(device, dtype), lenses.to(device, dtype))

    def rays(self, view: Tensor, x: Tensor, y: Tensor) -> Rays:
        """Return the rays of pixels (view, column, row), [R] whole numbers each, through the pixels' centers."""
        pose, lens = self.pose[view], self.lens[view]
        local = torch.stack(
            [
                (x.to(lens.dtype) + 0.5 - lens[:, 2]) / lens[:, 0],
                (y.to(lens.dtype) + 0.5 - lens[:, 3]) / lens[:, 1],
                torch.ones_like(lens[:, 0]),
            ],
            1,
        )
        local = local / local.norm(dim=1, keepdim=True)
        return Rays(pose[:, :, 3], (pose[:, :, :3] @ local[:, :, None])[:, :, 0])


def picture_rays(camera: Camera, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Rays:
    """Return the rays of a whole picture, row by row, [H * W, 3] each."""
    width, height = camera.size
    y, x = torch.meshgrid(torch.arange(height, device=device), torch.arange(width, device=device), indexing="ij")
    numbers = CameraTensors.of([camera], device, dtype)
    return numbers.rays(torch.zeros(width * height, dtype=torch.long, device=device), x.reshape(-1), y.reshape(-1))
