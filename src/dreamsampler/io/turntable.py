"""An object turning, as an endless GIF or WebP."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import InputError
from .atomic import replacing
from .sheets import write_gif


def write_turntable(path: str | os.PathLike[str], frames: Sequence[NDArray[np.uint8]], seconds: float = 4.0) -> None:
    """Write one turn that repeats for ever.

    Args:
        path: must end in .gif or .webp.
        frames: uint8 [H, W, 3] each, of one size.
        seconds: one turn.

    Raises:
        InputError: no frames, another ending, or a path that cannot be written.
    """
    if Path(os.fspath(path)).suffix.lower() == ".gif":
        write_gif(path, list(frames), seconds=seconds, hold=0.0)
        return
    if not len(frames) or not 0.0 < seconds < 600.0:
        raise InputError(f"turntable: {len(frames)} frames in {seconds} seconds; expected some of both")
    pictures = [Image.fromarray(frame) for frame in frames]
    with replacing(path, (".gif", ".webp")) as temporary:
        pictures[0].save(
            temporary,
            "WEBP",
            save_all=True,
            append_images=pictures[1:],
            duration=max(20, round(seconds * 1000 / len(pictures))),
            loop=0,
            quality=90,
        )
