"""Things in a house: cups, clocks, toys, keys."""

from __future__ import annotations

from collections.abc import Sequence

from iconworld.scenes.drawing import Path, path, placed
from iconworld.scenes.edges import crescent
from iconworld.scenes.objects.common import ANY, Object, Paint, solid
from iconworld.scenes.shapes import (
    about,
    blob,
    box,
    ellipse,
    flower,
    moved,
    polygon,
    reversed_,
    ring,
    stroke,
    symmetric,
)

CREAM, STEEL = "#fff4e2", "#cfd6df"


def cup(v: Sequence[float], p: Paint) -> list[Path]:
    w, y = 29 + 2 * v[0], -16
    body = blob([(-w, y, 0.2), (w, y, 0.2), (w - 2, 18), (w - 9, 36), (0, 39), (9 - w, 36), (2 - w, 18)])
    handle = ellipse(w + 4, 5, 14 + v[1], 15), reversed_(ellipse(w + 4, 5, 7.5 + v[1], 8.5))
    steam = [stroke([(x, -26), (x + 4, -33), (x - 3, -40), (x + 1, -47)], (4, 5, 5, 3)) for x in (-12, 8)]
    return [
        path("steam", "#ffffff", *steam),
        path("handle", p.shade, *handle),
        *solid("cup", body, p, 8, 70, 185),
        path("cup", p.light, ellipse(0, y, w, 6.5)),
        path("coffee", "#7a4a30", ellipse(0, y + 0.8, w - 4, 4.6)),
    ]


def teapot(v: Sequence[float], p: Paint) -> list[Path]:
    r = 30 + 1.5 * v[0]
    body = ellipse(0, 12, r, 27 + v[1])
    spout = stroke([(22, 20), (36, 10), (40, -4), (46, -10)], (16, 10, 8, 7))
    handle = ring(-r - 2, 8, 16, 6.5)
    return [
        path("handle", p.shade, *handle),
        path("spout", p.shade, spout),
        *solid("teapot", body, p, 8, 70, 200),
        path("lid", p.deep, blob([(-17, -12), (0, -20), (17, -12), (0, -8)])),
        path("lid", p.light, ellipse(0, -22, 5.6)),
        path("teapot", p.light, flower(-4, 14, 9, 5, 5, 20 * v[2])),
        path("foot", p.deep, box(-16, 35, 16, 41, 3)),
    ]


def umbrella(v: Sequence[float], p: Paint) -> list[Path]:
    w, turn = 46, 8 * v[0]
    edge = [(w, 0, 0), (0.68 * w, -6), (0.34 * w, 0, 0), (0, -6), (-0.34 * w, 0, 0), (-0.68 * w, -6), (-w, 0, 0)]
    dome = blob([(-w, 0, 0), (-0.74 * w, -30), (0, -42), (0.74 * w, -30), *edge[:6]])
    panel = blob([(-0.34 * w, 0, 0), (-0.24 * w, -26), (0, -42, 0.3), (0.24 * w, -26), (0.34 * w, 0, 0), (0, -6)])
    right = blob(
        [(0, -42, 0.3), (0.50 * w, -34), (0.80 * w, -25), (w, 0, 0), (0.68 * w, -6), (0.34 * w, 0, 0), (0.26 * w, -26)]
    )
    hook = stroke([(0, -8), (0, 26), (0, 38), (7, 45), (14, 38)], 5)
    paths = [
        path("handle", "#8a5a3c", hook),
        path("umbrella", p.main, dome),
        path("umbrella", p.shade, right),
        path("umbrella", p.light, panel),
        path("umbrella", p.deep, box(-2.2, -48, 2.2, -40, 2)),
    ]
    return placed(paths, 0, 1, 1, turn)


def gift(v: Sequence[float], p: Paint) -> list[Path]:
    w, ribbon, deep = 35 + 2 * v[0], "#fff1d6", "#e9cfa2"
    loop = blob([(0, -22, 0.3), (9, -42), (26, -44), (28, -30), (14, -22)])
    hole = about(loop, 18, -34, 0.42)
    loops = [c for s in (1, -1) for c in (loop * (s, 1), hole * (s, 1))]
    return [
        path("gift", p.main, box(-w, -4, w, 45, 3)),
        path("gift", p.shade, box(-w, -4, w, 5, 2)),
        path("ribbon", ribbon, box(-7, -4, 7, 45)),
        path("gift", p.main, box(-w - 5, -22, w + 5, -1, 3.5)),
        path("ribbon", ribbon, box(-7, -22, 7, -1)),
        path("ribbon", ribbon, loops[0], loops[2]),
        path("ribbon", deep, loops[1], loops[3], ellipse(0, -24, 5.4, 4.6)),
    ]


