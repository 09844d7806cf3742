"""Small pictures in every encoding, for the tests of this folder."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def gradient(height: int = 12, width: int = 16) -> NDArray[np.uint8]:
    """uint8 [H, W, 3], all pixels different enough to see turns and swapped channels."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // max(1, width - 1), y * 255 // max(1, height - 1), (x + y) % 2 * 80], axis=2).astype(
        np.uint8
    )


def encoded(picture: NDArray[Any] | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of a file of this kind."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def turned(orientation: int) -> Image.Exif:
    """EXIF data that hold an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif
