"""Styles: how a figure's paths are painted. The same figure can be shaded, outlined, drawn in lines or in two tones.

A style changes paint and strokes alone. The contours stay those of the shaded figure, so masks, captions and the
answers to every edit remain exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dreamsampler.core.errors import InputError
from iconworld.scenes.drawing import Path, bounds
from iconworld.scenes.palette import INK, apart, lightness

MAX_LINE = 6.0
MAX_CORNER = 4.0
PAPER = "#ffffff"
THICK = 2.6  #: outlines from here on are called thick, below it thin
_PALE = 0.72  #: lightness from which a color cannot be seen as a line on white
_DARK = 0.35  #: lightness below which a fill stays ink in a line drawing: pupils, noses, stripes


@dataclass(frozen=True)
class Style:
    """How a figure is painted; the default leaves it as it is.

    Attributes:
        line: width of the outline, canvas units, 0 to 6; 0 for none.
        corner: radius by which corners are rounded outwards, canvas units, 0 to 4.
        tones: "shaded", "two" (the figure's color and one contrasting tone) or "lines" (nothing but the outline).

    Raises:
        InputError: for a number out of range, another word, or a drawing in lines that has no line.

    Example:
        >>> Style(line=3.0).phrase()
        'with a thick outline'
    """

    line: float = 0.0
    corner: float = 0.0
    tones: str = "shaded"

    def __post_init__(self) -> None:
        for name, value, most in (("line", self.line, MAX_LINE), ("corner", self.corner, MAX_CORNER)):
            if not 0 <= value <= most:
                raise InputError(f"style.{name} is {value!r}: give a number from 0 to {most:g}")
        if self.tones not in TONES:
            raise InputError(f"style.tones is {self.tones!r}: give one of {', '.join(TONES)}")
        if self.tones == "lines" and self.line == 0:
            raise InputError("style.line is 0: a drawing in lines needs a width above 0")

    def phrase(self) -> str:
        """The style in words, "" for the default: "with a thin outline and round corners in two tones"."""
        weight = "thick" if self.line >= THICK else "thin"
        if self.tones == "lines":
            return f"in {weight} lines"
        has = [f"a {weight} outline"] * (self.line > 0) + ["round corners"] * (self.corner > 0)
        words = ["with " + " and ".join(has)] if has else []
        return " ".join(words + ["in two tones"] * (self.tones == "two"))

    def paint(self, paths: list[Path], color: str) -> list[Path]:
        """The paths of a figure of main ``color`` ("#rrggbb") in this style, back to front."""
        if self.tones == "lines":
            return [_in_lines(p, self.line, color) for p in paths]
        if self.tones == "two":
            paths = [replace(p, fill=_of_two(p.fill, color)) for p in paths]
        if self.corner:
            paths = [_rounded(p, self.corner) for p in paths]
        if not self.line:
            return paths
        behind = [replace(p, part="outline", fill=INK, stroke=INK, width=2 * self.line + p.width) for p in paths]
        return [*behind, *paths]


TONES = ("shaded", "two", "lines")
PLAIN = Style()


def color_shows(style: Style, color: str) -> bool:
    """Whether a figure of this main color shows it: a drawing in lines does if they can be seen on white."""
    return style.tones != "lines" or lightness(color) < _PALE


def _in_lines(p: Path, line: float, color: str) -> Path:
    """White inside a line of the figure's color, or of ink where that color would not show on white."""
    ink = color if lightness(color) < _PALE else INK
    if lightness(p.fill) < _DARK and apart(p.fill, color) > 0.05:
        return replace(p, fill=ink)
    x0, y0, x1, y1 = bounds([p])
    return replace(p, fill=PAPER, stroke=ink, width=min(line, 0.2 * min(x1 - x0, y1 - y0)))


def _of_two(fill: str, color: str) -> str:
    """``color`` for what is near it, else the one tone that stands out from it."""
    other = PAPER if lightness(color) < 0.62 else INK
    return color if apart(fill, color) < apart(fill, other) else other


def _rounded(p: Path, corner: float) -> Path:
    """A stroke of the fill's own color with round joins: the contour grown by a disc, less where it is small."""
    x0, y0, x1, y1 = bounds([p])
    return replace(p, stroke=p.fill, width=2 * min(corner, 0.1 * min(x1 - x0, y1 - y0)))
