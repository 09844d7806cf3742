"""Pictures side by side under captions, and short animations: what a person looks at to judge a run."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..core.errors import InputError
from .atomic import replacing

Cell = NDArray[np.uint8] | Image.Image | None
_PAPER, _INK = (255, 255, 255), (32, 32, 32)
_DOTS = "…"
_LINES = 3


def picture_sheet(
    rows: Sequence[Sequence[Cell]],
    labels: Sequence[Sequence[str]] | Sequence[str] = (),
    *,
    title: str = "",
    cell: int | None = None,
    gap: int = 8,
) -> Image.Image:
    """Rows of pictures with a caption under each.

    Args:
        rows: pictures as uint8 [H, W, 3] or PIL images, None for an empty place; rows may differ in length.
        labels: captions in the same arrangement, or one caption a column, which then stands under every row's pictures.
        title: a line above everything.
        cell: the longer side of every picture in pixels; by default that of the largest. Small pictures are enlarged
            by whole factors with sharp pixels, larger ones reduced.
        gap: pixels between pictures.

    Returns:
        An RGB image.

    Raises:
        InputError: no pictures at all, or a picture of another type.

    Example:
        >>> picture_sheet([[np.zeros((32, 32, 3), np.uint8)] * 2], ["source", "edit"]).mode
        'RGB'
    """
    pictures = [[_as_pil(item) for item in row] for row in rows]
    present = [picture for row in pictures for picture in row if picture is not None]
    if not present:
        raise InputError("rows: no pictures to show")
    side = cell or max(max(picture.size) for picture in present)
    pictures = [[picture and _scaled(picture, side) for picture in row] for row in pictures]
    font_size = max(10, min(28, side // 14))
    font, line = ImageFont.load_default(size=font_size), round(font_size * 1.25)
    widths = _column_widths(pictures, side)
    texts = [
        [_wrapped(text, font, width) for text, width in zip(row, widths, strict=False)]
        for row in _arranged(labels, pictures)
    ]
    heights = [max((picture.height for picture in row if picture), default=side) for row in pictures]
    below = [line * max((text.count("\n") + 1 for text in row if text), default=0) for row in texts]
    y = gap + (round(font_size * 1.8) if title else 0)
    size = (sum(widths) + gap * (len(widths) + 1), y + sum(heights) + sum(below) + gap * len(heights))
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((gap, gap // 2), _wrapped(title, font, size[0] - 2 * gap, 1), fill=_INK, font=font)
    for row, captions, height, room in zip(pictures, texts, heights, below, strict=True):
        x = gap
        for picture, text, width in zip(row, captions, widths, strict=False):
            if picture is not None:
                sheet.paste(picture, (x + (width - picture.width) // 2, y))
            for k, words in enumerate(text.split("\n")):
                middle = (x + width / 2, y + height + line * (k + 0.5) + 2)
                draw.text(middle, words, fill=_INK, font=font, anchor="mm")
            x += width + gap
        y += height + room + gap
    return sheet


def write_gif(
    path: str | os.PathLike[str], frames: Sequence[Cell], *, seconds: float = 3.0, hold: float = 1.0, flat: bool = False
) -> None:
    """An animation that repeats for ever, whole or not at all.

    Args:
        path: must end in .gif.
        frames: pictures of one size, first to last.
        seconds: how long the way from first to last takes; no frame stands for less than 20 ms.
        hold: how much longer the last frame stands, in seconds.
        flat: one palette for all frames, that of the last, and no dither: with one a frame flat areas flicker.

    Raises:
        InputError: no frames, frames of several sizes, times that are not positive, or a path that cannot be written.
    """
    pictures = [picture for picture in map(_as_pil, frames) if picture is not None]
    if not pictures:
        raise InputError("frames: no pictures to animate")
    if len({picture.size for picture in pictures}) > 1:
        raise InputError(f"frames: sizes {sorted({picture.size for picture in pictures})}; expected one size")
    if not (0.0 < seconds < 600.0 and 0.0 <= hold < 600.0):
        raise InputError(f"seconds={seconds}, hold={hold}: expected 0 < seconds < 600 and 0 <= hold < 600")
    # a GIF counts hundredths of a second, and viewers slow down whatever is faster than two of them
    each = max(20, round(seconds * 100 / len(pictures)) * 10)
    times = [each] * len(pictures)
    times[-1] += round(hold * 100) * 10
    if flat:
        palette = pictures[-1].quantize(255)
        indexed = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    else:
        indexed = [picture.quantize(256, dither=Image.Dither.FLOYDSTEINBERG) for picture in pictures]
    with replacing(path, (".gif",)) as temporary:
        indexed[0].save(temporary, "GIF", save_all=True, append_images=indexed[1:], duration=times, loop=0, disposal=1)


def _as_pil(item: Cell) -> Image.Image | None:
    if item is None:
        return None
    if isinstance(item, Image.Image):
        return item.convert("RGB")
    if isinstance(item, np.ndarray) and item.dtype == np.uint8 and item.ndim in (2, 3) and item.size:
        return Image.fromarray(item).convert("RGB")
    kind = f"{item.dtype} {list(item.shape)}" if isinstance(item, np.ndarray) else type(item).__name__
    raise InputError(f"picture: {kind}; expected uint8 [H, W, 3] or a PIL image")


def _scaled(picture: Image.Image, side: int) -> Image.Image:
    longest = max(picture.size)
    if longest * 2 <= side:
        factor = side // longest
        return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    if longest > side:
        size = (max(1, picture.width * side // longest), max(1, picture.height * side // longest))
        return picture.resize(size, Image.Resampling.LANCZOS)
    return picture


def _column_widths(rows: Sequence[Sequence[Image.Image | None]], side: int) -> list[int]:
    """The widest picture of each column; `side` where a column has none."""
    columns = [[row[j] for row in rows if j < len(row)] for j in range(max(len(row) for row in rows))]
    return [max((picture.width for picture in column if picture), default=side) for column in columns]


def _arranged(
    labels: Sequence[Sequence[str]] | Sequence[str], rows: Sequence[Sequence[Image.Image | None]]
) -> list[list[str]]:
    """A caption for every place."""
    if all(isinstance(label, str) for label in labels):
        table: list[Sequence[str]] = [labels] * len(rows)  # type: ignore[list-item]
    else:
        table = list(labels)
    return [
        [table[i][j] if i < len(table) and j < len(table[i]) else "" for j in range(len(row))]
        for i, row in enumerate(rows)
    ]


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float, most: int = _LINES) -> str:
    """The text in at most `most` lines, broken between words, cut with an ellipsis where there is no more place."""
    words, lines = text[:500].split(), [""]
    for i, word in enumerate(words):
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or font.getlength(longer) <= width:
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word)
        else:
            lines[-1] = " ".join([lines[-1], *words[i:]])
            break
    return "\n".join(_clipped(line, font, width) for line in lines)


def _clipped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + _DOTS) > width:
        text = text[:-1]
    return text + _DOTS
