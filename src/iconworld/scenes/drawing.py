"""A drawing: filled closed cubic Bezier paths, back to front, each with the name of the part that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from iconworld.scenes.shapes import Contour, moved

CANVAS = 128.0
"""Side of the square canvas in user units (one unit is one pixel of the standard picture)."""


@dataclass(frozen=True, eq=False)
class Path:
    """One filled shape.

    Attributes:
        part: name of the part, for example "eyes" or "body".
        fill: "#rrggbb".
        contours: closed cubic Bezier contours `[3 n, 2]` (see `shapes`); a reversed one inside another is a hole.
        figure: index of the scene's figure, or -1 for the background.
        stroke: "#rrggbb" of a line along the contours, "" for none; its joins are round.
        width: of that line, canvas units.
    """

    part: str
    fill: str
    contours: tuple[Contour, ...]
    figure: int = -1
    stroke: str = ""
    width: float = 0.0

    def data(self) -> str:
        """The `d` attribute of the SVG path, to a hundredth of a unit."""
        return "".join(map(_contour_data, self.contours))

    def element(self, fill: str = "") -> str:
        """The SVG path; with ``fill``, shape and line both in that color."""
        paint = f'fill="{fill or self.fill}"'
        if self.stroke:
            paint += f' stroke="{fill or self.stroke}" stroke-width="{self.width:.3g}" stroke-linejoin="round"'
        return f'<path {paint} d="{self.data()}"/>'


def path(part: str, fill: str, *contours: Contour) -> Path:
    """Shorthand that figures use."""
    return Path(part, fill, contours)


def placed(
    paths: Iterable[Path], x: float = 0.0, y: float = 0.0, scale: float | tuple[float, float] = 1.0, turn: float = 0.0
) -> list[Path]:
    """All paths scaled, turned (degrees clockwise) and shifted together."""
    return [replace(p, contours=tuple(moved(c, x, y, scale, turn) for c in p.contours)) for p in paths]


def bounds(paths: Iterable[Path]) -> tuple[float, float, float, float]:
    """`(x0, y0, x1, y1)` of all control points: an upper bound of the drawn extent."""
    points = np.concatenate([c for p in paths for c in p.contours])
    (x0, y0), (x1, y1) = points.min(0), points.max(0)
    return float(x0), float(y0), float(x1), float(y1)


@dataclass(frozen=True, eq=False)
class Drawing:
    """Paths in painting order on a `CANVAS` x `CANVAS` square.

    Example:
        >>> from iconworld import sample_scene
        >>> svg = sample_scene(3).drawing().svg()
    """

    paths: tuple[Path, ...]

    def svg(self) -> str:
        """The drawing as a self-contained SVG document."""
        return svg_document(p.element() for p in self.paths)


def svg_document(elements: Iterable[str]) -> str:
    """Wrap SVG elements in a document with the canvas's view box."""
    side = f"{CANVAS:g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side}" height="{side}">'
        + "".join(elements)
        + "</svg>"
    )


def _contour_data(contour: Contour) -> str:
    closed = np.concatenate([contour, contour[:1]])
    v = [f"{n:g}" for n in np.round(closed, 2).ravel().tolist()]
    return f"M{v[0]} {v[1]}C" + " ".join(v[2:]) + "Z"
