"""From any color mode to 8-bit sRGB and, where there is one, the alpha channel."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from ..core.errors import InputError
from .decode import Decoded

Bytes = NDArray[np.uint8]
_SRGB = ImageCms.createProfile("sRGB")
_MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "HSV", "LAB")


class Color(NamedTuple):
    """rgb: uint8 [H, W, 3]; alpha: uint8 [H, W] or None where every pixel is opaque; notes: what was done."""

    rgb: Bytes
    alpha: Bytes | None
    notes: tuple[str, ...]


def to_color(decoded: Decoded) -> Color:
    """8-bit sRGB and alpha of a decoded picture.

    An embedded ICC profile is honored; CMYK without one is converted by the plain formula.

    Raises:
        InputError: a mode without a defined conversion, or float samples outside [0, 1].
    """
    image, name = decoded.image, decoded.name
    notes = ["16 bits a sample reduced to 8"] if decoded.deep else []
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        # PIL has no color management for these; a grey profile's curve is not worth refusing the picture
        grey = np.rint(samples(decoded) * 255.0).astype(np.uint8)
        if image.mode == "F":
            notes.append("float samples from 0 to 1 scaled to 8 bits")
        return Color(np.repeat(grey[..., None], 3, axis=2), None, tuple(notes))
    if image.mode not in _MODES:
        raise InputError(f"{name}: color mode {image.mode} is not read; save it as RGB or grey")

    image, alpha = _split_alpha(image)
    before = image.mode
    try:
        converted = _by_profile(image, profile, notes) if profile else None
        rgb = converted or _plain(image)
    except (ValueError, OSError, ImageCms.PyCMSError) as error:
        raise InputError(f"{name}: cannot convert {before} to RGB ({error}); save it as RGB") from error
    if before in ("CMYK", "LAB", "YCbCr", "HSV"):
        notes.append(f"{before} converted to RGB" if converted else f"{before} converted to RGB without a profile")
    return Color(np.asarray(rgb, dtype=np.uint8), alpha, tuple(notes))


def samples(decoded: Decoded) -> NDArray[np.float64]:
    """The grey samples of a 16-bit, 32-bit or float picture on a scale from 0 to 1, [H, W].

    Raises:
        InputError: 32-bit integers beyond 16 bits, or floats that are not finite or lie outside [0, 1].
    """
    values = np.asarray(decoded.image).astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if decoded.image.mode == "F":
        if not (np.isfinite(values).all() and low >= 0.0 and high <= 1.0):
            raise InputError(f"{decoded.name}: float samples from {low:g} to {high:g}; expected 0 to 1, all finite")
        return values
    if not decoded.deep:
        raise InputError(f"{decoded.name}: 32-bit integer samples have no defined white; save it with 8 or 16 bits")
    if low < 0 or high > 65535:
        raise InputError(f"{decoded.name}: integer samples from {low:g} to {high:g}; expected 0 to 65535")
    return values / 65535.0


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Bytes | None]:
    """(the picture without alpha, its alpha unless all opaque)."""
    if image.has_transparency_data:
        if image.mode == "La":
            image = image.convert("LA")
        grey = image.mode == "LA"
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        # a grey profile needs a grey picture
        return image.convert("L" if grey else "RGB"), None if alpha.min() == 255 else alpha
    if image.mode in ("P", "PA", "RGBX"):
        return image.convert("RGB"), None
    return (image.convert("L") if image.mode == "1" else image), None


def _plain(image: Image.Image) -> Image.Image:
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        converted = ImageCms.profileToProfile(image, lab, _SRGB, outputMode="RGB")
        if converted is None:  # happens only for in-place conversions
            raise ValueError("no conversion from Lab")
        return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def _by_profile(image: Image.Image, profile: bytes, notes: list[str]) -> Image.Image | None:
    """The picture in sRGB, or None where the profile is sRGB already or of no use, which is noted."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        label = ImageCms.getProfileDescription(source).strip()
        if "srgb" in label.lower() and image.mode == "RGB":
            return None
        converted = ImageCms.profileToProfile(
            image,
            source,
            _SRGB,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        notes.append("color profile unreadable, ignored")
        return None
    notes.append(f"converted to sRGB from the color profile {label[:60]!r}")
    return converted
