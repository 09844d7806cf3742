"""Houses, trees and flowers."""

from __future__ import annotations

from collections.abc import Sequence

from iconworld.scenes.drawing import Path, path
from iconworld.scenes.objects.common import ANY, Object, Paint, solid
from iconworld.scenes.shapes import about, blob, box, ellipse, flower, moved, polygon, stroke, symmetric

WALL, WALL_SHADE, WOOD, PANE = "#fbf0dc", "#ead8bb", "#9a6544", "#a9dcf7"
BARK, BARK_SHADE = "#8a5a3c", "#6f452d"


def house(v: Sequence[float], p: Paint) -> list[Path]:
    w, eave = 35 + 2 * v[0], -6 - 2 * v[1]
    door = -12 + 3 * v[2]
    return [
        path("chimney", "#b5654a", box(17, -42, 28, -12, 1.5)),
        path("wall", WALL, box(-w, eave - 4, w, 44, 2)),
        path("wall", WALL_SHADE, box(-w, 36, w, 44, 2)),
        path(
            "roof",
            p.main,
            polygon([(-w - 12, eave), (0, -47), (w + 12, eave), (w + 7, eave + 6), (-w - 7, eave + 6)], 4),
        ),
        path(
            "roof",
            p.shade,
            polygon([(-w - 10, eave + 0.5), (w + 10, eave + 0.5), (w + 7, eave + 6), (-w - 7, eave + 6)], 2),
        ),
        path("door", WOOD, box(door - 9, 14, door + 9, 44, 4)),
        path("door", "#fbd45c", ellipse(door + 4.5, 30, 2)),
        path("windows", "#ffffff", box(9, 11, 30, 31, 3)),
        path(
            "windows",
            PANE,
            box(11.5, 13.5, 18.5, 20),
            box(20.5, 13.5, 27.5, 20),
            box(11.5, 22, 18.5, 28.5),
            box(20.5, 22, 27.5, 28.5),
        ),
    ]


def castle(v: Sequence[float], p: Paint) -> list[Path]:
    stone, dark, top = "#d9dde4", "#b6bdc9", -14 - 2 * v[0]
    teeth = [box(x, 0, x + 9, 14, 1) for x in (-20, -4.5, 11)]
    towers = [box(s * 34 - 12, top, s * 34 + 12, 45, 2) for s in (-1, 1)]
    roofs = [polygon([(s * 34 - 16, top + 2), (s * 34, -47), (s * 34 + 16, top + 2)], 3) for s in (-1, 1)]
    slits = [box(s * 34 - 3.4, 2, s * 34 + 3.4, 16, 3.4) for s in (-1, 1)]
    return [
        path("wall", dark, box(-26, 8, 26, 45, 1), *teeth),
        path("wall", stone, *towers),
        path("roof", p.main, *roofs),
        path(
            "roof",
            p.shade,
            *(polygon([(s * 34 + 4, top + 2), (s * 34, -47), (s * 34 + 16, top + 2)], 2) for s in (-1, 1)),
        ),
        path("windows", "#5d6678", *slits),
        path("door", WOOD, polygon([(-11, 45), (-11, 24), (0, 19), (11, 24), (11, 45)], 5)),
    ]


def tent(v: Sequence[float], p: Paint) -> list[Path]:
    lean, wide = 3 * v[0], 44 + 2 * v[1]
    return [
        *[path("tent", p.main, polygon([(-wide, 38), (lean, -40), (wide, 38)], 5))],
        path("tent", p.shade, polygon([(lean, -40), (wide, 38), (14, 38)], 3)),
        path("door", "#4b3a4d", polygon([(lean, -14), (15, 38), (-15, 38)], 2)),
        path("door", p.light, polygon([(lean, -14), (-15, 38), (-24, 38), (-8, 14)], 2)),
        path("pole", WOOD, box(lean - 2, -47, lean + 2, -34, 1.5)),
    ]


def tree(v: Sequence[float], p: Paint) -> list[Path]:
    r = 38 * (1 + 0.05 * v[0])
    crown = flower(0, -12, r, r * 0.86, 7 + (v[1] > 0), 15 * v[2])
    return [
        path("trunk", BARK, polygon([(-7, 10), (7, 10), (9.5, 47), (-9.5, 47)], 2)),
        path("trunk", BARK_SHADE, polygon([(1.5, 10), (7, 10), (9.5, 47), (2, 47)], 1.5)),
        *solid("tree", crown, p, 9),
        path("tree", p.light, ellipse(-0.40 * r, -27, 5, 8, 40), ellipse(-4, -34, 3.5, 5, 60)),
    ]


def pine(v: Sequence[float], p: Paint) -> list[Path]:
    w = 1 + 0.06 * v[0]
    layers = [
        polygon([(-a * w, y), (0, y - h), (a * w, y)], 5) for a, y, h in ((38, 36, 40), (31, 14, 36), (23, -9, 39))
    ]
    sides = [polygon([(4, y), (0, y - h), (a * w, y)], 3.5) for a, y, h in ((38, 36, 40), (31, 14, 36), (23, -9, 39))]
    out = [path("trunk", BARK, box(-7, 30, 7, 48, 2))]
    for layer, side in zip(layers, sides, strict=True):
        out += [path("tree", p.main, layer), path("tree", p.shade, side)]
    return out


