"""Between 8-bit pixels and the tensors of the loop: images are [B, 3, H, W] in [-1, 1]."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core.errors import InputError


def to_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """uint8 [H, W, 3] (or [B, H, W, 3]) to float32 [B, 3, H, W] in [-1, 1]: x = p / 127.5 - 1."""
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or pixels.shape[-1] != 3:
        raise InputError(f"pixels: {pixels.dtype} {list(pixels.shape)}; expected uint8 [H, W, 3] or [B, H, W, 3]")
    batch = pixels if pixels.ndim == 4 else pixels[None]
    # the copy lets read-only pixels in and keeps the tensor's writes out of them
    return torch.from_numpy(batch.copy()).permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1.0


def to_pixels(images: Tensor) -> NDArray[np.uint8]:
    """[B, 3, H, W] in [-1, 1] to uint8 [B, H, W, 3]: round(127.5 (x + 1)), values beyond the ends cut off.

    The inverse of `to_tensor`, exactly, for all 256 values.

    Raises:
        InputError: another shape, or values that are NaN or infinite.
    """
    if images.ndim != 4 or images.shape[1] != 3:
        raise InputError(f"images: shape {list(images.shape)}; expected [B, 3, H, W]")
    values = images.detach().to(device="cpu", dtype=torch.float32)
    if not torch.isfinite(values).all():
        raise InputError("images: hold NaN or infinite values; the decoder overflowed, use --dtype float32")
    scaled = ((values.clamp(-1.0, 1.0) + 1.0) * 127.5).round().to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().numpy()
