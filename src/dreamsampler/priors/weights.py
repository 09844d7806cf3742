"""Checkpoints on disk: looked at before they are believed.

A safetensors file is eight bytes with the length of a JSON header, the header, and the tensors' bytes. The header is
checked against the file's size before any library maps it. Pickles are refused: loading one runs its code.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from ..core.errors import ModelError
from ..io.content import sha256_file

PICKLES = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"}
LARGEST_HEADER = 100_000_000
ITEM_BYTES = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
    "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Header:
    """What a safetensors file says of itself: shape by tensor name, and free text."""

    shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        return sum(math.prod(shape) for shape in self.shapes.values())


def refuse_pickle(path: Path) -> None:
    """Raise `ModelError` for the name of a pickled checkpoint."""
    if path.suffix.lower() in PICKLES:
        raise ModelError(
            f"{path} is a pickled checkpoint, which can run code when it is read; convert it where you trust it: "
            "`pipe = StableDiffusionPipeline.from_single_file(FILE); pipe.save_pretrained(FOLDER)`, then load FOLDER"
        )


def read_header(path: Path) -> Header:
    """Read and check the header of a safetensors file; the tensors are not touched.

    Raises:
        ModelError: pickled, missing, empty, truncated, longer than its header says, or no safetensors file at all.
    """
    refuse_pickle(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or not 2 <= length <= min(LARGEST_HEADER, size - 8):
                raise damaged(path, f"{size} bytes, no valid header")
            entries = json.loads(file.read(length))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise damaged(path, "its header is not JSON") from error
    if not isinstance(entries, dict):
        raise damaged(path, "its header is not a table")
    metadata = entries.pop("__metadata__", None) or {}
    shapes: dict[str, tuple[int, ...]] = {}
    end = 0
    for name, entry in entries.items():
        shapes[name], last = _checked_entry(path, name, entry)
        end = max(end, last)
    if 8 + length + end != size:
        raise damaged(path, f"{size} bytes, its header speaks of {8 + length + end}")
    return Header(shapes, {str(k): str(v) for k, v in metadata.items()} if isinstance(metadata, dict) else {})


def _checked_entry(path: Path, name: str, entry: object) -> tuple[tuple[int, ...], int]:
    """(shape, end offset) of one tensor of the header."""
    try:
        shape, (start, last) = tuple(entry["shape"]), entry["data_offsets"]  # type: ignore[index]
        item = ITEM_BYTES[entry["dtype"]]  # type: ignore[index]
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"tensor {name!r} is not described as the format asks") from error
    if not all(isinstance(n, int) and n >= 0 for n in (*shape, start, last)):
        raise damaged(path, f"tensor {name!r} has a shape or offset that is not a natural number")
    if last - start != item * math.prod(shape):
        raise damaged(path, f"tensor {name!r} has {last - start} bytes, its shape needs {item * math.prod(shape)}")
    return shape, last


def damaged(path: Path, why: str) -> ModelError:
    return ModelError(f"{path} is damaged or not a safetensors file ({why}); download or copy it again")


@lru_cache(maxsize=64)
def _digest(path: Path, size: int, modified: int) -> str:
    return sha256_file(path)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file; computed once per process for each version of the file."""
    stat = path.stat()
    return _digest(path.resolve(), stat.st_size, stat.st_mtime_ns)


def fingerprint(tensors: Iterable[tuple[str, Tensor]]) -> str | None:
    """SHA-256 over the names, shapes and bytes of a model in memory; None if some of it is not (offloaded)."""
    total = hashlib.sha256()
    for name, tensor in sorted(tensors, key=lambda pair: pair[0]):
        if tensor.device.type == "meta":
            return None
        total.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        total.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()
