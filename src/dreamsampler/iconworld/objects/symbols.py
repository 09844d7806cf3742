"""Hearts, stars and other signs."""

from __future__ import annotations

from collections.abc import Sequence

from dreamsampler.iconworld.drawing import Path, path
from dreamsampler.iconworld.objects.common import ANY, Object, Paint, solid
from dreamsampler.iconworld.shapes import ellipse, star, symmetric


def heart(v: Sequence[float], p: Paint) -> list[Path]:
    w, h = 43 * (1 + 0.07 * v[0]), 40 * (1 + 0.06 * v[1])
    dip = -0.52 + 0.08 * v[2]
    body = symmetric(
        [
            (0, dip * h, 0),
            (0.30 * w, -0.90 * h),
            (0.78 * w, -0.86 * h),
            (w, -0.32 * h),
            (0.70 * w, 0.34 * h),
            (0, 1.02 * h, 0.25),
        ]
    )
    return [*solid("heart", body, p, 7, 70, 186), path("heart", p.light, ellipse(-0.62 * w, -0.46 * h, 6, 10, 34))]


def star_(v: Sequence[float], p: Paint) -> list[Path]:
    r = 48 * (1 + 0.04 * v[0])
    body = star(0, 3, r, r * (0.53 + 0.04 * v[1]), 5, 9 + 3 * v[2], 5 * v[3])
    return [*solid("star", body, p, 8, 70, 190), path("star", p.light, ellipse(-0.22 * r, -0.18 * r, 4.6, 8.5, 32))]


SYMBOLS: dict[str, Object] = {"heart": Object(heart, ANY), "star": Object(star_, ANY)}
