"""Contact sheets: many small pictures in one PNG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def save_sheet(pictures: np.ndarray, columns: int, path: Path, gap: int = 4) -> None:
    """Write (n, h, w, 3) bytes as a grid of ``columns`` columns on white, atomically."""
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, 3), 255, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = gap + (i // columns) * (height + gap), gap + (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    Image.fromarray(sheet).save(temporary, "PNG")
    temporary.replace(path)
