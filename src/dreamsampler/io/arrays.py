"""NumPy arrays and torch tensors as pictures, by exact rules: nothing about an array is guessed from its values."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from .decode import MAX_PIXELS

_RANGE = "; say what black and white are with value_range=(low, high)"


def is_array(source: object) -> bool:
    """Whether this is a NumPy array or a torch tensor."""
    return isinstance(source, np.ndarray) or _is_tensor(source)


def _is_tensor(source: object) -> bool:
    torch = sys.modules.get("torch")  # who holds a tensor has imported torch; nobody else pays for it
    return torch is not None and isinstance(source, torch.Tensor)


def to_numpy(source: Any, name: str) -> NDArray[Any]:
    """Return an array or a tensor as a NumPy array; bfloat16, which NumPy lacks, as float32.

    Raises:
        InputError: a tensor on the meta device, sparse, quantized, complex or of 8-bit floats; an array that is not of
            numbers.
    """
    if not _is_tensor(source):
        array = np.asarray(source)
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise InputError(f"{name}: array of dtype {array.dtype}; expected uint8, uint16, bool or float")
        return array
    kind = str(source.dtype).removeprefix("torch.")
    if source.device.type == "meta":
        raise InputError(f"{name}: a tensor on the meta device holds no values; pass one on the CPU")
    if str(source.layout) != "torch.strided" or source.is_quantized:
        raise InputError(f"{name}: a sparse or quantized tensor; pass a dense one (.to_dense(), .dequantize())")
    if kind.startswith(("complex", "float8", "float4", "bits")) or source.is_complex():
        raise InputError(f"{name}: a tensor of {kind}; expected uint8, bool, float32, float16 or bfloat16")
    plain = source.detach().cpu().resolve_neg()
    return (plain.float() if kind == "bfloat16" else plain).numpy()  # type: ignore[no-any-return]


def to_channels_last(source: Any, name: str, channels: tuple[int, ...], max_pixels: int = MAX_PIXELS) -> NDArray[Any]:
    """The array as [H, W, C], C one of `channels`.

    [H, W] counts as one channel, and a leading batch axis of 1 is dropped. Where both the first and the last axis could
    be the channels, the first is in a tensor and the last is in a NumPy array, as is the habit of each.

    Raises:
        InputError: another number of axes, a batch of several, no axis of channels, no pixels or too many.
    """
    tensor = _is_tensor(source)
    array = to_numpy(source, name)
    shape = list(array.shape)
    if array.ndim == 4 and shape[0] == 1:
        array = array[0]
    if array.ndim == 4:
        raise InputError(f"{name}: array of shape {shape}; expected one picture, got a batch of {shape[0]}")
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3:
        raise InputError(f"{name}: array of shape {shape}; expected [H, W], [H, W, 3] or [3, H, W]")
    first, last = array.shape[0] in channels, array.shape[2] in channels
    if not (first or last):
        allowed = " or ".join(map(str, channels))
        raise InputError(f"{name}: array of shape {shape}; expected {allowed} channels in the first or the last axis")
    if first and (tensor or not last) and len(shape) > 2:
        array = np.moveaxis(array, 0, -1)
    height, width = array.shape[:2]
    if height * width == 0:
        raise InputError(f"{name}: array of shape {shape} has no pixels")
    if height * width > max_pixels:
        raise InputError(f"{name}: {width} x {height} pixels; at most {max_pixels / 1e6:g} megapixels are read")
    return array


def to_unit(
    array: NDArray[Any], name: str, value_range: tuple[float, float] = (0.0, 1.0), hint: str = _RANGE
) -> NDArray[np.float64]:
    """Samples on a scale from 0 to 1.

    bool: False 0, True 1. uint16: 65535 is 1. Other integers: 255 is 1. Floats: `value_range` maps to [0, 1].

    Raises:
        InputError: samples that are not numbers, not finite, or outside their range.
    """
    kind = array.dtype.kind
    if kind == "b":
        return array.astype(np.float64)
    if kind not in "iuf":
        raise InputError(f"{name}: array of dtype {array.dtype}; expected uint8, uint16, bool or float")
    values = array.astype(np.float64)
    if kind == "f" and not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise InputError(f"{name}: {bad} of {values.size} samples are NaN or infinite")
    low, high = value_range if kind == "f" else (0.0, 65535.0 if array.dtype == np.uint16 else 255.0)
    if not high > low:
        raise InputError(f"value_range={value_range}: expected (low, high) with low < high")
    least, most = float(values.min()), float(values.max())
    if least < low or most > high:
        remedy = hint if kind == "f" else ""
        raise InputError(f"{name}: samples from {least:g} to {most:g}; expected {low:g} to {high:g}{remedy}")
    return (values - low) / (high - low)
