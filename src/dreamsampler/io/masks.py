"""Masks: which part of a picture is meant, from 0 (not at all) to 1 (wholly), soft values honored."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import InputError
from .arrays import is_array, to_channels_last, to_unit
from .color import samples, to_color
from .decode import MAX_PIXELS, Decoded, decode
from .images import Source, sha256_pixels

Values = NDArray[Any]
LABELS = "values 0 and 1 read as such, not as shades of 255"
_LUMA = np.array([0.299, 0.587, 0.114])  # Rec. 601, the weights of PIL's own grey


@dataclass(frozen=True, eq=False)
class Mask:
    """A mask that was checked.

    Attributes:
        values: float32 [H, W] in [0, 1], read-only; 1 is selected.
        sha256: of the file's bytes; for what never was a file, of its size and values.
        name: how messages call it: the path that was given, or "mask".
        notes: what was done to it, in words.
    """

    values: NDArray[np.float32]
    sha256: str
    name: str = "mask"
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return int(self.values.shape[1]), int(self.values.shape[0])


def read_mask(
    source: Source,
    size: tuple[int, int],
    *,
    invert: bool = False,
    name: str | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Mask:
    """Read a mask for a picture of the size given.

    White is selected. In a file with transparency, the opaque part is selected, whatever its color; if the opaque part
    is itself a grey mask of several values, the two multiply. Values of 0 and 1 only (label maps) mean 0 and 1. A mask
    of another size but of the picture's shape is resized, which is noted.

    Args:
        source: a path, a file's content, a PIL image, an array or a tensor ([H, W], [H, W, 1], [1, H, W]).
        size: (width, height) of the picture that the mask is for.
        invert: select what is black instead.
        name: how messages call it.
        max_pixels: the largest width x height that is read.

    Raises:
        InputError: unreadable as in `read_image`, of another shape than the picture, or selecting nothing.

    Example:
        >>> read_mask(np.eye(4), (4, 4)).values.sum()
        np.float32(4.0)
    """
    levels = None
    if is_array(source):
        name = name or "mask"
        array = to_channels_last(source, name, (1,), max_pixels)[..., 0]
        mask, digest = _labels(to_unit(array, name, hint=""), array, ()), ""
    else:
        path = isinstance(source, str | os.PathLike)
        decoded = decode(source, name or (None if path else "mask"), max_pixels)
        name, digest = decoded.name, decoded.sha256
        levels = _of_levels(decoded, invert)
        mask = levels or _from_picture(decoded)
    values, notes = mask
    if invert:
        values, notes = values if levels else 1.0 - values, (*notes, "inverted")
    values, notes = _fit(values, notes, size, name)
    if values.max() <= 0.0:
        why = (
            "everything is selected before the inversion"
            if invert
            else "black or transparent all over; paint the selection white, or invert the mask"
        )
        raise InputError(f"{name}: the mask selects nothing ({why})")
    if values.min() >= 1.0:
        notes = (*notes, "selects the whole picture")
    final = np.ascontiguousarray(values, dtype=np.float32)
    final.setflags(write=False)
    return Mask(final, digest or sha256_pixels(final.view(np.uint8)), name, notes)


def _of_levels(decoded: Decoded, invert: bool) -> tuple[Values, tuple[str, ...]] | None:
    """A plain grey picture's mask, by a table of 256 values: float32, in an eighth of the memory; None for others."""
    image = decoded.image
    if image.mode not in ("1", "L") or image.has_transparency_data or "icc_profile" in image.info or decoded.deep:
        return None
    levels, notes, table = np.asarray(image.convert("L")), decoded.notes, np.arange(256) / 255.0
    if levels.max() == 1:
        table, notes = np.arange(256.0), (*notes, LABELS)
    return (1.0 - table if invert else table).astype(np.float32)[levels], notes


def _from_picture(decoded: Decoded) -> tuple[Values, tuple[str, ...]]:
    image, notes = decoded.image, decoded.notes
    if image.mode.startswith(("I", "F")):
        return samples(decoded), notes
    if image.mode == "P" and not image.has_transparency_data and set(image.getextrema()) <= {0, 1}:
        # a palette of two entries is a label map unless its colors say black and white
        colors = image.convert("RGB").getextrema()
        if colors != ((0, 255),) * 3:
            return np.asarray(image).astype(np.float64), (*notes, "palette of two entries read as 0 and 1")
    if "icc_profile" in image.info:  # a mask holds numbers, not colors
        image = image.copy()
        del image.info["icc_profile"]
    color = to_color(Decoded(image, decoded.name, decoded.sha256, ()))
    grey = bool((color.rgb == color.rgb[..., :1]).all())
    brightness = color.rgb[..., 0] / 255.0 if grey else color.rgb @ _LUMA / 255.0
    if color.alpha is None:
        notes = notes if grey else (*notes, "a color picture: its brightness is the mask")
        return _labels(brightness, color.rgb[..., 0], notes) if grey else (brightness, notes)
    alpha = color.alpha / 255.0
    visible = color.rgb[color.alpha > 0]
    if visible.size and (visible == visible[:, :1]).all() and (visible != visible[0]).any():
        return alpha * brightness, (*notes, "brightness times opacity is the mask")
    return alpha, (*notes, "opacity is the mask")


def _labels(unit: Values, raw: NDArray[np.generic], notes: tuple[str, ...]) -> tuple[Values, tuple[str, ...]]:
    """Integers that are only 0 and 1 as the numbers that they are."""
    if raw.dtype.kind in "iu" and raw.max() == 1:
        return raw.astype(np.float64), (*notes, LABELS)
    return unit, notes


def _fit(values: Values, notes: tuple[str, ...], size: tuple[int, int], name: str) -> tuple[Values, tuple[str, ...]]:
    """Resize a mask of the picture's shape to its size; refuse one of another shape."""
    height, width = values.shape
    if (width, height) == size:
        return values, notes
    # of one shape: at the smaller of the two scales no side is off by a pixel, what rounding may cost
    off = abs(width * size[1] - height * size[0])
    if off >= max(width, height, *size) or (width == size[0]) != (height == size[1]):
        turned = " (it seems to be turned by 90 degrees)" if (height, width) == size else ""
        raise InputError(
            f"{name}: the mask is {width} x {height} pixels, the picture {size[0]} x {size[1]}{turned}; "
            "save the mask in the picture's size"
        )
    method = Image.Resampling.BOX if width > size[0] else Image.Resampling.BILINEAR
    resized = np.asarray(Image.fromarray(values.astype(np.float32)).resize(size, method), dtype=np.float64)
    note = f"mask resized from {width} x {height} to {size[0]} x {size[1]}"
    return np.clip(resized, 0.0, 1.0), (*notes, note)
