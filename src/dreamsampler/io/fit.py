"""A picture of any size on a model's pixel grid and back: what was resized or padded is written down and undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ..core.errors import InputError
from .tensors import to_tensor

MAX_MODEL_PIXELS = 16_000_000
BAND = 2**20
"""Pixels that are floats at once where a picture is resampled in bands."""
WIDE = (torch.float32, torch.float64)
Size = tuple[int, int]


@dataclass(frozen=True)
class Fit:
    """How a picture was laid on the grid. All sizes are (width, height) in pixels.

    Attributes:
        source: the picture's own size.
        resized: its size after resampling; equal to `source` where there was none.
        padded: the size that the model sees, after edge replication.
        left: columns added before the picture; the rest of `padded - resized` is added after it.
        top: rows added above it.

    Example:
        >>> fit = plan_fit((300, 200), multiple=64, native=128)
        >>> fit.resized, fit.padded
        ((192, 128), (192, 128))
        >>> fit.undo(fit.apply(torch.zeros(1, 3, 200, 300))).shape
        torch.Size([1, 3, 200, 300])
    """

    source: Size
    resized: Size
    padded: Size
    left: int = 0
    top: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What happens to the picture, in words; empty where nothing does."""
        notes = []
        if self.resized != self.source:
            verb = "enlarged" if self.resized[0] * self.resized[1] > self.source[0] * self.source[1] else "reduced"
            notes.append(
                f"{verb} from {_words(self.source)} to {_words(self.resized)} for the model, and back after it"
            )
        if self.padded != self.resized:
            notes.append(
                f"padded from {_words(self.resized)} to {_words(self.padded)} for the model, and cropped after it"
            )
        return tuple(notes)

    def apply(self, images: Tensor) -> Tensor:
        """Pictures [B, 3, H, W] in [-1, 1], of the source's size, on the grid: [B, 3, H', W']."""
        _check(images, self.source, 3)
        return self._pad(resample(images, self.resized, -1.0))

    def apply_pixels(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Return `apply(to_tensor(pixels))`, to the bit, of uint8 [H, W, 3] in the memory of one band of rows."""
        height, width = pixels.shape[:2]
        if self.resized == self.source or width == self.resized[0]:
            return self.apply(to_tensor(pixels))
        if (width, height) != self.source:
            raise InputError(f"pixels: {width} x {height}; this fit is for {_words(self.source)}")
        rows = max(1, BAND // width)
        bands = [
            _interpolated(to_tensor(pixels[top : top + rows]), (self.resized[0], min(rows, height - top)))
            for top in range(0, height, rows)
        ]
        wide = _interpolated(torch.cat(bands, dim=-2), self.resized)
        return self._pad(wide.clamp(-1.0, 1.0))

    def undo_bands(self, images: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Yield (columns, `undo(images)` there): together the same to the bit, each in little memory."""
        _check(images, self.padded, None)
        width, height = self.resized
        crop = images[..., self.top : self.top + height, self.left : self.left + width]
        if self.resized == self.source:
            yield slice(0, width), crop
            return
        wide, (full, tall) = crop if crop.dtype in WIDE else crop.float(), self.source
        if width != full:
            wide = _interpolated(wide, (full, height))
        columns = max(16, BAND // tall // 16 * 16)  # whole vectors, so that every column is rounded as in one piece
        for left in range(0, full, columns):
            band = wide[..., left : left + columns]
            if height != tall:
                band = _interpolated(band, (band.shape[-1], tall))
            yield slice(left, left + band.shape[-1]), band.clamp(-1.0, 1.0).to(images.dtype)

    def apply_mask(self, masks: Tensor) -> Tensor:
        """Masks [H, W] or [B, 1, H, W] in [0, 1], of the source's size, on the grid: [B, 1, H', W']."""
        masks = masks[None, None] if masks.ndim == 2 else masks
        _check(masks, self.source, 1)
        return self._pad(resample(masks, self.resized, 0.0))

    def undo(self, images: Tensor) -> Tensor:
        """From the grid [B, C, H', W'] back to the source's size: cropped, then resized.

        Exact where nothing was resized.
        """
        _check(images, self.padded, None)
        width, height = self.resized
        crop = images[..., self.top : self.top + height, self.left : self.left + width]
        return resample(crop, self.source, -1.0)

    def _pad(self, images: Tensor) -> Tensor:
        right = self.padded[0] - self.resized[0] - self.left
        bottom = self.padded[1] - self.resized[1] - self.top
        if not (self.left or self.top or right or bottom):
            return images
        return F.pad(images, (self.left, right, self.top, bottom), mode="replicate")


def plan_fit(
    source: Size,
    *,
    multiple: int,
    native: int | None = None,
    size: str | int = "native",
    max_pixels: int = MAX_MODEL_PIXELS,
) -> Fit:
    """Decide how a picture is laid on a grid of `multiple` pixels.

    Args:
        source: (width, height) of the picture.
        multiple: what the model's width and height must be divisible by.
        native: the side length that the model was trained on; needed for size="native".
        size: "native": the shorter side becomes `native`; "keep": no resizing; a number: the shorter side in pixels.
        max_pixels: the most that the model is asked to work on.

    Raises:
        InputError: an unknown `size`, or a grid of more than `max_pixels`.
    """
    width, height = source
    if width < 1 or height < 1 or multiple < 1:
        raise InputError(f"picture of {_words(source)}, multiple {multiple}: expected positive numbers")
    short = min(source)
    match size:
        case "keep":
            target = short
        case "native" if native is not None and native >= 1:
            target = native
        case "native":
            raise InputError("size='native': this model states no size of its own; give the shorter side in pixels")
        case int() if not isinstance(size, bool) and size >= 1:
            target = size
        case _:
            raise InputError(f"size={size!r}: expected 'native', 'keep' or the shorter side in pixels")
    # integer rounding to nearest, so that equal pictures are fitted equally everywhere
    resized = (_scale(width, target, short), _scale(height, target, short))
    padded = (-(-resized[0] // multiple) * multiple, -(-resized[1] // multiple) * multiple)
    if padded[0] * padded[1] > max_pixels:
        raise InputError(
            f"picture of {_words(source)} would become {_words(padded)} for the model; at most {max_pixels / 1e6:g} "
            "megapixels are worked on; crop it, or give a smaller size"
        )
    return Fit(source, resized, padded, (padded[0] - resized[0]) // 2, (padded[1] - resized[1]) // 2)


def resample(images: Tensor, size: Size, low: float, high: float = 1.0) -> Tensor:
    """Antialiased bicubic resampling of [B, C, H, W] to (width, height), held within [low, high]."""
    width, height = size
    if tuple(images.shape[-2:]) == (height, width):
        return images
    # the CPU has no antialiased resampling in half precision
    wide = images if images.dtype in WIDE else images.float()
    return _interpolated(wide, size).clamp(low, high).to(images.dtype)


def _interpolated(images: Tensor, size: Size) -> Tensor:
    """Antialiased bicubic resampling, along the rows and then along the columns."""
    return F.interpolate(images, size=(size[1], size[0]), mode="bicubic", antialias=True, align_corners=False)


def _scale(side: int, target: int, short: int) -> int:
    return max(1, (2 * side * target + short) // (2 * short))


def _check(images: Tensor, size: Size, channels: int | None) -> None:
    width, height = size
    right = images.ndim == 4 and tuple(images.shape[-2:]) == (height, width)
    if not right or (channels is not None and images.shape[1] != channels):
        expected = f"[B, {channels or 'C'}, {height}, {width}]"
        raise InputError(f"images: shape {list(images.shape)}; this fit is for {expected}")


def _words(size: Size) -> str:
    return f"{size[0]} x {size[1]}"