def cactus(v: Sequence[float], p: Paint) -> list[Path]:
    arm, up = 26 + 2 * v[0], -16 + 5 * v[1]
    left = stroke([(-6, 16), (-arm + 2, 13), (-arm, 2), (-arm, up + 6)], 13)
    right = stroke([(6, 4), (arm - 1, 1), (arm + 1, -8), (arm + 1, up - 10)], 12)
    return [
        path("cactus", p.shade, left, right),
        path("cactus", p.main, box(-13, -44, 13, 36, 13)),
        path("cactus", p.light, *(stroke([(x, y), (x, y + 9)], 3) for x, y in ((-5, -30), (5, -16), (-5, -2)))),
        path("flower", "#f583ae", flower(0, -43, 7, 4, 5)),
        path("pot", "#d9734e", polygon([(-20, 28), (20, 28), (15, 48), (-15, 48)], 3)),
        path("pot", "#b85a3c", box(-22, 25, 22, 33, 3)),
    ]


def daisy(v: Sequence[float], p: Paint) -> list[Path]:
    count, r = 6 + int(v[0] > 0) + int(v[0] > 0.5), 28 * (1 + 0.05 * v[1])
    sway = 5 * v[2]
    blade = blob([(0, 0, 0), (14, -9), (27, -8, 0), (15, 5)])
    return [
        path("stem", "#3f9b4b", stroke([(0, -14), (sway, 16), (0, 46)], 6)),
        path("leaf", "#4caf50", moved(blade, sway * 0.8, 34), moved(blade, sway * 0.9, 27, (-1, 1))),
        path("petals", p.shade, flower(0, -17, r + 1.5, r * 0.5, count, 12 * v[3] + 180 / count)),
        path("petals", p.main, flower(0, -17, r, r * 0.48, count, 12 * v[3])),
        path("middle", "#fbc62f" if p.main != "#fbc62f" else "#a8683c", ellipse(0, -17, 0.36 * r)),
    ]


def tulip(v: Sequence[float], p: Paint) -> list[Path]:
    w, sway = 21 * (1 + 0.08 * v[0]), 4 * v[1]
    cup = symmetric([(0, -30), (0.5 * w, -34), (w, -45, 0.2), (1.05 * w, -20), (0.6 * w, 0), (0, 4)])
    front = symmetric([(0, -44, 0.3), (0.55 * w, -20), (0.40 * w, 0), (0, 4)])
    blade = blob([(0, 46, 0.3), (10, 30), (26, 6, 0.2), (24, 30), (8, 47)])
    return [
        path("stem", "#3f9b4b", stroke([(0, 0), (sway, 22), (0, 46)], 6)),
        path("leaf", "#4caf50", blade),
        path("leaf", "#3f9b4b", about(blade, 0, 46, (-0.9, 0.8))),
        path("petals", p.main, cup),
        path("petals", p.light, front),
        path(
            "petals",
            p.shade,
            blob([(0.96 * w, -42, 0.2), (1.05 * w, -20), (0.6 * w, 0), (0.1 * w, 4), (0.66 * w, -20)]),
        ),
    ]


def mushroom(v: Sequence[float], p: Paint) -> list[Path]:
    w, high = 43 * (1 + 0.04 * v[0]), -38 - 3 * v[1]
    cap = blob([(-w, 4, 0.5), (-0.80 * w, -20), (0, high), (0.80 * w, -20), (w, 4, 0.5), (0, 10)])
    stem = symmetric([(0, 2), (13, 4), (16, 24), (17, 40), (0, 45)])
    return [
        path("stem", "#fdf1dc", stem),
        path("stem", "#e7d3b4", blob([(-13, 6), (0, 11), (13, 6), (14, 14), (0, 18), (-14, 14)])),
        *solid("cap", cap, p, 7, 70, 170),
        path(
            "spots",
            "#fff6ea",
            ellipse(-18, -10, 8, 7),
            ellipse(14, -20, 7, 6),
            ellipse(26, -3, 5, 4.4),
            ellipse(-4, -29, 4.5, 3.6),
        ),
    ]


OUTDOORS: dict[str, Object] = {
    "house": Object(house, ANY),
    "castle": Object(castle, ANY),
    "tent": Object(tent, ANY),
    "tree": Object(tree, ("green", "orange", "red", "yellow")),
    "pine tree": Object(pine, ("green", "teal")),
    "cactus": Object(cactus, ("green",)),
    "flower": Object(daisy, ANY),
    "tulip": Object(tulip, ("red", "pink", "yellow", "purple", "orange")),
    "mushroom": Object(mushroom, ("red", "brown", "purple")),
}
