"""Two hundred damaged, hostile and mistaken inputs: each ends in an InputError or a picture, and no half file."""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.io.fit import plan_fit
from dreamsampler.io.images import read_image
from dreamsampler.io.masks import read_mask
from dreamsampler.io.png import read_recipe_text, write_png
from dreamsampler.io.tensors import to_pixels, to_tensor
from tests.io.pictures import encoded, gradient

KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")
HUGE = 100_000


def whole(kind: str) -> bytes:
    return encoded(gradient(24, 32), kind)


def png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    packed = [struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def ihdr(width: int, height: int, depth: int = 8, color: int = 2) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)


def jpeg_of_size(width: int, height: int) -> bytes:
    data = bytearray(whole("JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def bmp_of_size(width: int, height: int) -> bytes:
    data = bytearray(whole("BMP"))
    data[18:26] = struct.pack("<ii", width, height)
    return bytes(data)


def gif_of_size(width: int, height: int) -> bytes:
    data = bytearray(whole("GIF"))
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


def tiff_of_size(width: int, height: int) -> bytes:
    """A TIFF directory of four entries that claims a size and holds one strip of nothing."""
    entries = [(256, 4, 1, width), (257, 4, 1, height), (262, 3, 1, 1), (273, 4, 1, 8)]
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + bytes(4)


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files whose headers promise more pixels than any machine should unpack."""
    idat = b"IDAT", zlib.compress(bytes(10_000))
    yield "PNG", png([ihdr(HUGE, HUGE), idat, (b"IEND", b"")])
    yield "PNG 1-bit", png([ihdr(2**31 - 1, 2**31 - 1, 1, 0), idat, (b"IEND", b"")])
    yield "PNG row", png([ihdr(2**20, 1), idat, (b"IEND", b"")])
    yield "PNG just too large", png([ihdr(8001, 8000), idat, (b"IEND", b"")])
    yield "JPEG", jpeg_of_size(65_000, 65_000)
    yield "BMP", bmp_of_size(HUGE, HUGE)
    yield "GIF", gif_of_size(65_535, 65_535)
    yield "TIFF", tiff_of_size(HUGE, HUGE)
    yield "PPM", b"P6\n100000 100000\n255\n" + bytes(100)
    yield "WEBP", whole("WEBP")[:12] + b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\xff\xff\xff\xff\xff"


STRANGERS = {
    "nothing": b"",
    "one byte": b"\0",
    "zeros": bytes(5000),
    "text": b"hello there",
    "web page": b"<!DOCTYPE html><html></html>",
    "SVG": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "PDF": b"%PDF-1.7\n",
    "zip": b"PK\x03\x04" + bytes(100),
    "gzip": gzip.compress(b"picture"),
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n",
    "Photoshop": b"8BPS\0\1" + bytes(40),
    "HEIC": b"\0\0\0\x18ftypheic" + bytes(40),
    "MP4": b"\0\0\0\x18ftypisom" + bytes(40),
    "WAV": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
    "pickle": b"\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94.",
    "safetensors": struct.pack("<Q", 2) + b"{}",
    "NumPy": b"\x93NUMPY\x01\0" + bytes(60),
    "program": b"\x7fELF" + bytes(60),
    "LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    "JPEG XL": b"\xff\x0a" + bytes(60),
    "UTF-16": "hello".encode("utf-16"),
    "PNG of size 0": png([ihdr(0, 0), (b"IEND", b"")]),
    "PNG without data": png([ihdr(8, 8), (b"IEND", b"")]),
    "PNG without header": png([(b"IEND", b"")]),
    "PNG of depth 3": png([ihdr(8, 8, 3), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]),
    "PNG of garbage": png([ihdr(8, 8), (b"IDAT", b"not deflated"), (b"IEND", b"")]),
    "PNG of another size": png([ihdr(80, 80), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]),
    "PPM of words": b"P6\nmany pixels\n255\n",
    "PPM of negative size": b"P6\n-5 5\n255\n" + bytes(100),
    "TIFF that points at itself": b"II*\0\x08\0\0\0" + struct.pack("<H", 0) + struct.pack("<I", 8),
    "GIF without pictures": b"GIF89a\x08\0\x08\0\x80\0\0" + bytes(6) + b";",
}


def truncated() -> Iterator[tuple[str, bytes]]:
    for kind in KINDS:
        data = whole(kind)
        for share in (0.02, 0.1, 0.25, 0.5, 0.75, 0.8):
            yield f"{kind} cut at {share:.0%}", data[: max(1, int(len(data) * share))]


def changed() -> Iterator[tuple[str, bytes]]:
    """Bytes overwritten at random: some still decode, none may raise anything but InputError."""
    rng = np.random.default_rng(0)
    for kind in KINDS:
        data = np.frombuffer(whole(kind), dtype=np.uint8)
        for k in range(14):
            copy = data.copy()
            # half of them in the header, where sizes and offsets stand
            reach = min(64, len(copy)) if k % 2 else len(copy)
            where = rng.integers(0, reach, size=1 + k // 2)
            copy[where] = rng.integers(0, 256, size=len(where))
            yield f"{kind} changed {k}", copy.tobytes()


BOMBS, TRUNCATED, CHANGED = dict(bombs()), dict(truncated()), dict(changed())
ALL = STRANGERS | BOMBS | TRUNCATED | CHANGED


def redraw(source: Path, output: Path) -> None:
    """What every command does around its model: read, lay on a grid, undo, write."""
    picture = read_image(source)
    fit = plan_fit(picture.size, multiple=8, native=32)
    images = fit.undo(fit.apply(to_tensor(picture.pixels)))
    write_png(output, to_pixels(images)[0], "{}")


def test_there_are_two_hundred() -> None:
    assert len(ALL) >= 200


def test_whole_files_pass(tmp_path: Path) -> None:
    for kind in KINDS:
        (tmp_path / "in").write_bytes(whole(kind))
        redraw(tmp_path / "in", tmp_path / "out.png")
        assert read_image(tmp_path / "out.png").size == (32, 24)


@pytest.mark.parametrize("name", [*STRANGERS, *TRUNCATED])
def test_strangers_and_cut_files_are_refused_by_name(name: str, tmp_path: Path) -> None:
    source, folder = tmp_path / "in.png", tmp_path / "out"
    source.write_bytes(ALL[name])
    folder.mkdir()
    with pytest.raises(InputError) as caught:
        redraw(source, folder / "out.png")
    message = str(caught.value)
    assert str(source) in message
    assert "\n" not in message
    assert os.listdir(folder) == []


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_by_their_header(name: str) -> None:
    # this sentence is said before anything is decoded; after it there is nothing left to measure
    with pytest.raises(InputError, match=r"megapixels|exceeds limit"):
        read_image(BOMBS[name])


@pytest.mark.parametrize("name", CHANGED)
def test_changed_files_give_a_picture_or_an_input_error(name: str, tmp_path: Path) -> None:
    source, folder = tmp_path / "in.png", tmp_path / "out"
    source.write_bytes(CHANGED[name])
    folder.mkdir()
    try:
        redraw(source, folder / "out.png")
    except InputError:
        assert os.listdir(folder) == []
    else:
        assert os.listdir(folder) == ["out.png"]


def test_masks_and_recipes_refuse_the_same_files() -> None:
    for name in (*STRANGERS, *BOMBS):
        with pytest.raises(InputError):
            read_mask(ALL[name], (32, 24))
        with pytest.raises(InputError):
            read_recipe_text(ALL[name])
    for data in CHANGED.values():
        for read in (lambda data: read_mask(data, (32, 24)), read_recipe_text):
            try:
                read(data)
            except InputError:
                continue
