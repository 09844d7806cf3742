"""Things that move people."""

from __future__ import annotations

from collections.abc import Sequence

from dreamsampler.iconworld.drawing import Path, path
from dreamsampler.iconworld.objects.common import ANY, Object, Paint
from dreamsampler.iconworld.shapes import blob, box, ellipse, polygon

TYRE, HUB, GLASS = "#3c3d48", "#d5dae1", "#bfe3f7"


def wheel(x: float, y: float, r: float) -> list[Path]:
    """A tyre with a pale hub."""
    return [path("wheels", TYRE, ellipse(x, y, r)), path("wheels", HUB, ellipse(x, y, 0.48 * r))]


def car(v: Sequence[float], p: Paint) -> list[Path]:
    roof, r = -25 - 4 * v[0], 11.5 + 1.2 * v[1]
    back, front = -27 + 3 * v[2], 17 + 3 * v[3]
    cabin = polygon([(back - 9, 2), (back, roof), (front, roof), (front + 17, 2)], 8)
    body = blob([(-47, 4), (-40, -3), (30, -3), (45, 3), (48, 12), (46, 21, 0.6), (-46, 21, 0.6)], 0.8)
    middle = (back + front) / 2 + 2
    rear = polygon([(back - 2, 0), (back + 4, roof + 6), (middle - 2, roof + 6), (middle - 2, 0)], 3)
    fore = polygon([(middle + 2, 0), (middle + 2, roof + 6), (front - 2, roof + 6), (front + 10, 0)], 3)
    return [
        path("car", p.main, cabin),
        path("windows", GLASS, rear, fore),
        path("car", p.main, body),
        path("car", p.shade, box(-46.5, 13, 47, 21, 3.5)),
        path("lights", "#ffe9a3", ellipse(43.5, 6.5, 3.6, 4.4)),
        path("lights", p.deep, box(-47, 2, -42.5, 9, 2)),
        path("car", p.light, box(middle - 9, 3.5, middle - 2, 6.5, 1.5)),
        *wheel(-26, 21, r),
        *wheel(27, 21, r),
    ]


VEHICLES: dict[str, Object] = {"car": Object(car, ANY)}
