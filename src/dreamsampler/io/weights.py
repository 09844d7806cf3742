"""A safetensors file is checked by its header before a byte of it is believed; a pickle is refused unopened.

The format: 8 bytes with the header's length (little endian), the header as JSON, then the tensors' bytes without gaps.
"""

from __future__ import annotations

import json
import math
import os
import struct
from dataclasses import dataclass
from typing import Any, NoReturn

from ..core.errors import ModelError
from .content import regular_file

MAX_HEADER_BYTES = 100_000_000  # the limit of the reference implementation
_BITS = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "U8": 8, "I8": 8,
    "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip
_CONVERT = (
    "a pickle can run any program when it is opened; convert it with "
    "safetensors.torch.save_file(torch.load(FILE, weights_only=True), NEW) where you trust it"
)


@dataclass(frozen=True)
class TensorInfo:
    """One tensor as the header describes it."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class WeightsInfo:
    """What a safetensors file holds: its tensors in the order of their bytes, and the free-text metadata."""

    tensors: tuple[TensorInfo, ...]
    metadata: tuple[tuple[str, str], ...]

    @property
    def parameters(self) -> int:
        return sum(tensor.elements for tensor in self.tensors)


def check_safetensors(path: str | os.PathLike[str]) -> WeightsInfo:
    """Verify the header against the file: names, dtypes, shapes and offsets that cover the data without gap or overlap.

    Raises:
        InputError: there is no such file, or it is empty.
        ModelError: it is a pickle, damaged, cut short, or no safetensors file.

    Example:
        info = check_safetensors("model.safetensors")
        print(info.parameters)
    """
    file = regular_file(path)
    size = file.stat().st_size
    try:
        with file.open("rb") as stream:
            head = stream.read(8)
            length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
            if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
                _refuse_others(head, file.suffix.lower(), str(file))
                raise ModelError(f"{file}: is no safetensors file, or is damaged (header of {length} bytes in {size})")
            raw = stream.read(length)
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror or error})") from error
    entries, metadata = _parse(raw, str(file))
    tensors = _check_layout(entries, size - 8 - length, str(file))
    return WeightsInfo(tensors, metadata)


def _refuse_others(head: bytes, suffix: str, name: str) -> None:
    """Say what a file is that has no believable header length."""
    # zip archive, or opcode PROTO with the protocol's number
    pickled = head.startswith(b"PK\x03\x04") or head[:2] in {bytes([0x80, version]) for version in range(2, 6)}
    if pickled or suffix in (".ckpt", ".pt", ".pth", ".pkl", ".bin"):
        raise ModelError(f"{name}: is a pickle checkpoint, which is not opened: {_CONVERT}")
    if head.startswith(b"version "):
        raise ModelError(f"{name}: is a Git LFS pointer, not the weights; run git lfs pull")
    if head.startswith(b"GGUF"):
        raise ModelError(f"{name}: is a GGUF file, which is not read; use a safetensors file")


def _parse(raw: bytes, name: str) -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
    def no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) != len(keys):
            raise ValueError("a name that occurs twice")
        return dict(pairs)

    def no_constant(text: str) -> NoReturn:
        raise ValueError(f"{text} is no JSON")

    try:
        header = json.loads(raw.decode("utf-8"), object_pairs_hook=no_twins, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name}: is no safetensors file, or is damaged (header: {error})") from error
    if not isinstance(header, dict):
        raise ModelError(f"{name}: is no safetensors file (its header is no JSON object)")
    metadata = header.pop("__metadata__", {})
    texts = isinstance(metadata, dict) and all(isinstance(value, str) for value in metadata.values())
    if not texts:
        raise ModelError(f"{name}: is damaged (metadata that is not text)")
    return header, tuple(metadata.items())


def _check_layout(entries: dict[str, Any], data: int, name: str) -> tuple[TensorInfo, ...]:
    spans = sorted((_check_entry(key, entry, name) for key, entry in entries.items()), key=lambda item: item[:2])
    at = 0
    for begin, end, tensor in spans:
        if begin != at:
            raise ModelError(f"{name}: is damaged (tensor {tensor.name!r} begins at {begin}, expected {at})")
        at = end
    if at != data:
        what = "is cut short" if at > data else "is damaged"
        raise ModelError(f"{name}: {what} (tensors of {at} bytes, {data} in the file); download it again")
    return tuple(tensor for _, _, tensor in spans)


def _check_entry(key: str, entry: Any, name: str) -> tuple[int, int, TensorInfo]:
    """(begin, end, tensor) of one header entry."""

    def naturals(value: Any) -> bool:
        return isinstance(value, list) and all(type(item) is int and 0 <= item < 2**53 for item in value)

    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ModelError(f"{name}: is damaged (entry of tensor {key[:80]!r})")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BITS:
        raise ModelError(f"{name}: tensor {key[:80]!r} has the unknown type {str(dtype)[:40]!r}")
    if not naturals(shape) or not naturals(offsets) or len(offsets) != 2 or len(shape) > 32:
        raise ModelError(f"{name}: is damaged (shape or offsets of tensor {key[:80]!r})")
    begin, end = offsets
    if (end - begin) * 8 != math.prod(shape) * _BITS[dtype]:
        raise ModelError(f"{name}: is damaged (tensor {key[:80]!r} of shape {shape} in {end - begin} bytes)")
    return begin, end, TensorInfo(key, dtype, tuple(shape))