def clock(v: Sequence[float], p: Paint) -> list[Path]:
    r, hour, minute = 38, 90 * v[0], 180 * v[1]
    bells = [ellipse(s * 25, -33, 12, 9, s * 38) for s in (-1, 1)]
    feet = [stroke([(s * 22, 32), (s * 30, 45)], 8) for s in (-1, 1)]
    hands = [moved(stroke([(0, 2), (0, -14)], 5), 0, 3, 1, hour), moved(stroke([(0, 2), (0, -20)], 4), 0, 3, 1, minute)]
    return [
        path("feet", p.deep, *feet),
        path("bells", p.deep, *bells),
        *solid("clock", ellipse(0, 3, r), p, 7),
        path("dial", "#fffaf0", ellipse(0, 3, r - 8.5)),
        path("hands", "#3c3d48", *hands, ellipse(0, 3, 3.6)),
    ]


def book(v: Sequence[float], p: Paint) -> list[Path]:
    turn = -8 + 6 * v[0]
    sign = flower(2, -10, 11, 6.5, 5 + int(v[1] > 0), 20 * v[2])
    paths = [
        path("book", p.deep, box(-34, -44, 34, 45, 6)),
        path("pages", "#fdf4e3", box(-28, 30, 35, 41, 3)),
        path("book", p.main, box(-34, -45, 35, 33, 5)),
        path("book", p.shade, box(-34, -45, -21, 36, 5)),
        path("sign", p.light, sign),
    ]
    return placed(paths, 0, 0, 1, turn)


def lamp(v: Sequence[float], p: Paint) -> list[Path]:
    w = 34 + 2 * v[0]
    shade_ = polygon([(-0.55 * w, -45), (0.55 * w, -45), (w, 2), (-w, 2)], 4)
    return [
        path("stand", "#8d94a1", box(-3.5, 0, 3.5, 40, 2)),
        path("stand", "#6f7683", box(-20, 36, 20, 46, 5)),
        path("lamp", p.main, shade_),
        path("lamp", p.shade, polygon([(0.20 * w, -45), (0.55 * w, -45), (w, 2), (0.42 * w, 2)], 3)),
        path("lamp", "#fff0b8", ellipse(0, 2, 0.86 * w, 5)),
    ]


def ball(v: Sequence[float], p: Paint) -> list[Path]:
    r, turn = 42, 30 * v[0]
    disc = ellipse(0, 2, r)
    panels = [moved(crescent(ellipse(0, 0, r), a - 32, a + 32, 30), 0, 2, 1, turn) for a in (0, 120, 240)]
    return [
        path("ball", CREAM, disc),
        path("ball", p.main, *panels),
        path("ball", "#fbd45c" if p.main != "#fbc62f" else "#2f7fe0", ellipse(0, 2, 8)),
        path("ball", "#ffffff", ellipse(-19, -18, 4.4, 8.4, 42)),
    ]


def balloon(v: Sequence[float], p: Paint) -> list[Path]:
    w = 32 * (1 + 0.06 * v[0])
    bag = symmetric([(0, -48), (0.76 * w, -38), (w, -10), (0.56 * w, 16), (0, 26)])
    return [
        path("string", "#7b7f8c", stroke([(0, 28), (-4 + 3 * v[1], 36), (3, 43), (-1, 49)], 2.6)),
        path("balloon", p.deep, polygon([(0, 22), (6, 32), (-6, 32)], 2)),
        *solid("balloon", bag, p, 8),
        path("balloon", p.light, ellipse(-0.50 * w, -24, 5, 10, 24)),
    ]


def key(v: Sequence[float], p: Paint) -> list[Path]:
    turn = 40 + 10 * v[0]
    r = 19 + v[1]
    bow = ring(0, -26, r, 9.5)
    paths = [
        path("key", p.main, box(-5, -10, 5, 48, 3), box(2, 34, 19, 43, 3), box(2, 20, 15, 28, 3)),
        path("key", p.shade, box(1, -8, 5, 47, 2)),
        path("key", p.main, *bow),
        path("key", p.light, crescent(bow[0], -80, 10, 3.4)),
    ]
    return placed(paths, 0, 0, 1, turn)


HOUSEHOLD: dict[str, Object] = {
    "cup": Object(cup, ANY),
    "teapot": Object(teapot, ANY),
    "umbrella": Object(umbrella, ANY),
    "gift": Object(gift, ANY),
    "clock": Object(clock, ANY),
    "book": Object(book, ANY),
    "lamp": Object(lamp, ANY),
    "ball": Object(ball, ANY),
    "balloon": Object(balloon, ANY),
    "key": Object(key, ("yellow", "grey")),
}
