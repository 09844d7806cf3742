"""Fruit."""

from __future__ import annotations

from collections.abc import Sequence

from iconworld.scenes.drawing import Path, path
from iconworld.scenes.objects.common import Object, Paint, paint, solid
from iconworld.scenes.shapes import Contour, about, blob, ellipse, moved, star, stroke, symmetric

STEM = "#7a4b34"
LEAF = paint("#4caf50")


def leaf(x: float, y: float, size: float, turn: float) -> list[Path]:
    """A pointed leaf that grows from `(x, y)` to the right, with a darker lower half."""
    whole = blob([(0, 0, 0), (0.5, -0.30), (1, -0.08, 0), (0.52, 0.26)])
    half = blob([(0, 0, 0), (0.5, -0.04), (1, -0.08, 0), (0.52, 0.26)])
    return [
        path("leaf", LEAF.main, moved(whole, x, y, size, turn)),
        path("leaf", LEAF.shade, moved(half, x, y, size, turn)),
    ]


def gleam(x: float, y: float, size: float, turn: float) -> Contour:
    """A soft oblong highlight."""
    return ellipse(x, y, 0.42 * size, size, turn)


def apple(v: Sequence[float], p: Paint) -> list[Path]:
    w, h = 40 * (1 + 0.08 * v[0]), 37 * (1 + 0.07 * v[1])
    body = symmetric(
        [
            (0, 12 - 0.82 * h),
            (0.52 * w, 12 - h),
            (w, 12 - 0.28 * h),
            (0.72 * w, 12 + 0.68 * h),
            (0.30 * w, 12 + 0.98 * h),
            (0, 12 + 0.90 * h),
        ]
    )
    top = 12 - 0.78 * h
    return [
        *solid("apple", body, p, 8),
        path("stem", STEM, stroke([(0, top + 4), (1.5 + 2 * v[2], top - 9), (6 + 4 * v[2], top - 19)], (5, 5, 7))),
        *leaf(3 + 2 * v[2], top - 7, 29 * (1 + 0.15 * v[3]), -14 + 12 * v[4]),
        path("apple", p.light, gleam(-0.58 * w, 12 - 0.34 * h, 9, 24)),
    ]


def orange(v: Sequence[float], p: Paint) -> list[Path]:
    r = 41 * (1 + 0.05 * v[0])
    return [
        *solid("orange", ellipse(0, 5, r, r * (0.95 + 0.03 * v[1])), p, 9),
        path("orange", p.light, gleam(-0.52 * r, -10, 9, 38)),
        *leaf(0, 6 - 0.93 * r, 28 * (1 + 0.15 * v[3]), -8 + 16 * v[4]),
        path("stem", STEM, ellipse(0, 7 - 0.93 * r, 5.5, 4.0)),
    ]


def pear(v: Sequence[float], p: Paint) -> list[Path]:
    w, neck = 34 * (1 + 0.07 * v[0]), 15 + 2 * v[1]
    body = symmetric([(0, -32), (neck, -24), (neck + 4, -6), (w, 20), (0.66 * w, 43), (0, 46)])
    return [
        *solid("pear", body, p, 8),
        path("stem", STEM, stroke([(0, -28), (1 + v[2], -38), (5 + 3 * v[2], -46)], (4.5, 4.5, 6))),
        *leaf(2, -36, 24 * (1 + 0.15 * v[3]), -4 + 12 * v[4]),
        path("pear", p.light, gleam(-0.54 * w, 14, 10, 14)),
    ]


def banana(v: Sequence[float], p: Paint) -> list[Path]:
    bend = 3 * v[0]
    outer = [(-40, -30, 0.4), (-46, -24, 0.6), (-36, 12), (-6, 36 + bend), (32, 28), (46, 10, 0.5), (42, 2, 0.5)]
    body = blob([*outer, (20, 10), (-8, 4 + bend), (-26, -14)])
    under = blob(
        [(-46, -24, 0.2), (-36, 12), (-6, 36 + bend), (32, 28), (46, 10, 0.3), (28, 20), (-4, 24 + bend), (-34, 4)]
    )
    return [
        path("banana", p.main, body),
        path("banana", p.shade, under),
        path("stem", STEM, stroke([(-42, -28), (-43, -36), (-41, -42)], (8, 6.5, 7.5))),
        path("stem", STEM, ellipse(44, 6, 3.6, 5.4, 20)),
    ]


def strawberry(v: Sequence[float], p: Paint) -> list[Path]:
    w, tip = 37 * (1 + 0.07 * v[0]), 45 + 2 * v[1]
    body = symmetric([(0, -24), (0.62 * w, -28), (w, -8), (0.62 * w, 26), (0, tip)])
    seeds = [(-20, -6), (0, -8), (20, -6), (-11, 9), (11, 9), (-1, 23), (24, 9), (-24, 9)]
    cap = star(0, -26, 25 + 2 * v[2], 10, 7, 2.5, 8 * v[3])
    return [
        *solid("strawberry", body, p, 8),
        path("seeds", "#ffe08a", *(ellipse(x * w / 37, y, 2.4, 3.4) for x, y in seeds)),
        path("leaf", LEAF.main, about(cap, 0, -26, (1.15, 0.62))),
        path("stem", LEAF.shade, stroke([(0, -27), (1, -36), (5 + 3 * v[3], -42)], (5, 5, 6))),
    ]


