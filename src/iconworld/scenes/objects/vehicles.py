"""Things that move people."""

from __future__ import annotations

from collections.abc import Sequence

from iconworld.scenes.drawing import Path, path, placed
from iconworld.scenes.objects.common import ANY, Object, Paint
from iconworld.scenes.shapes import blob, box, ellipse, polygon, symmetric

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


def bus(v: Sequence[float], p: Paint) -> list[Path]:
    top, r = -30 - 2 * v[0], 10 + v[1]
    panes = [box(x, top + 9, x + 16, top + 26, 3) for x in (-40, -20, 0)]
    return [
        path("bus", p.main, box(-47, top, 47, 26, 9)),
        path("bus", p.shade, box(-47, 14, 47, 26, 5)),
        path("windows", GLASS, *panes, box(21, top + 9, 42, top + 26, 3)),
        path("bus", p.light, box(-47, 3, 47, 8)),
        path("lights", "#ffe9a3", box(42, 10, 47, 17, 2)),
        *wheel(-25, 26, r),
        *wheel(25, 26, r),
    ]


def truck(v: Sequence[float], p: Paint) -> list[Path]:
    top, r = -30 - 3 * v[0], 10.5 + v[1]
    cab = polygon([(14, 22), (14, -16), (32, -16, 6), (46, 2, 5), (47, 22)], 4)
    return [
        path("cargo", "#eef0f3", box(-47, top, 12, 20, 4)),
        path("cargo", "#cfd5dd", box(-47, 8, 12, 20, 3)),
        path("truck", p.main, cab),
        path("truck", p.shade, box(13, 13, 47, 22, 3)),
        path("windows", GLASS, polygon([(21, -9), (30, -9), (38, 2), (21, 2)], 3)),
        path("truck", p.main, box(-40, top + 10, 4, top + 18, 3)),
        path("truck", "#5b5e6b", box(-47, 18, 47, 24, 2.5)),
        *wheel(-27, 24, r),
        *wheel(30, 24, r),
    ]


def boat(v: Sequence[float], p: Paint) -> list[Path]:
    high, lean = -45 - v[0], 2 * v[1]
    hull = blob([(-46, 12, 0.2), (46, 12, 0.2), (34, 32, 0.6), (24, 38, 0.5), (-24, 38, 0.5), (-36, 32, 0.6)], 0.8)
    main = blob([(2 + lean, high, 0.2), (26, -16), (34 + 3 * v[2], 6, 0.2), (2, 6, 0.2)], 0.8)
    jib = blob([(-4 + lean, high + 12, 0.2), (-4, 6, 0.2), (-34 - 3 * v[2], 6, 0.2), (-18, -12)], 0.6)
    return [
        path("mast", "#8a5a3f", box(-3.2, high - 2, 1.2, 16, 2)),
        path("sail", "#fdf6e9", main),
        path("sail", "#f3dcc0", jib),
        path("boat", p.main, hull),
        path(
            "boat",
            p.shade,
            blob([(-39, 25, 0.3), (39, 25, 0.3), (33, 33, 0.6), (24, 38, 0.5), (-24, 38, 0.5), (-33, 33, 0.6)], 0.8),
        ),
        path("boat", p.light, box(-43, 12, 43, 17, 2)),
    ]


def airplane(v: Sequence[float], p: Paint) -> list[Path]:
    turn = -12 + 8 * v[0]
    body = blob([(-44, -4), (-20, -11), (24, -11), (42, -6), (47, 2), (38, 9), (0, 12), (-30, 8)])
    fin = polygon([(-44, -6), (-47, -30), (-35, -30), (-20, -8)], 4)
    wing = polygon([(-4, 4), (16, 4), (-8, 36), (-22, 36)], 4)
    far = polygon([(0, -8), (16, -8), (-2, -30), (-13, -30)], 4)
    panes = [ellipse(x, -2.5, 3.2) for x in (-18, -7, 4, 15)]
    paths = [
        path("wings", p.deep, far),
        path("airplane", p.main, fin),
        path("airplane", "#f2f4f7", body),
        path("airplane", "#cdd5df", blob([(-40, 1, 0.3), (45, 5, 0.3), (38, 9), (0, 12), (-30, 8)])),
        path("windows", "#5aa9e6", *panes, blob([(30, -7), (39, -5), (43, -1), (30, -1)], 0.8)),
        path("wings", p.main, wing),
        path("wings", p.shade, polygon([(6, 4), (16, 4), (-8, 36), (-15, 36)], 3)),
    ]
    return placed(paths, 0, 0, 1, turn)


def rocket(v: Sequence[float], p: Paint) -> list[Path]:
    turn, w = 30 + 10 * v[0], 18 + 1.5 * v[1]
    body = symmetric([(0, -50, 0.3), (0.72 * w, -30), (w, -4), (0.74 * w, 24, 0.3), (0, 25)])
    nose = symmetric([(0, -50, 0.3), (0.50 * w, -38), (0.81 * w, -25, 0.2), (0, -21)])
    fins = [
        polygon([(s * 0.86 * w, 2), (s * (w + 15), 22), (s * (w + 13), 34), (s * 0.62 * w, 22)], 3.5) for s in (-1, 1)
    ]
    flame = symmetric([(0, 22), (11, 24), (9, 36), (0, 50, 0.3)])
    paths = [
        path("flame", "#f79a2e", flame),
        path("flame", "#ffe07a", symmetric([(0, 22), (6, 24), (4.5, 32), (0, 40, 0.3)])),
        path("rocket", p.deep, *fins),
        path("rocket", "#f4f5f7", body),
        path("rocket", p.main, nose),
        path("windows", p.shade, ellipse(0, -6, 9.4)),
        path("windows", "#a9dcf7", ellipse(0, -6, 6.2)),
        path("rocket", p.main, box(-0.78 * w, 19, 0.78 * w, 26, 3)),
    ]
    return placed(paths, 2, 1, 0.96, turn)


def balloon(v: Sequence[float], p: Paint) -> list[Path]:
    w = 36 * (1 + 0.05 * v[0])
    bag = symmetric([(0, -49), (0.74 * w, -40), (w, -14), (0.62 * w, 14), (0.26 * w, 26, 0.4), (0, 26)])
    mid = symmetric([(0, -49), (0.30 * w, -40), (0.42 * w, -14), (0.26 * w, 14), (0.12 * w, 26, 0.4), (0, 26)])
    side = blob(
        [
            (0.42 * w, -45.5, 0.4),
            (0.80 * w, -35),
            (w, -14),
            (0.62 * w, 14),
            (0.26 * w, 26, 0.3),
            (0.46 * w, 12),
            (0.68 * w, -14),
        ]
    )
    return [
        path(
            "ropes",
            "#7a5a44",
            polygon([(-7, 24), (-4.6, 24), (-6, 37), (-8, 37)]),
            polygon([(7, 24), (4.6, 24), (6, 37), (8, 37)]),
        ),
        path("balloon", p.main, bag),
        path("balloon", p.shade, side),
        path("balloon", p.light, mid),
        path("basket", "#a06a43", polygon([(-10, 35), (10, 35), (8, 49), (-8, 49)], 3)),
        path("basket", "#7d4f32", box(-10.5, 34.5, 10.5, 39, 2)),
    ]


VEHICLES: dict[str, Object] = {
    "car": Object(car, ANY),
    "bus": Object(bus, ANY),
    "truck": Object(truck, ANY),
    "sailboat": Object(boat, ANY),
    "airplane": Object(airplane, ANY),
    "rocket": Object(rocket, ANY),
    "hot air balloon": Object(balloon, ANY),
}
