"""Pictures as everything else wants them: 8-bit sRGB, upright, opaque, with a note of all that was done for it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ..core.errors import InputError
from .arrays import is_array, to_channels_last, to_unit
from .color import Bytes, to_color
from .decode import MAX_PIXELS, decode

Source = str | os.PathLike[str] | bytes | Image.Image | Any
"""A path, a file's content, a PIL image, a NumPy array or a torch tensor."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that was checked.

    Attributes:
        pixels: uint8 [H, W, 3], sRGB, read-only.
        alpha: uint8 [H, W] where the source had transparency, else None; `pixels` is already laid over the background.
        sha256: of the file's bytes; for what never was a file, of its size and pixels.
        name: how messages call it: the path that was given, or "image".
        notes: what was done to it, in words.
    """

    pixels: Bytes
    alpha: Bytes | None
    sha256: str
    name: str = "image"
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.width, self.height

    def pil(self) -> Image.Image:
        """A PIL image in mode RGB."""
        return Image.fromarray(self.pixels)


def read_image(
    source: Source,
    *,
    name: str | None = None,
    background: tuple[int, int, int] = (255, 255, 255),
    max_pixels: int = MAX_PIXELS,
    value_range: tuple[float, float] = (0.0, 1.0),
) -> Picture:
    """Read a picture and check it.

    Files: PNG, JPEG, WebP, GIF, BMP, TIFF, PPM and AVIF in any color mode. EXIF rotation and ICC profiles are
    honored, transparency is laid over `background`, 16-bit samples are scaled to 8, the first picture of an animation
    is used.
    Arrays: [H, W], [H, W, 1 | 3 | 4] or channels first, a leading batch axis of 1 allowed; uint8, uint16, bool, or
    floats within `value_range`.

    Args:
        source: a path, a file's content, a PIL image, a NumPy array or a torch tensor.
        name: how messages call it.
        background: 8-bit RGB that shows through transparent areas.
        max_pixels: the largest width x height, checked by the header before anything is decoded.
        value_range: what black and white are in an array of floats.

    Raises:
        InputError: missing, empty, damaged, truncated, unknown or too large; NaN; wholly transparent.

    Example:
        >>> picture = read_image(np.zeros((4, 6, 3), dtype=np.uint8))
        >>> picture.size, picture.notes
        ((6, 4), ())
    """
    if is_array(source):
        return _from_array(source, name or "image", background, max_pixels, value_range)
    decoded = decode(source, name, max_pixels)
    color = to_color(decoded)
    return _finish(color.rgb, color.alpha, decoded.sha256, decoded.name, (*decoded.notes, *color.notes), background)


def _from_array(
    source: Any, name: str, background: tuple[int, int, int], max_pixels: int, value_range: tuple[float, float]
) -> Picture:
    array = to_channels_last(source, name, (1, 3, 4), max_pixels)
    values = array if array.dtype == np.uint8 else np.rint(to_unit(array, name, value_range) * 255.0).astype(np.uint8)
    # a copy: who gave a read-only view may still write into what it shows
    rgb = np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values[..., :3].copy()
    alpha = values[..., 3] if values.shape[2] == 4 and values[..., 3].min() < 255 else None
    notes = ("16 bits a sample reduced to 8",) if array.dtype == np.uint16 else ()
    return _finish(rgb, alpha, "", name, notes, background)


def _finish(
    rgb: Bytes, alpha: Bytes | None, digest: str, name: str, notes: tuple[str, ...], background: tuple[int, int, int]
) -> Picture:
    if alpha is not None:
        if alpha.max() == 0:
            raise InputError(f"{name}: is wholly transparent; remove or repair its alpha channel")
        rgb = _over(rgb, alpha, background)
        color = "white" if tuple(background) == (255, 255, 255) else "rgb" + str(tuple(background)).replace(" ", "")
        notes = (*notes, f"transparent areas filled with {color}")
    if rgb.flags.writeable or not rgb.flags.c_contiguous:
        rgb = np.array(rgb, dtype=np.uint8, order="C")  # so that freezing it touches nobody else's array
        rgb.setflags(write=False)
    return Picture(rgb, alpha, digest or sha256_pixels(rgb, alpha), name, notes)


def _over(rgb: Bytes, alpha: Bytes, background: tuple[int, int, int]) -> Bytes:
    """The picture over a plain color: round(alpha rgb + (1 - alpha) background), by sRGB values as browsers do."""
    if len(background) != 3 or not all(0 <= value <= 255 for value in background):
        raise InputError(f"background={background}: expected three values from 0 to 255")
    share = alpha[..., None].astype(np.uint32)
    back = np.asarray(background, dtype=np.uint32)
    return ((rgb * share + back * (255 - share) + 127) // 255).astype(np.uint8)


def sha256_pixels(pixels: Bytes, alpha: Bytes | None = None) -> str:
    """A hash of size and samples, for pictures that never were a file."""
    digest = hashlib.sha256(f"pixels {pixels.shape} {'alpha' if alpha is not None else ''}".encode())
    digest.update(np.ascontiguousarray(pixels).tobytes())
    if alpha is not None:
        digest.update(np.ascontiguousarray(alpha).tobytes())
    return digest.hexdigest()
