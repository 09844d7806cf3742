"""From bytes to a decoded, upright raster, with the size checked by the header before anything is decoded."""

from __future__ import annotations

import io
import os
import warnings
from dataclasses import dataclass
from typing import Any

from PIL import Image

from ..core.errors import InputError
from .content import MAX_FILE_BYTES, read_bytes, sha256_bytes

MAX_PIXELS = 64_000_000
MAX_SIDE = 65_535
# Formats with one obvious raster and a decoder inside the library; those that start other programs (EPS) stay out.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")
_READABLE = "PNG, JPEG, WebP, GIF, BMP, TIFF, PPM or AVIF"
_UPRIGHT = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT, "mirrored"),
    3: (Image.Transpose.ROTATE_180, "turned by 180 degrees"),
    4: (Image.Transpose.FLIP_TOP_BOTTOM, "flipped"),
    5: (Image.Transpose.TRANSPOSE, "transposed"),
    6: (Image.Transpose.ROTATE_270, "turned by 90 degrees clockwise"),
    7: (Image.Transpose.TRANSVERSE, "transposed about the other diagonal"),
    8: (Image.Transpose.ROTATE_90, "turned by 90 degrees anticlockwise"),
}
_ORIENTATION_TAG = 0x0112


@dataclass(frozen=True)
class Decoded:
    """A decoded file.

    Attributes:
        image: loaded and upright, its color mode untouched.
        name: how messages call it.
        sha256: of the file's bytes; "" for a picture that never was a file.
        notes: what was done to it, in words.
        deep: its samples have 16 bits.
    """

    image: Image.Image
    name: str
    sha256: str
    notes: tuple[str, ...]
    deep: bool = False


def decode(
    source: str | os.PathLike[str] | bytes | Image.Image, name: str | None = None, max_pixels: int = MAX_PIXELS
) -> Decoded:
    """Decode the first picture of a file, of bytes or of a PIL image, and turn it upright by its EXIF orientation.

    Args:
        source: a path, a file's content, or an image that PIL has opened.
        name: how messages call it; by default the path, or "image".
        max_pixels: the largest width x height that is decoded.

    Raises:
        InputError: missing, empty, damaged or truncated file, unknown format, or too many pixels.

    Example:
        >>> decode(Image.new("L", (3, 2))).image.size
        (3, 2)
    """
    digest = ""
    if isinstance(source, str | os.PathLike):
        name = name or os.fspath(source)
        source = read_bytes(source)
    name = name or "image"
    if callable(getattr(source, "read", None)):
        source = _content(source, name)
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
        digest = sha256_bytes(data)
        image = _open(data, name, max_pixels)
    elif isinstance(source, Image.Image):
        image = source
        _check_size(image, name, max_pixels)
    else:
        raise InputError(
            f"{name}: got {type(source).__name__}; expected a path, bytes, a binary file, a PIL image or an array"
        )
    return _load(image, name, digest)


def _content(stream: Any, name: str) -> bytes:
    """All of a file-like object, from where it stands (`io.BytesIO`, an open file, an upload)."""
    try:
        data = stream.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: cannot be read ({error})") from error
    if not isinstance(data, bytes):
        raise InputError(f"{name}: a stream of {type(data).__name__}; open the file in binary mode")
    if len(data) > MAX_FILE_BYTES:
        raise InputError(f"{name}: is larger than {MAX_FILE_BYTES / 2**20:.0f} MiB, the most that is read")
    return data


def _open(data: bytes, name: str, max_pixels: int) -> Image.Image:
    """The header read, nothing decoded."""
    if not data:
        raise InputError(f"{name}: is empty (0 bytes); save or download it again")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            _check_size(image, name, max_pixels)
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(f"{name}: {error}; make the picture smaller") from error
    except Exception as error:  # on damaged bytes a decoder may raise anything; it becomes one kind of error
        raise InputError(f"{name}: {what_is(data)}; expected a picture ({_READABLE})") from error
    return image


