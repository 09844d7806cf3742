"""Refuse a canvas that cannot fit before the system ends the process: Linux grants more memory than it has."""

from __future__ import annotations

from pathlib import Path

import torch

from ...core.errors import OutOfMemory

CANVASES = 4
"""Copies of the canvas that a forward and backward pass need at the least: picture, gradient, and working space."""
LARGE = 1 << 22
"""Pixels above which the free memory is looked up."""


def require_canvas(batch: int, channels: int, size: tuple[int, int], dtype: torch.dtype, device: torch.device) -> None:
    """Check the memory for rendering on the CPU; other devices raise their own error when they are full.

    Raises:
        OutOfMemory: with the largest side that would fit.
    """
    if device.type != "cpu" or size[0] * size[1] < LARGE:
        return
    free = available()
    bytes_a_pixel = CANVASES * batch * channels * dtype.itemsize
    if free is not None and bytes_a_pixel * size[0] * size[1] > free:
        side = int((free / bytes_a_pixel) ** 0.5)
        raise OutOfMemory(
            f"size: {batch} x {size[0]} x {size[1]} pixels need {bytes_a_pixel * size[0] * size[1] / 2**30:.1f} GiB, "
            f"{free / 2**30:.1f} GiB are free; at most about {side} x {side} fits"
        )


def available() -> int | None:
    """Return bytes that a process can still get, as the kernel estimates; None where it does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else None
