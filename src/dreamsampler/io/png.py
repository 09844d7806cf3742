"""PNG files that carry their recipe: a JSON text in an iTXt chunk, read without decoding the picture."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..core.errors import InputError
from .atomic import write_bytes
from .content import read_bytes

KEYWORD = "dreamsampler"
MAX_RECIPE_BYTES = 2**20
SUFFIXES = (".png",)
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode_png(pixels: NDArray[np.uint8] | Image.Image, recipe: str | None = None) -> bytes:
    """The bytes of a PNG file.

    Args:
        pixels: uint8 [H, W, 3] (or [H, W, 4], [H, W]), or a PIL image.
        recipe: a JSON text to carry along.

    Raises:
        InputError: pixels of another type, or a recipe beyond 1 MiB.
    """
    if not isinstance(pixels, Image.Image):
        gray_or_color = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))
        if pixels.dtype != np.uint8 or not gray_or_color or pixels.size == 0:
            raise InputError(f"pixels: {pixels.dtype} {list(pixels.shape)}; expected uint8 [H, W, 3]")
        pixels = Image.fromarray(pixels)
    info = PngInfo()
    if recipe is not None:
        if len(recipe.encode("utf-8")) > MAX_RECIPE_BYTES:
            raise InputError(f"recipe: {len(recipe)} characters; a PNG carries at most {MAX_RECIPE_BYTES} bytes of it")
        info.add_itxt(KEYWORD, recipe, zip=True)
    stream = io.BytesIO()
    pixels.save(stream, "PNG", pnginfo=info)
    return stream.getvalue()


def write_png(path: str | os.PathLike[str], pixels: NDArray[np.uint8] | Image.Image, recipe: str | None = None) -> None:
    """`encode_png` into a file, whole or not at all.

    Raises:
        InputError: as `encode_png`; or the path does not end in .png or cannot be written.
    """
    write_bytes(path, encode_png(pixels, recipe), SUFFIXES)


def read_recipe_text(source: str | os.PathLike[str] | bytes, name: str | None = None) -> str:
    """The recipe that a PNG carries, unchecked: give it to `Recipe.from_json`.

    Raises:
        InputError: no PNG, a damaged one, one without a recipe or with several, or a recipe beyond 1 MiB.
    """
    name = name or ("image" if isinstance(source, bytes) else os.fspath(source))
    data = source if isinstance(source, bytes) else read_bytes(source)
    if not data.startswith(_SIGNATURE):
        raise InputError(f"{name}: is not a PNG; only the PNG files that dreamsampler writes carry a recipe")
    found = [text for text in (_text_of(body, name) for kind, body in _chunks(data, name) if kind == b"iTXt") if text]
    if not found:
        raise InputError(f"{name}: carries no recipe; it was not made by dreamsampler, or was saved again since")
    if len(found) > 1:
        raise InputError(f"{name}: carries {len(found)} recipes; expected one")
    return found[0]


def _chunks(data: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    """(type, content) of every chunk, lengths and checksums verified."""
    at = len(_SIGNATURE)
    while at < len(data):
        if at + 12 > len(data):
            raise InputError(f"{name}: is cut short; save or download it again")
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if end > len(data):
            raise InputError(f"{name}: is cut short; save or download it again")
        kind, body = data[at + 4 : at + 8], data[at + 8 : end - 4]
        if zlib.crc32(data[at + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            raise InputError(f"{name}: is damaged (checksum of chunk {kind!r}); save or download it again")
        yield kind, body
        if kind == b"IEND":
            return
        at = end
    raise InputError(f"{name}: is cut short; save or download it again")


def _text_of(body: bytes, name: str) -> str | None:
    """The text of an iTXt chunk if its keyword is ours, unpacked to at most 1 MiB."""
    keyword, _, rest = body.partition(b"\0")
    if keyword != KEYWORD.encode("ascii"):
        return None
    compressed, method = rest[:1], rest[1:2]
    # language and translated keyword, both ended by a zero byte, stand before the text
    parts = rest[2:].split(b"\0", 2)
    if len(parts) != 3 or compressed not in (b"\0", b"\1") or method != b"\0":
        raise InputError(f"{name}: its recipe is damaged")
    raw = parts[2]
    if compressed == b"\1":
        unpacker = zlib.decompressobj()
        try:
            raw = unpacker.decompress(raw, MAX_RECIPE_BYTES + 1)
        except zlib.error as error:
            raise InputError(f"{name}: its recipe is damaged ({error})") from error
    if len(raw) > MAX_RECIPE_BYTES:
        raise InputError(f"{name}: its recipe is larger than {MAX_RECIPE_BYTES} bytes; no recipe of ours is")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: its recipe is not UTF-8 text") from error