def _check_size(image: Image.Image, name: str, max_pixels: int) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise InputError(f"{name}: is {width} x {height} pixels; expected at least one pixel")
    if width * height > max_pixels or max(width, height) > MAX_SIDE:
        raise InputError(
            f"{name}: is {width} x {height} pixels ({width * height / 1e6:.0f} megapixels); at most "
            f"{max_pixels / 1e6:g} megapixels and {MAX_SIDE} a side are read; make it smaller"
        )


def _load(image: Image.Image, name: str, digest: str) -> Decoded:
    notes = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # a multi-picture JPEG is one photograph with previews; the others are animations and pages
            several = getattr(image, "is_animated", False) and image.format != "MPO"
            deep = _is_deep(image)
            image.load()
            image, turned = _upright(image)
    except MemoryError as error:
        raise InputError(f"{name}: {image.size[0]} x {image.size[1]} pixels do not fit into memory") from error
    except Exception as error:  # as above: the decoders' errors have no common base
        raise InputError(f"{name}: is damaged or cut short ({error}); save or download it again") from error
    if several:
        notes.append("holds several pictures (an animation or pages): only the first is used")
    if turned:
        notes.append(turned)
    return Decoded(image, name, digest, tuple(notes), deep)


def _is_deep(image: Image.Image) -> bool:
    """Whether the file holds 16 bits a sample; known only until the image is loaded."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        return True
    layouts = (tile[3] if isinstance(tile[3], str) else tile[3][0] for tile in getattr(image, "tile", ()) if tile[3])
    return any(";16" in str(layout) and not str(layout).startswith("BGR") for layout in layouts)


def _upright(image: Image.Image) -> tuple[Image.Image, str]:
    """The image as a viewer shows it, and what was done in words."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # EXIF is a foreign format of its own: a picture with a broken one is still a picture
        return image, "EXIF data unreadable, taken as upright"
    if orientation not in _UPRIGHT:
        return image, ""
    method, words = _UPRIGHT[orientation]
    info = image.info
    image = image.transpose(method)
    image.info = {key: value for key, value in info.items() if key != "exif"}
    return image, f"{words}, as its EXIF orientation asks"


_MAGIC = (
    (b"%PDF", "is a PDF; export the page as PNG"),
    (b"version https://git-lfs", "is a Git LFS pointer, not the file itself; run git lfs pull"),
    (b"PK\x03\x04", "is a zip archive or a document"),
    (b"\x1f\x8b", "is a gzip archive"),
    (b"8BPS", "is a Photoshop document; export it as PNG"),
    (b"%!PS", "is PostScript; export it as PNG"),
    (b"\x93NUMPY", "is a NumPy array; load it and pass the array"),
    (b"\x00\x00\x00\x0cJXL ", "is JPEG XL; convert it to PNG"),
    (b"\xff\x0a", "is JPEG XL; convert it to PNG"),
    (b"\x00\x00\x00\x0cjP", "is JPEG 2000; convert it to PNG"),
    (b"\x1aE\xdf\xa3", "is a video; save one frame as PNG"),
)
_DAMAGED = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}


def what_is(data: bytes) -> str:
    """What bytes that are no readable picture seem to be, as the end of a sentence."""
    head = data[:1024]
    for magic, words in _MAGIC:
        if head.startswith(magic):
            return words
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
            return "is HEIC, which is not read; convert it to JPEG or PNG"
        return "is a damaged AVIF file" if brand == b"avif" else "is a video; save one frame as PNG"
    for magic, kind in _DAMAGED.items():
        if head.startswith(magic):
            return f"is a damaged {kind} file; save or download it again"
    if head[:4] == b"RIFF":
        return "is a damaged WebP file, or sound; save or download it again"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "is an SVG drawing; render it to PNG"
    if text.startswith((b"<!doctype html", b"<html")):
        return "is a web page, not the picture itself; download the picture"
    if all(byte >= 32 or byte in b"\t\r\n\f" for byte in head):
        return "is text"
    return "is of no known kind"
