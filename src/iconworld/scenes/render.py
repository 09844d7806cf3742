"""Pictures of SVG text, by resvg (the only file that imports it)."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

from dreamsampler.core.errors import InputError

MAX_SIDE = 4096


def check_size(size: int) -> int:
    """A picture's side in pixels, 1..4096.

    Raises:
        InputError: for any other value.
    """
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or not 1 <= size <= MAX_SIDE:
        raise InputError(f"size is {size!r}: give a whole number of pixels from 1 to {MAX_SIDE}")
    return int(size)


def rasterize(svg: str, size: int, antialias: bool = True) -> NDArray[np.uint8]:
    """Draw a square SVG document at `size` x `size` pixels; returns uint8 `[size, size, 4]`, straight alpha.

    Raises:
        InputError: if the text is not an SVG that can be drawn.
    """
    side = check_size(size)
    mode: Literal["geometric_precision", "optimize_speed"] = "geometric_precision" if antialias else "optimize_speed"
    try:
        data = resvg_py.svg_to_bytes(
            svg_string=svg, width=side, height=side, skip_system_fonts=True, shape_rendering=mode
        )
    except ValueError as error:
        raise InputError(f"the SVG cannot be drawn: {error}") from error
    with Image.open(io.BytesIO(bytes(data))) as image:
        return np.array(image.convert("RGBA"))
