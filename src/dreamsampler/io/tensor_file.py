"""Tensors by name in a file, for runs that go on where they were stopped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ..core.errors import InputError
from .atomic import write_bytes
from .content import read_own

SUFFIX = ".safetensors"


def write_tensors(path: str | os.PathLike[str], tensors: Mapping[str, Tensor], key: str) -> None:
    """Write tensors, whole or not at all, with a key that says what they belong to and a digest of their content.

    Raises:
        InputError: the path does not end in .safetensors or cannot be written.
    """
    # copies: tensors of a run may share memory, which the format does not allow
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    write_bytes(path, save(plain, {"key": key, "sha256": digest_of(plain, key)}), (SUFFIX,))


def read_tensors(path: str | os.PathLike[str], key: str) -> dict[str, Tensor]:
    """Return the tensors of `write_tensors`.

    Raises:
        InputError: there is no such file, it is damaged, changed since it was written, or belongs to something else.
    """
    name, data = os.fspath(path), read_own(path)
    try:
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{name}: is damaged ({error}); delete it to start anew") from error
    if metadata.get("key") != key:
        raise InputError(f"{name}: belongs to a run with other settings; delete it to start anew")
    if metadata.get("sha256") != digest_of(tensors, key):
        raise InputError(f"{name}: is damaged (its content does not fit its sha256); delete it to start anew")
    for field, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{name}: {field} holds NaN or infinite values; delete it to start anew")
    return tensors


def tensor_named(
    tensors: Mapping[str, Tensor], field: str, shape: Sequence[int] | None = None, dtype: torch.dtype | None = None
) -> Tensor:
    """Return one tensor of a checkpoint, of the shape and dtype that the run has.

    Raises:
        InputError: it is not there, or is another one.

    Example:
        >>> tensor_named({"z": torch.zeros(2)}, "z", (3,))
        Traceback (most recent call last):
        ...
        dreamsampler.core.errors.InputError: checkpoint: z has shape [2], expected [3]; delete it to start anew
    """
    tensor = tensors.get(field)
    if tensor is None:
        raise InputError(f"checkpoint: {field} is missing; delete it to start anew")
    if shape is not None and tuple(tensor.shape) != tuple(shape):
        raise InputError(
            f"checkpoint: {field} has shape {list(tensor.shape)}, expected {list(shape)}; delete it to start anew"
        )
    if dtype is not None and tensor.dtype != dtype:
        raise InputError(f"checkpoint: {field} is of {tensor.dtype}, expected {dtype}; delete it to start anew")
    return tensor


def digest_of(tensors: Mapping[str, Tensor], key: str = "") -> str:
    """Return SHA-256 over a key and the names, shapes, dtypes and bytes of tensors, as 64 hexadecimal digits."""
    total = hashlib.sha256(f"{key}\n".encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        total.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        total.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


def checkpoint_of(out: str | os.PathLike[str]) -> Path:
    """Where the run that will write `out` keeps its state: beside it."""
    return Path(f"{os.fspath(out)}.part{SUFFIX}")
