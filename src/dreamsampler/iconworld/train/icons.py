"""Scenes of real icons: any folder of SVG files with a ``names.tsv`` (columns ``file`` and ``name``).

A scene is one icon, at a random size and place, on a background. Which icons are held out
is decided by a hash of the file's name, so it never depends on the order or number of files.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

from dreamsampler.core.errors import InputError

Split = Literal["train", "dev", "test"]

#: Side, in pixels, at which an icon is rendered once; scenes shrink it from there.
RENDER_SIZE = 192


@dataclass(frozen=True)
class Icon:
    """One SVG file and the words for it."""

    path: Path
    name: str

    @property
    def held_out(self) -> bool:
        """True for about one icon in ten; those are in no training data."""
        return hashlib.sha256(self.path.name.encode()).digest()[0] < 26


def read_icons(folder: Path) -> tuple[Icon, ...]:
    """The icons that ``names.tsv`` of ``folder`` lists, in its order.

    Raises InputError when the folder, the table, a column or a file is missing.
    """
    table = folder / "names.tsv"
    if not table.is_file():
        raise InputError(f"--icons {folder}: there is no names.tsv with the columns 'file' and 'name'")
    with table.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if not {"file", "name"} <= set(reader.fieldnames or ()):
            raise InputError(f"{table}: expected the columns 'file' and 'name', found {reader.fieldnames}")
        icons = tuple(Icon(folder / row["file"], row["name"].strip().lower()) for row in reader)
    if not icons:
        raise InputError(f"{table} lists no icons")
    for icon in icons:
        if not icon.path.is_file():
            raise InputError(f"{table} lists {icon.path.name}, which is not in {folder}")
    return icons


def render_icon(icon: Icon, size: int = RENDER_SIZE) -> NDArray[np.uint8]:
    """The icon as (size, size, 4) RGBA bytes, transparent outside."""
    try:
        data = resvg_py.svg_to_bytes(svg_path=str(icon.path), width=size, height=size, skip_system_fonts=True)
    except ValueError as error:
        raise InputError(f"{icon.path} cannot be drawn: {error}") from error
    with Image.open(io.BytesIO(bytes(data))) as image:
        return np.asarray(image.convert("RGBA").resize((size, size), Image.Resampling.LANCZOS))


def place_icon(rgba: NDArray[np.uint8], canvas: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """``canvas`` (h, h, 3) with the icon on it: 62 to 94 % of the side, near the middle, mirrored half the time."""
    size = len(canvas)
    side = round(size * rng.uniform(0.62, 0.94))
    icon = Image.fromarray(rgba).resize((side, side), Image.Resampling.BOX)
    if rng.random() < 0.5:
        icon = icon.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    room = size - side
    left, top = (int(np.clip(rng.normal(room / 2, 0.2 * room), 0, room)) for _ in range(2))
    scene = Image.fromarray(canvas)
    scene.paste(icon, (left, top), icon)
    return np.asarray(scene)
