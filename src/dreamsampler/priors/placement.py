"""Where a prior runs and in which precision, and what to say when it does not fit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from ..core.errors import InputError, ModelError, OutOfMemory

DTYPES = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "fp32": torch.float32,
    "fp16": torch.float16,
    "half": torch.float16,
    "bf16": torch.bfloat16,
}
GIB = 2**30


def dtype_name(dtype: torch.dtype) -> str:
    """The name "float32" for torch.float32."""
    return str(dtype).removeprefix("torch.")


def choose_device(name: str | torch.device | None = None) -> torch.device:
    """The device asked for, or the best one that is there: an accelerator of CUDA or Apple's, else the CPU.

    Raises:
        InputError: the name is not a device.
        ModelError: the device is not on this machine.
    """
    if name is None:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"device={name!r}: expected 'cpu', 'cuda', 'cuda:0' or 'mps'") from error
    present = {
        "cpu": 1,
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
    }
    if device.type not in present:
        raise InputError(f"device={name!r}: expected 'cpu', 'cuda', 'cuda:0' or 'mps'")
    if (device.index or 0) >= present[device.type]:
        here = ", ".join(kind for kind, count in present.items() if count)
        raise ModelError(f"device={str(device)!r} is not on this machine or this build of torch; here: {here}")
    return device


def choose_dtype(name: str | torch.dtype | None, device: torch.device) -> torch.dtype:
    """The precision asked for; else float16 on CUDA and float32 everywhere else.

    float16 rather than bfloat16 on CUDA: its 11 significant bits against 8 keep an inversion exact for longer.

    Raises:
        InputError: the name is not one of float32, float16, bfloat16 (or fp32, fp16, bf16).
    """
    if name is None:
        return torch.float16 if device.type == "cuda" else torch.float32
    dtype = DTYPES.get(name.removeprefix("torch.")) if isinstance(name, str) else name
    if dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise InputError(f"dtype={name!r}: expected 'float32', 'float16' or 'bfloat16'")
    return dtype


def free_memory(device: torch.device) -> int | None:
    """Bytes that can still be allocated, or None where the system does not say."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        if (info := Path("/proc/meminfo")).exists():
            lines = dict(line.split(":", 1) for line in info.read_text().splitlines())
            return int(lines["MemAvailable"].split()[0]) * 1024
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, KeyError):
        return None


def check_fits(parameters: int, device: torch.device, dtype: torch.dtype, free: int | None) -> None:
    """Say before loading that the weights cannot fit: on a CPU the system would end the process without a word.

    Args:
        parameters: number of weights to load.
        free: bytes at hand, `free_memory(device)`; None skips the check.

    Raises:
        OutOfMemory: with the cheapest precision that would fit, if any does.
    """
    need = parameters * dtype.itemsize
    if free is None or need <= free:
        return
    half = "float16" if device.type == "cuda" else "bfloat16"
    if dtype.itemsize > 2 and 2 * parameters <= free:
        remedy = f"use dtype={half!r}: {2 * parameters / GIB:.1f} GiB"
    else:
        remedy = "use a smaller model, or pass a diffusers pipeline with offloading or quantization switched on"
    raise OutOfMemory(
        f"the weights take {need / GIB:.1f} GiB in {dtype_name(dtype)} but {free / GIB:.1f} GiB are free on "
        f"{device.type}; {remedy}"
    )


def cheaper(rows: int, max_batch: int | None, dtype: torch.dtype, device: torch.device, size: str) -> str:
    """The next setting to try after running out of memory, the one that costs least quality first."""
    if rows > 1 and max_batch != 1:
        return "use max_batch=1 (the branches of a step one after the other: same result, slower)"
    if dtype == torch.float32 and device.type != "cpu":
        return "use dtype='float16'"
    if dtype == torch.float32:
        return "use dtype='bfloat16'"
    return f"use pictures smaller than {size}, or pass a diffusers pipeline with enable_sequential_cpu_offload()"


@contextmanager
def memory_guard(what: str, remedy: str) -> Iterator[None]:
    """Turn an allocator's failure into `OutOfMemory` with a remedy; every other error passes through."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(f"out of memory {what}; {remedy}") from error
    except RuntimeError as error:
        # the CPU's allocator has no exception class of its own
        if "allocate memory" in str(error) or "out of memory" in str(error):
            raise OutOfMemory(f"out of memory {what}; {remedy}") from error
        raise
