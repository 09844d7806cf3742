"""The course of an optimization as a GIF, or as an SVG that browsers play (SMIL)."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from ...core.errors import InputError
from ...io.atomic import write_bytes, write_text
from .drawing import Drawing
from .pathdata import path_data
from .writer import document, hex_color, opacity_text, path_attributes


def write_gif(
    frames: Sequence[Tensor], path: str | os.PathLike[str], *, seconds: float = 3.0, hold: float = 1.0
) -> Path:
    """Write images `[3, H, W]` or `[1, 3, H, W]` in [0, 1] as a GIF that loops.

    Args:
        seconds: time for all frames; GIF counts in hundredths of a second and viewers slow down below two.
        hold: how much longer the last frame stays.

    Raises:
        InputError: no frames, frames of different sizes, or a path that cannot be written.
    """
    if not frames:
        raise InputError("frames: none given; an animation needs at least one")
    pictures = [_picture(frame) for frame in frames]
    if len({picture.size for picture in pictures}) > 1:
        raise InputError("frames: of different sizes; render them all at one size")
    pace = max(20, round(1000 * seconds / len(pictures)))
    # One palette for all frames, made from the last: with one a frame the flat areas flicker.
    palette = pictures[-1].quantize(255)
    indexed = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    buffer = io.BytesIO()
    durations = [pace] * (len(indexed) - 1) + [pace + round(1000 * hold)]
    indexed[0].save(buffer, "GIF", save_all=True, append_images=indexed[1:], duration=durations, loop=0)
    write_bytes(path, buffer.getvalue(), (".gif",))
    return Path(path)


def _picture(frame: Tensor) -> Image.Image:
    pixels = frame.detach().cpu().reshape(frame.shape[-3:]).clamp(0, 1).mul(255).round().byte()
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())


def write_animated_svg(
    drawings: Sequence[Drawing],
    path: str | os.PathLike[str],
    *,
    seconds: float = 3.0,
    title: str = "",
    provenance: Mapping[str, Any] | None = None,
    decimals: int = 1,
) -> Path:
    """Write key frames of one structure as an SVG that plays once and stays on the last.

    What does not know SMIL (editors, rasterizers) shows the last frame, which is the plain drawing.

    Raises:
        InputError: no frames, or frames of different structure or size.
    """
    if not drawings:
        raise InputError("drawings: none given; an animation needs at least one")
    drawings = [drawing.plain() for drawing in drawings]
    last = drawings[-1]
    if any(d.structure != last.structure or d.size != last.size for d in drawings):
        raise InputError("drawings: key frames must have the same paths and size")
    shapes = [drawing.shapes() for drawing in drawings]
    data = [[path_data(shape.contours, decimals, lines=False) for shape in frame] for frame in shapes]
    bodies = []
    for number, attributes in enumerate(path_attributes(last, data[-1])):
        steps = {
            "d": [frame[number] for frame in data],
            "fill": [hex_color(drawing.rgba[number]) for drawing in drawings],
            "fill-opacity": [opacity_text(drawing.rgba[number]) for drawing in drawings],
        }
        inner = "".join(
            f'<animate attributeName="{name}" dur="{seconds:g}s" fill="freeze" values="{";".join(values)}"/>'
            for name, values in steps.items()
            if len(set(values)) > 1
        )
        bodies.append(f"<path{attributes}>{inner}</path>" if inner else f"<path{attributes}/>")
    write_text(path, document(last, bodies, title, provenance), (".svg",))
    return Path(path)
