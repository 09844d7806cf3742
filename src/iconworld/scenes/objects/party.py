"""Sweets and musical instruments."""

from __future__ import annotations

from collections.abc import Sequence

from iconworld.scenes.drawing import Path, path, placed
from iconworld.scenes.objects.common import ANY, Object, Paint, solid
from iconworld.scenes.shapes import about, blob, box, ellipse, flower, polygon, stroke, symmetric


def ice_cream(v: Sequence[float], p: Paint) -> list[Path]:
    r = 25 + 1.5 * v[0]
    cone = polygon([(-22, -2), (22, -2), (0, 49, 3)], 2)
    lines = [polygon([(-12, 2), (-8, 2), (8, 30), (6, 35)]), polygon([(12, 2), (8, 2), (-8, 30), (-6, 35)])]
    scoop = flower(0, -18, r + 2, r - 1.2, 9, 10 * v[1])
    drip = blob(
        [(-r - 1, -10), (0, -16), (r + 1, -10), (r - 4, 2), (r - 11, -1), (5, 6), (-3, 0), (-r + 11, 5), (-r + 3, 0)]
    )
    return [
        path("cone", "#e8b06a", cone),
        path("cone", "#c98a46", *lines),
        *solid("ice cream", scoop, p, 7),
        path("ice cream", p.main, drip),
        path("ice cream", p.light, ellipse(-11, -28, 4.6, 7.6, 42)),
        path("cherry", "#d93a46", ellipse(3 * v[2], -43, 5.6)),
    ]


def cupcake(v: Sequence[float], p: Paint) -> list[Path]:
    base = polygon([(-30, 6), (30, 6), (22, 46), (-22, 46)], 4)
    pleats = [
        polygon([(x * 1.25 - 2.6, 8), (x * 1.25 + 2.6, 8), (x * 0.95 + 2, 45), (x * 0.95 - 2, 45)])
        for x in (-16, 0, 16)
    ]
    swirl = [box(-37, -8, 37, 12, 10), box(-29, -23, 29, -3, 10), box(-19, -36, 19, -18, 9)]
    return [
        path("case", "#c98d5c", base),
        path("case", "#a87045", *pleats),
        path("cupcake", p.shade, swirl[0]),
        path("cupcake", p.main, swirl[1], about(swirl[0], -3, 0, (0.9, 0.62))),
        path("cupcake", p.light, swirl[2]),
        path("cherry", "#d93a46" if p.main != "#e23b3b" else "#fbd45c", ellipse(2 * v[0], -40, 7.5)),
    ]


def guitar(v: Sequence[float], p: Paint) -> list[Path]:
    turn, w = 36 + 8 * v[0], 26 + 1.5 * v[1]
    body = symmetric([(0, -10), (0.60 * w, -8), (0.80 * w, 6), (0.66 * w, 17), (w, 32), (0.80 * w, 48), (0, 53)])
    paths = [
        path("neck", "#7a4c31", box(-5, -46, 5, 10, 1.5)),
        path("head", "#5d3823", polygon([(-8.5, -60), (8.5, -60), (6.5, -44), (-6.5, -44)], 3)),
        *solid("guitar", body, p, 6),
        path("hole", "#4a2f22", ellipse(0, 16, 9.5)),
        path("bridge", "#5d3823", box(-12, 37, 12, 42.5, 2)),
        path("strings", "#f6e7cf", box(-2.9, -44, -1.1, 39), box(1.1, -44, 2.9, 39)),
    ]
    return placed(paths, -3, 3, 0.88, turn)


def drum(v: Sequence[float], p: Paint) -> list[Path]:
    w, low = 36 + 2 * v[0], 30
    shell = blob(
        [
            (-w, -10, 0),
            (w, -10, 0),
            (w, low, 0.1),
            (0.6 * w, low + 9),
            (0, low + 12),
            (-0.6 * w, low + 9),
            (-w, low, 0.1),
        ],
        0.8,
    )
    zig = [
        polygon([(a, -2), (a + 5, -2), (b + 5, low + y), (b, low + y)])
        for a, b, y in ((-30, -18, 6), (-6, -18, 6), (-6, 8, 8), (22, 8, 8), (22, 30, 4))
    ]
    sticks = [stroke([(s * 42, -42), (s * 8, -16)], (8, 4.4)) for s in (-1, 1)]
    return [
        path("drum", p.main, shell),
        path("drum", "#fbe3a6", *zig),
        path("rim", p.deep, ellipse(0, -10, w + 2, 13)),
        path("skin", "#fdf3e0", ellipse(0, -11, w - 2, 10)),
        path("sticks", "#b97d4b", *sticks),
    ]


def bell(v: Sequence[float], p: Paint) -> list[Path]:
    w, turn = 27 + 1.5 * v[0], 8 * v[1]
    body = symmetric([(0, -38), (0.62 * w, -32), (0.92 * w, -8), (w + 2, 16), (w + 12, 30, 0.3), (0, 33)])
    paths = [
        path("clapper", p.deep, ellipse(0, 35, 9.5)),
        path("bell", p.shade, ellipse(0, -40, 6.5)),
        *solid("bell", body, p, 7, 62, 150),
        path("bell", p.deep, box(-w - 13, 25, w + 13, 33, 4)),
        path("bell", p.light, stroke([(-0.62 * w, -18), (-0.76 * w, 2), (-0.80 * w, 14)], (5, 5, 4))),
    ]
    return placed(paths, 0, 0, 1, turn)


PARTY: dict[str, Object] = {
    "ice cream": Object(ice_cream, ("pink", "green", "yellow", "purple", "white")),
    "cupcake": Object(cupcake, ("pink", "blue", "purple", "green", "red")),
    "guitar": Object(guitar, ("orange", "red", "blue", "brown")),
    "drum": Object(drum, ANY),
    "bell": Object(bell, ("yellow",)),
}
