"""Checkpoints: whole, of this run, and as they were written."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from dreamsampler.core.errors import InputError
from dreamsampler.io.tensor_file import digest_of, read_tensors, tensor_named, write_tensors

TENSORS = {"z": torch.arange(6.0).reshape(2, 3), "step": torch.tensor(4), "half": torch.ones(2, dtype=torch.bfloat16)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_tensors(tmp_path / "run.safetensors", TENSORS, "key")
    return tmp_path / "run.safetensors"


def test_a_round_trip(path: Path) -> None:
    for name, tensor in read_tensors(path, "key").items():
        assert torch.equal(tensor, TENSORS[name])
    with pytest.raises(InputError, match="other settings"):
        read_tensors(path, "another")


def test_every_flipped_bit_is_found(path: Path) -> None:
    data = path.read_bytes()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        try:
            same = read_tensors(path, "key")
        except InputError:
            continue
        # a flip in the padding of the header changes nothing
        assert digest_of(same, "key") == digest_of(TENSORS, "key")


def test_forged_ones_are_refused(path: Path) -> None:
    save_file(TENSORS, path, {"key": "key"})
    with pytest.raises(InputError, match="does not fit its sha256"):
        read_tensors(path, "key")
    broken = TENSORS | {"z": torch.full((2, 3), float("nan"))}
    write_tensors(path, broken, "key")
    with pytest.raises(InputError, match="z holds NaN"):
        read_tensors(path, "key")


def test_fields_are_named() -> None:
    with pytest.raises(InputError, match="velocity is missing"):
        tensor_named(TENSORS, "velocity")
    with pytest.raises(InputError, match=r"z has shape \[2, 3\], expected \[3, 2\]"):
        tensor_named(TENSORS, "z", (3, 2))
    with pytest.raises(InputError, match=r"step is of torch\.int64"):
        tensor_named(TENSORS, "step", (), torch.float32)
