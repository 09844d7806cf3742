"""A checkpoint's header is verified against its file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import struct
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from dreamsampler.core.errors import DreamSamplerError, InputError, ModelError
from dreamsampler.io.content import sha256_file
from dreamsampler.io.weights import check_safetensors


def whole() -> bytes:
    tensors = {"a": torch.zeros(3, 4), "b": torch.zeros(5, dtype=torch.bfloat16), "c": torch.zeros(())}
    return save(tensors, {"format": "pt"})


def made(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(shape: object = (1,), offsets: object = (0, 4), dtype: object = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def test_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(whole())
    info = check_safetensors(path)
    assert {(tensor.name, tensor.dtype, tensor.shape) for tensor in info.tensors} == {
        ("a", "F32", (3, 4)),
        ("b", "BF16", (5,)),
        ("c", "F32", ()),
    }
    assert (info.parameters, info.metadata) == (18, (("format", "pt"),))
    assert sha256_file(path) == hashlib.sha256(whole()).hexdigest()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"short", "no safetensors"),
        (whole()[:-1], "cut short"),
        (whole() + b"\0", "damaged"),
        (whole()[:100], "no safetensors|damaged"),
        (struct.pack("<Q", 2**63) + b"{}", "no safetensors"),
        (made(b"[]"), "no JSON object"),
        (made(b"{" * 5000), "header"),
        (made(b'{"a": NaN}'), "header"),
        (made(b'{"a": 1, "a": 1}'), "twice"),
        (made({"a": entry()}, b"12345678"), "damaged"),
        (made({"a": entry(offsets=(4, 8))}, b"12345678"), "begins at 4"),
        (made({"a": entry(), "b": entry(offsets=(2, 6))}, b"123456"), "begins at 2"),
        (made({"a": entry(shape=(-1,))}, b"1234"), "shape"),
        (made({"a": entry(shape=(True,))}, b"1234"), "shape"),
        (made({"a": entry(shape=(2**60,))}, b"1234"), "shape"),
        (made({"a": entry(offsets=(4, 0))}, b"1234"), "damaged"),
        (made({"a": entry(dtype="F33")}, b"1234"), "unknown type"),
        (made({"a": entry(dtype=["F32"])}, b"1234"), "unknown type"),
        (made({"a": entry() | {"more": 1}}, b"1234"), "entry"),
        (made({"__metadata__": {"a": 1}}), "metadata"),
        (b"PK\x03\x04" + bytes(100), "pickle"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "pickle"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"GGUF" + bytes(range(1, 50)), "GGUF"),
    ],
)
def test_what_is_no_whole_safetensors_file(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=message):
        check_safetensors(path)


def test_a_header_length_that_looks_like_a_pickle_is_none(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    header = b"{}".ljust(0x010280)  # its length begins with the bytes 80 02
    path.write_bytes(made(header))
    assert check_safetensors(path).tensors == ()


def test_missing_and_empty_files(tmp_path: Path) -> None:
    (tmp_path / "empty.safetensors").touch()
    for name, message in (("no.safetensors", "no such file"), ("empty.safetensors", "0 bytes"), (".", "folder")):
        with pytest.raises(InputError, match=message):
            check_safetensors(tmp_path / name)


@settings(max_examples=150, deadline=None)
@given(position=st.integers(0, 200), byte=st.integers(0, 255))
def test_one_changed_byte_never_escapes_as_another_error(
    tmp_path_factory: pytest.TempPathFactory, position: int, byte: int
) -> None:
    data = bytearray(whole())
    data[position % len(data)] = byte
    path = tmp_path_factory.getbasetemp() / "changed.safetensors"
    path.write_bytes(data)
    with contextlib.suppress(DreamSamplerError):
        check_safetensors(path)
