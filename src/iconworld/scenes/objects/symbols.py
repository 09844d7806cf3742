"""Hearts, stars and other signs."""

from __future__ import annotations

from collections.abc import Sequence

from iconworld.scenes.drawing import Path, path
from iconworld.scenes.objects.common import ANY, Object, Paint, solid
from iconworld.scenes.shapes import blob, box, ellipse, moved, polygon, star, symmetric


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
    body = star(0, 3, r, r * (0.49 + 0.03 * v[1]), 5, 7 + 2 * v[2], 5 * v[3])
    return [*solid("star", body, p, 8, 70, 190), path("star", p.light, ellipse(-0.22 * r, -0.18 * r, 4.6, 8.5, 32))]


def moon(v: Sequence[float], p: Paint) -> list[Path]:
    thick, turn = 8 * v[0], -18 + 10 * v[1]
    shape = blob(
        [
            (12, -44, 0),
            (-18, -38),
            (-40, -8),
            (-30, 28),
            (4, 44),
            (38, 28, 0),
            (14, 24),
            (-4 + thick, 2),
            (-2 + thick, -22),
        ]
    )
    whole = moved(shape, 3, 1, 1, turn)
    craters = [moved(ellipse(x, y, r), 3, 1, 1, turn) for x, y, r in ((-25, -4, 4.6), (-14, 22, 5.4))]
    return [*solid("moon", whole, p, 6, 120, 230), path("moon", p.shade, *craters)]


def sun(v: Sequence[float], p: Paint) -> list[Path]:
    r, count = 28 * (1 + 0.05 * v[0]), 8 + 2 * (v[1] > 0)
    rays = [
        moved(symmetric([(0, -48, 0.5), (6.5, -r - 8, 0.6), (0, -r - 4.5)]), 0, 0, 1, 360 * i / count + 10 * v[2])
        for i in range(count)
    ]
    return [
        path("rays", "#f79a2e", *rays),
        *solid("sun", ellipse(0, 0, r), p, 6),
        path("sun", p.light, ellipse(-0.38 * r, -0.40 * r, 3.6, 6.4, 42)),
    ]


def cloud(v: Sequence[float], p: Paint) -> list[Path]:
    a, b = 18 + 1.5 * v[0], 24 + 1.5 * v[1]
    base = box(-46, 2, 46, 32, 15)
    puffs = [ellipse(-20, 0, a), ellipse(8, -8, b), ellipse(30, 6, 14)]
    under = blob(
        [
            (-46, 17, 0.6),
            (-30, 21),
            (0, 19),
            (30, 21),
            (46, 17, 0.6),
            (40, 29),
            (31, 32, 0.6),
            (-31, 32, 0.6),
            (-40, 29),
        ]
    )
    return [path("cloud", p.main, base, *puffs), path("cloud", p.shade, under)]


def diamond(v: Sequence[float], p: Paint) -> list[Path]:
    w, top = 45 * (1 + 0.04 * v[0]), -22 - 2 * v[1]
    t, e, low = 0.60 * w, -2.0, 40.0
    facets = [
        ("light", [(-t, top - 8), (-w, e), (-0.44 * w, e)]),
        ("main", [(-t, top - 8), (0, top - 8), (-0.44 * w, e)]),
        ("light", [(0, top - 8), (-0.44 * w, e), (0.44 * w, e)]),
        ("main", [(0, top - 8), (t, top - 8), (0.44 * w, e)]),
        ("shade", [(t, top - 8), (w, e), (0.44 * w, e)]),
        ("main", [(-w, e), (-0.44 * w, e), (0, low)]),
        ("light", [(-0.44 * w, e), (0.44 * w, e), (0, low)]),
        ("shade", [(0.44 * w, e), (w, e), (0, low)]),
    ]
    outline = polygon([(-t, top - 8), (t, top - 8), (w, e), (0, low), (-w, e)], 1.5)
    return [path("diamond", p.main, outline), *(path("diamond", getattr(p, tone), polygon(c)) for tone, c in facets)]


def bolt(v: Sequence[float], p: Paint) -> list[Path]:
    s = 3 * v[0]
    shape = polygon([(8 + s, -47), (-30, 8), (-5, 8), (-14 - s, 47), (30, -12), (5, -12), (22 + s, -47)], 3)
    side = polygon([(16 + s, -47), (1, -12), (26, -12), (-14 - s, 47), (30, -12), (5, -12), (22 + s, -47)], 1.5)
    return [path("lightning", p.main, shape), path("lightning", p.shade, side)]


SYMBOLS: dict[str, Object] = {
    "heart": Object(heart, ANY),
    "star": Object(star_, ANY),
    "moon": Object(moon, ("yellow",)),
    "sun": Object(sun, ("yellow",)),
    "cloud": Object(cloud, ("white", "grey")),
    "diamond": Object(diamond, ("blue", "teal", "purple", "pink", "green", "red")),
    "lightning bolt": Object(bolt, ("yellow",)),
}
