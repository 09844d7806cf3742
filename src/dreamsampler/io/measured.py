"""Measurements on disk: a picture, or an array of floats that no 8-bit file could hold."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from ..core.errors import InputError
from .arrays import is_array, to_numpy
from .atomic import write_bytes
from .content import read_bytes, sha256_bytes
from .decode import MAX_PIXELS
from .images import Source, read_image
from .png import write_png

SUFFIXES = (".png", ".npy", ".safetensors")
FARTHEST = 100.0
"""Largest absolute value of a measurement: black is -1, white is 1, and noise and ringing go beyond."""

KEY = "measurement"


@dataclass(frozen=True, eq=False)
class Measured:
    """A measurement that was checked.

    Attributes:
        values: float32 [c, h, w], read-only, in units of pictures from -1 (black) to 1 (white); noise may go beyond.
        sha256: of the file's bytes; for an array, of its shape and values.
        name: how messages call it.
        notes: what was done to it, in words.
    """

    values: NDArray[np.float32]
    sha256: str
    name: str = KEY
    notes: tuple[str, ...] = ()

    @property
    def grey(self) -> bool:
        """Whether all channels are equal."""
        return bool((self.values == self.values[:1]).all())


def read_measurement(source: Source) -> Measured:
    """Read a measurement.

    .npy and .safetensors files (one tensor, or the one called "measurement") hold numbers from -1 to 1 and are taken as
    they are, as are arrays of floats; anything else is a picture, 0 to 255. Axes: [h, w], [c, h, w] or [h, w, c] with 1
    or 3 channels. Pickled objects are never read.

    Raises:
        InputError: unreadable, of another shape, not finite or too large.
    """
    suffix = Path(source).suffix.lower() if isinstance(source, str | os.PathLike) else ""
    if suffix in (".npy", ".safetensors"):
        data = read_bytes(source)  # type: ignore[arg-type]
        name = os.fspath(source)  # type: ignore[arg-type]
        stored = _npy(data, name) if suffix == ".npy" else _tensor(data, name)
        return Measured(_checked(stored, name), sha256_bytes(data), name)
    array: Any = to_numpy(source, KEY) if is_array(source) else source
    if isinstance(array, np.ndarray) and array.dtype.kind == "f":
        values = _checked(array, KEY)
        return Measured(values, sha256_bytes(repr(values.shape).encode() + values.tobytes()))
    picture = read_image(source)
    values = (picture.pixels.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1)
    return Measured(_checked(values, picture.name), picture.sha256, picture.name, picture.notes)


def write_measurement(path: str | os.PathLike[str], values: NDArray[np.float32]) -> tuple[str, ...]:
    """Write [c, h, w] values to .png (rounded to 8 bits, cut off at black and white), .npy or .safetensors.

    Returns:
        What was lost, in words.

    Raises:
        InputError: another ending, or the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{os.fspath(path)}: expected a name that ends in {', '.join(SUFFIXES)}")
    values = np.ascontiguousarray(values, dtype=np.float32)
    if suffix == ".png":
        cut = float(np.mean(np.abs(values) > 1.0))
        pixels = np.rint((values.clip(-1, 1) + 1) * 127.5).astype(np.uint8).transpose(1, 2, 0)
        write_png(path, pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        lost = (f"{100 * cut:.1f} % of the values lie beyond black or white and were cut off",) if cut else ()
        return ("rounded to 8 bits; .npy keeps every value", *lost)
    stream = io.BytesIO()
    if suffix == ".npy":
        np.save(stream, values, allow_pickle=False)
    else:
        stream.write(save_tensors({KEY: values}))
    write_bytes(path, stream.getvalue(), SUFFIXES)
    return ()


def read_kernel(path: str | os.PathLike[str]) -> NDArray[np.float64]:
    """A blur kernel [h, w]: numbers from .npy or .safetensors, or the brightness of a picture, scaled to sum 1.

    Raises:
        InputError: unreadable, of another shape, or not finite.
    """
    if Path(path).suffix.lower() in (".npy", ".safetensors"):
        data, name = read_bytes(path), os.fspath(path)
        array = _npy(data, name) if Path(path).suffix.lower() == ".npy" else _tensor(data, name)
        if array.ndim != 2 or array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise InputError(f"{name}: {array.dtype} of shape {list(array.shape)}; expected a finite [h, w] kernel")
        return array.astype(np.float64)
    brightness = read_image(path).pixels.astype(np.float64).mean(2)
    if brightness.sum() <= 0:
        raise InputError(f"{os.fspath(path)}: a black picture is no kernel; draw the blur of a point in white")
    return brightness / brightness.sum()


def _npy(data: bytes, name: str) -> NDArray[Any]:
    try:
        return np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError, MemoryError) as error:
        # numpy's own words would recommend to unpickle the file
        raise InputError(f"{name}: is no .npy file of numbers; save an array of floats with numpy.save") from error


def _tensor(data: bytes, name: str) -> NDArray[Any]:
    try:
        tensors = load_tensors(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{name}: is no .safetensors file of numbers ({error})") from error
    if KEY not in tensors and len(tensors) != 1:
        raise InputError(f"{name}: holds {', '.join(sorted(tensors)) or 'nothing'}; expected one called {KEY!r}")
    return tensors[KEY] if KEY in tensors else next(iter(tensors.values()))


def _checked(array: NDArray[Any], name: str) -> NDArray[np.float32]:
    """[c, h, w], float32, finite."""
    if array.ndim == 4 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 2:
        array = array[None]
    elif array.ndim == 3 and array.shape[0] not in (1, 3) and array.shape[2] in (1, 3):
        array = array.transpose(2, 0, 1)
    if array.ndim != 3 or array.shape[0] not in (1, 3) or array.size == 0 or array.dtype.kind not in "fiu":
        raise InputError(
            f"{name}: {array.dtype} of shape {list(array.shape)}; expected numbers [h, w], [c, h, w] or [h, w, c] with "
            "1 or 3 channels"
        )
    if array.shape[1] * array.shape[2] > MAX_PIXELS:
        raise InputError(f"{name}: {array.shape[2]} x {array.shape[1]} values; at most {MAX_PIXELS / 1e6:g} megapixels")
    if array.dtype.kind in "iu":
        raise InputError(f"{name}: whole numbers ({array.dtype}); expected floats from -1 to 1, or a picture file")
    if not np.isfinite(array).all():
        raise InputError(f"{name}: has NaN or infinite values; mend the file")
    low, high = float(array.min()), float(array.max())
    if max(-low, high) > FARTHEST:
        raise InputError(f"{name}: values from {low:g} to {high:g}; expected about -1 (black) to 1 (white)")
    values = np.ascontiguousarray(array, dtype=np.float32)
    values.setflags(write=False)
    return values
