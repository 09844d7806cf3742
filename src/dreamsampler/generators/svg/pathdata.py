"""Compact SVG path data: relative commands, rounded without drift.

Absolute positions are rounded to whole multiples of 10^-decimals and the relative commands are differences of those
integers, so rounding errors never add up along a path. Two decimals change a render at the drawing's own size by 0.02
of an 8-bit level and need half the bytes of six absolute decimals; one decimal 0.08, none 0.65.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from ...core.errors import InputError

Pair = tuple[int, int]


def path_data(contours: Iterable[Tensor], decimals: int = 2, lines: bool = True) -> str:
    """Return the `d` attribute of closed cubic contours `[3 S, 2]`.

    Args:
        decimals: digits after the point.
        lines: write straight segments as lines. Without it every segment is one `c`, so that paths of the same
            structure have the same commands (what animations need).

    Example:
        >>> from dreamsampler.generators.svg.shapes import rectangle
        >>> path_data([rectangle(1, 2, 4, 6.5)])
        'M1 2h3v4.5h-3z'
    """
    return "".join(_contour(contour, decimals, lines) for contour in contours)


def quantized(points: Tensor, decimals: int = 2) -> Tensor:
    """Return the positions that a file written with `decimals` holds."""
    return torch.round(points.detach().double() * 10**decimals).div(10**decimals).to(points.dtype)


def _contour(points: Tensor, decimals: int, lines: bool) -> str:
    if not bool(torch.isfinite(points).all()):
        raise InputError("coordinates: NaN or infinite ones cannot be written")
    grid = torch.round(points.detach().double().cpu() * 10**decimals).long().tolist()
    count = len(grid) // 3
    here: Pair = (grid[0][0], grid[0][1])
    parts = ["M" + numbers(here, decimals)]
    previous = "M"
    for segment in range(count):
        first, second = grid[3 * segment + 1], grid[3 * segment + 2]
        end = grid[3 * (segment + 1)] if segment + 1 < count else grid[0]
        relative = [value - here[axis] for point in (first, second, end) for axis, value in enumerate(point)]
        straight = lines and is_straight(relative)
        if straight and segment + 1 == count:
            break  # z draws it
        command, values = _line(relative) if straight else ("c", relative)
        text = numbers(values, decimals)
        if command == previous and command == "c":
            text = text if text.startswith("-") else " " + text
        else:
            text = command + text
        parts.append(text)
        previous, here = command, (end[0], end[1])
    return "".join(parts) + "z"


def _line(relative: list[int]) -> tuple[str, list[int]]:
    x, y = relative[4:]
    if y == 0:
        return "h", [x]
    return ("v", [y]) if x == 0 else ("l", [x, y])


def is_straight(relative: list[int]) -> bool:
    """Return whether a cubic (handles, end relative to its start) runs along its chord to half a unit, within it."""
    x, y = relative[4:]
    length = x * x + y * y
    if length == 0:
        return False
    for hx, hy in (relative[0:2], relative[2:4]):
        along, off = hx * x + hy * y, hx * y - hy * x
        if not 0 <= along <= length or 4 * off * off > length:
            return False
    return True


def numbers(values: Iterable[int], decimals: int) -> str:
    """Return integers in units of 10^-decimals as the shortest text that reads back as these numbers."""
    text = last = ""
    for value in values:
        number = number_text(value, decimals)
        # A minus sign separates; so does a point after a number that already has one.
        joined = not text or number[0] == "-" or (number[0] == "." and "." in last)
        text += number if joined else " " + number
        last = number
    return text


def number_text(value: int, decimals: int) -> str:
    """Return one integer in units of 10^-decimals without superfluous zeros: 5 -> ".05", -250 -> "-2.5"."""
    sign, digits = ("-" if value < 0 else ""), str(abs(value)).rjust(decimals + 1, "0")
    whole, part = (digits[:-decimals], digits[-decimals:].rstrip("0")) if decimals else (digits, "")
    whole = whole.lstrip("0")
    return sign + whole + ("." + part if part else "") if whole or part else "0"
