"""A PNG carries its recipe, and a stranger's PNG does no harm."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamsampler.core.errors import InputError
from dreamsampler.io.images import read_image
from dreamsampler.io.png import MAX_RECIPE_BYTES, encode_png, read_recipe_text, write_png
from tests.io.pictures import gradient

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def carrying(*bodies: bytes) -> bytes:
    """A PNG whose iTXt chunks have these contents."""
    return SIGNATURE + b"".join(chunk(b"iTXt", body) for body in bodies) + chunk(b"IEND", b"")


def test_round_trip_through_a_file(tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    write_png(path, gradient(), '{"prompt": "ein Bär 🐻"}')
    assert read_recipe_text(path) == '{"prompt": "ein Bär 🐻"}'
    np.testing.assert_array_equal(read_image(path).pixels, gradient())
    assert os.listdir(tmp_path) == ["out.png"]


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=300))
def test_any_text_comes_back(text: str) -> None:
    assert read_recipe_text(encode_png(gradient(2, 2), text)) == text


def test_an_uncompressed_chunk_is_read_too() -> None:
    assert read_recipe_text(carrying(b"dreamsampler\0\0\0en\0word\0{}")) == "{}"


BOMB = zlib.compress(b" " * (64 * MAX_RECIPE_BYTES))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a PNG"),
        (b"GIF89a", "not a PNG"),
        (SIGNATURE, "cut short"),
        (encode_png(gradient()), "no recipe"),
        (encode_png(gradient(), "{}")[:60], "cut short"),
        (encode_png(gradient(), "{}").replace(b"dreamsampler", b"dreamsamplex"), "damaged"),
        (carrying(b"dreamsampler\0\1\0\0\0" + BOMB), "larger than"),
        (carrying(b"dreamsampler\0\1\0\0\0no zlib"), "damaged"),
        (carrying(b"dreamsampler\0\2\0\0\0{}"), "damaged"),
        (carrying(b"dreamsampler\0\0"), "damaged"),
        (carrying(b"dreamsampler\0\0\0\0\0\xff\xfe"), "UTF-8"),
        (carrying(*[b"dreamsampler\0\0\0\0\0{}"] * 2), "2 recipes"),
    ],
)
def test_files_without_a_usable_recipe(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_recipe_text(data)


def test_what_cannot_be_a_png_is_refused_and_nothing_written(tmp_path: Path) -> None:
    for pixels in (gradient().astype(float), gradient()[..., :2], np.zeros((0, 3, 3), np.uint8)):
        with pytest.raises(InputError, match="expected uint8"):
            write_png(tmp_path / "out.png", pixels)
    with pytest.raises(InputError, match="at most"):
        write_png(tmp_path / "out.png", gradient(), "x" * (MAX_RECIPE_BYTES + 1))
    with pytest.raises(InputError, match=r"\.png"):
        write_png(tmp_path / "out.jpg", gradient())
    assert os.listdir(tmp_path) == []
