"""Tensors by name in a file, for runs that go on where they were stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ..core.errors import InputError
from .atomic import write_bytes
from .content import read_bytes

SUFFIX = ".safetensors"


def write_tensors(path: str | os.PathLike[str], tensors: Mapping[str, Tensor], key: str) -> None:
    """Write tensors, whole or not at all, with a key that says what they belong to.

    Raises:
        InputError: the path does not end in .safetensors or cannot be written.
    """
    # copies: tensors of a run may share memory, which the format does not allow
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    write_bytes(path, save(plain, {"key": key}), (SUFFIX,))


def read_tensors(path: str | os.PathLike[str], key: str) -> dict[str, Tensor]:
    """The tensors of `write_tensors`.

    Raises:
        InputError: there is no such file, it is damaged, or it belongs to something else.
    """
    data = read_bytes(path)
    try:
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        found = json.loads(data[8 : 8 + length]).get("__metadata__", {}).get("key")
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{os.fspath(path)}: is damaged ({error}); delete it to start anew") from error
    if found != key:
        raise InputError(f"{os.fspath(path)}: belongs to a run with other settings; delete it to start anew")
    return tensors


def checkpoint_of(out: str | os.PathLike[str]) -> Path:
    """Where the run that will write `out` keeps its state: beside it."""
    return Path(f"{os.fspath(out)}.part{SUFFIX}")