def cherries(v: Sequence[float], p: Paint) -> list[Path]:
    r, top = 21 * (1 + 0.06 * v[0]), (6 + 4 * v[1], -42)
    a, b = (-21, 24 + 2 * v[2]), (23, 20 - 2 * v[2])
    stems = [
        stroke([(x, y - r + 4), ((x + top[0]) / 2 + s, (y + top[1]) / 2 - 4), top], (3.6, 3.8, 5))
        for (x, y), s in ((a, -5), (b, 6))
    ]
    return [
        path("stem", LEAF.shade, *stems),
        *leaf(top[0] - 1, top[1] + 2, 32 * (1 + 0.1 * v[3]), 12 + 10 * v[4]),
        *solid("cherries", ellipse(*a, r), p, 5),
        *solid("cherries", ellipse(*b, r), p, 5),
        path("cherries", p.light, *(gleam(x - 8, y - 7, 5, 38) for x, y in (a, b))),
    ]


def lemon(v: Sequence[float], p: Paint) -> list[Path]:
    w, h = 44, 30 * (1 + 0.06 * v[0])
    body = blob(
        [
            (-w - 3, 0, 0.6),
            (-36, -0.56 * h),
            (0, -h),
            (36, -0.56 * h),
            (w + 3, 0, 0.6),
            (36, 0.56 * h),
            (0, h),
            (-36, 0.56 * h),
        ]
    )
    turn = -24 + 8 * v[1]
    whole = moved(body, 0, 4, 1, turn)
    return [
        *solid("lemon", whole, p, 7),
        path("lemon", p.light, ellipse(-14, -8, 9, 4.4, turn - 12)),
        *leaf(36, -16, 26, -62 + 14 * v[2]),
    ]


def watermelon(v: Sequence[float], p: Paint) -> list[Path]:
    r = 46 * (1 + 0.03 * v[0])

    def half(radius: float) -> Contour:
        return blob(
            [
                (-radius, -18, 0),
                (-0.72 * radius, -18 + 0.70 * radius),
                (0, -18 + radius),
                (0.72 * radius, -18 + 0.70 * radius),
                (radius, -18, 0),
            ]
        )

    seeds = [(-22, -7), (0, -7), (22, -7), (-11, 6), (11, 6)]
    return [
        path("rind", LEAF.main, half(r)),
        path("rind", "#dff3c4", half(r - 6)),
        path("watermelon", p.main, half(r - 11)),
        path("seeds", "#46323a", *(ellipse(x, y, 2.6, 4.0) for x, y in seeds)),
    ]


def grapes(v: Sequence[float], p: Paint) -> list[Path]:
    r = 11.6 * (1 + 0.05 * v[0])
    rows = ((-16, (-22, 0, 22)), (2, (-11.5, 11.5)), (3, (-31, 31)), (20, (0, -20, 20)), (34, (-10, 10)))
    balls = [(x, y + 1) for y, xs in rows for x in xs if abs(x) < 30]
    return [
        path("stem", STEM, stroke([(0, -20), (1, -34), (4 + 3 * v[1], -44)], (5, 5, 6))),
        *leaf(2, -33, 32, -6 + 10 * v[2]),
        path("grapes", p.shade, *(ellipse(x, y, r) for x, y in balls)),
        path("grapes", p.main, *(ellipse(x - 1.4, y - 1.6, r * 0.84) for x, y in balls)),
        path("grapes", p.light, *(ellipse(x - 4, y - 5, 2.6) for x, y in balls)),
    ]


def carrot(v: Sequence[float], p: Paint) -> list[Path]:
    w, turn = 20 * (1 + 0.1 * v[0]), 32 + 6 * v[1]
    root = symmetric([(0, -22), (0.8 * w, -20), (w, -10), (0.5 * w, 20), (0, 48)])
    wrinkles = ((-0.68, -0.2, -5), (0.1, 0.52, 6), (-0.34, 0.02, 17))
    lines = [stroke([(a * w, y), (b * w, y + 1)], 2.6) for a, b, y in wrinkles]
    tops = [stroke([(0, -18), (x * 0.6, -30), (x, -44)], (6, 9, 8)) for x in (-12, 12, 0)]
    return [
        path("leaf", LEAF.shade, *(moved(c, 0, 4, 1, turn) for c in tops[:2])),
        path("leaf", LEAF.main, moved(tops[2], 0, 4, 1, turn)),
        *solid("carrot", moved(root, 0, 4, 1, turn), p, 5),
        path("carrot", p.deep, *(moved(c, 0, 4, 1, turn) for c in lines)),
    ]


FRUIT: dict[str, Object] = {
    "apple": Object(apple, ("red", "green", "yellow")),
    "tangerine": Object(orange, ("orange",)),
    "pear": Object(pear, ("green", "yellow")),
    "banana": Object(banana, ("yellow",)),
    "strawberry": Object(strawberry, ("red",)),
    "cherries": Object(cherries, ("red",)),
    "lemon": Object(lemon, ("yellow",)),
    "watermelon": Object(watermelon, ("red",)),
    "grapes": Object(grapes, ("purple", "green")),
    "carrot": Object(carrot, ("orange",)),
}
