"""Weights files: damaged ones are recognized before any library maps them; digests."""

import hashlib
import json
import struct
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from dreamsampler.core.errors import ModelError
from dreamsampler.priors.weights import fingerprint, read_header, sha256


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.safetensors"
    tensors = {"a": torch.zeros(2, 3), "b": torch.zeros(4, dtype=torch.bfloat16), "empty": torch.zeros(0)}
    save_file(tensors, path, metadata={"modelspec.prediction_type": "v"})
    return path


def write(path: Path, header: object, body: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return path


def test_names_shapes_and_metadata(good: Path) -> None:
    header = read_header(good)
    assert header.shapes == {"a": (2, 3), "b": (4,), "empty": (0,)}
    assert header.parameters == 10
    assert header.metadata == {"modelspec.prediction_type": "v"}


@pytest.mark.parametrize("name", ["m.ckpt", "m.pt", "m.pth", "m.bin", "M.CKPT", "m.pkl"])
def test_pickles_are_refused_unread(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=r"pickled checkpoint.*from_single_file"):
        read_header(tmp_path / name)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file"):
        read_header(tmp_path / "nothing.safetensors")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 10_000))
def test_every_truncation_is_found(good: Path, tmp_path: Path, cut: int) -> None:
    content = good.read_bytes()
    short = tmp_path / "short.safetensors"
    short.write_bytes(content[: cut % len(content)])
    with pytest.raises(ModelError, match=r"damaged or not a safetensors file|is empty"):
        read_header(short)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_other_files_are_no_safetensors(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "noise.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"damaged or not a safetensors file|is empty"):
        read_header(path)


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"{" * 5000,
        {"a": ENTRY | {"shape": [3]}},
        {"a": ENTRY | {"shape": [-2]}},
        {"a": ENTRY | {"shape": "2"}},
        {"a": ENTRY | {"dtype": "F99"}},
        {"a": ENTRY | {"data_offsets": [0]}},
        {"a": ENTRY | {"data_offsets": [8, 16]}},
        {"a": {"shape": [2]}},
        {"a": 5},
    ],
)
def test_headers_that_do_not_describe_the_bytes(tmp_path: Path, header: object) -> None:
    with pytest.raises(ModelError, match="damaged or not a safetensors file"):
        read_header(write(tmp_path / "bad.safetensors", header, bytes(8)))
    assert read_header(write(tmp_path / "fine.safetensors", {"a": ENTRY}, bytes(8))).shapes == {"a": (2,)}


def test_digests(good: Path) -> None:
    assert sha256(good) == hashlib.sha256(good.read_bytes()).hexdigest()
    good.write_bytes(b"other")
    assert sha256(good) == hashlib.sha256(b"other").hexdigest()


def test_fingerprints_follow_every_bit() -> None:
    a, b = torch.zeros(3, dtype=torch.bfloat16), torch.arange(4.0).reshape(2, 2)
    first = fingerprint([("a", a), ("b", b)])
    assert first == fingerprint([("b", b.t().contiguous().t()), ("a", a.clone())])
    assert first != fingerprint([("a", a), ("b", b + 1e-7)])
    assert first != fingerprint([("a", a), ("c", b)])
    assert first != fingerprint([("a", a), ("b", b.reshape(4))])
    assert fingerprint([("a", torch.zeros(1, device="meta"))]) is None
