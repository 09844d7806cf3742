"""Checkpoints on disk: looked at before they are believed.

A safetensors file is eight bytes with the length of a JSON header, the header, and the tensors' bytes. The header is
checked against the file's size before any library maps it. Pickles are refused: loading one runs its code.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from ..core.errors import InputError, ModelError
from ..io.content import sha256_file
from ..io.weights import check_safetensors

PICKLES = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"}


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
        info = check_safetensors(path)
    except InputError as error:
        raise ModelError(str(error)) from error
    except ModelError as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise ModelError(
            f"{path} is damaged or not a safetensors file ({reason}); download or copy it again"
        ) from error
    return Header({tensor.name: tensor.shape for tensor in info.tensors}, dict(info.metadata))


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
