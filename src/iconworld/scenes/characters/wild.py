"""Heads from the front: fox, bear, panda, lion, tiger, monkey, frog."""

from __future__ import annotations

from iconworld.scenes.characters import features as face
from iconworld.scenes.characters.parts import both, pointed_ears, round_ears, skull, toned
from iconworld.scenes.characters.skeleton import Frame, Look, Plan
from iconworld.scenes.drawing import Path, path
from iconworld.scenes.edges import crescent, stripe
from iconworld.scenes.palette import INK, ROSE, mix, shade
from iconworld.scenes.shapes import Contour, blob, ellipse, flower, moved, symmetric

FOX = Plan(
    outline=((0, -0.78), (0.52, -0.78), (0.90, -0.28), (1.06, 0.26, 0.6), (0.56, 0.76), (0, 1.06, 0.6)),
    width=40, height=33, eye_x=0.44, eye_y=-0.04, eye=5.4, nose_y=0.56, mouth_y=0.78, hat_y=-0.66, hat_w=0.52,
)  # fmt: skip


def fox(f: Frame, look: Look) -> list[Path]:
    outline, t = skull(f, FOX), f.tones
    main = "#f07f2e"
    white = "#fff5e8"
    cheek = [crescent(outline, 76, 181, 15), crescent(outline, -181, -76, 15)]
    return [
        *pointed_ears(f._replace(tones=t._replace(main=main)), 11.5, mix(main, white, 0.75), tip="#5a3a36"),
        path("head", main, outline),
        path("muzzle", white, *cheek),
        path("muzzle", shade(white, 0.10), crescent(outline, 96, 180, 3.4)),
        *face.eyes(f, tall=1.2),
        *face.mouth(f, look.expression, 9.0, 2.8),
        *face.oval_nose(f, rx=6.0, ry=4.6),
    ]


BEAR = Plan(
    outline=((0, -0.90), (0.58, -0.82), (0.94, -0.30), (1.0, 0.28), (0.72, 0.84), (0, 1.04)),
    width=38, height=35, eye_x=0.42, eye_y=-0.12, eye=5.4, nose_y=0.26, mouth_y=0.56, hat_y=-0.76, hat_w=0.60,
)  # fmt: skip


def _snout(f: Frame, y: float, rx: float, ry: float) -> Contour:
    return ellipse(1.2 * f.look_x, y * f.h + 1.2 * f.look_y, rx * f.muzzle, ry * f.muzzle)


def bear(f: Frame, look: Look) -> list[Path]:
    t = f.tones
    return [
        *round_ears(f, 0.74, -0.74, 13.5, mix(t.main, t.second, 0.6)),
        *toned("head", skull(f, BEAR), t.main, t.shade),
        path("muzzle", t.second, _snout(f, 0.46, 17, 14)),
        *face.eyes(f),
        *face.muzzle_line(f),
        *face.mouth(f, look.expression, 9.5),
        *face.oval_nose(f, rx=7.0, ry=4.8),
    ]


def panda(f: Frame, look: Look) -> list[Path]:
    t, black = f.tones, "#45434e"
    lean = 22 + 8 * f.genes.mark
    patches = [
        ellipse(s * f.eye_x * 1.10 + f.look_x, f.eye_y + 1.6, f.eye * 1.75, f.eye * 2.25, s * lean) for s in (-1, 1)
    ]
    whites = [ellipse(s * f.eye_x + f.look_x, f.eye_y, f.eye * 1.12, f.eye * 1.24) for s in (-1, 1)]
    return [
        *round_ears(f, 0.76, -0.72, 14.5, black, black),
        *toned("head", skull(f, BEAR), t.main, t.shade),
        path("markings", black, *patches),
        path("eyes", "#fbfaf6", *whites),
        *face.eyes(f._replace(eye=f.eye * 0.86)),
        *face.muzzle_line(f),
        *face.mouth(f, look.expression, 9.5),
        *face.oval_nose(f, rx=6.4, ry=4.4),
    ]


LION = Plan(
    outline=((0, -0.90), (0.58, -0.80), (0.94, -0.26), (0.92, 0.30), (0.64, 0.86), (0, 1.06)),
    width=29, height=29, eye_x=0.44, eye_y=-0.14, eye=5.0, nose_y=0.24, mouth_y=0.58, hat_y=-0.98, hat_w=0.80,
)  # fmt: skip


def lion(f: Frame, look: Look) -> list[Path]:
    t, mane = f.tones, "#b5652e"
    reach = 42.0 * (1 + 0.02 * f.genes.width)
    count = 11 + 2 * (f.genes.mark > 0)
    return [
        path("mane", shade(mane, 0.22), flower(0, 1, reach, reach * 0.90, count)),
        path("mane", mane, flower(0, 0.5, reach * 0.86, reach * 0.77, count, 180 / count)),
        *round_ears(f, 0.78, -0.78, 9.5, mix(t.main, mane, 0.5)),
        *toned("head", skull(f, LION), t.main, t.shade, 4),
        path("muzzle", t.second, _snout(f, 0.56, 14.5, 11.5)),
        *face.eyes(f),
        *face.muzzle_line(f),
        *face.mouth(f, look.expression, 9),
        *face.button_nose(f, "#7d4536", 1.15),
    ]


TIGER = BEAR._replace(width=37, eye_x=0.44)


def tiger(f: Frame, look: Look) -> list[Path]:
    outline, k = skull(f, TIGER), 1 + 0.2 * f.genes.mark
    white = "#fff4e4"
    sides = [
        stripe(outline, s * a, 10.5 * k, (s * x * f.w, y * f.h), s * b)
        for s in (-1, 1)
        for a, x, y, b in ((74, 0.62, -0.20, 1), (94, 0.58, 0.10, 1), (114, 0.62, 0.38, 1))
    ]
    brow = [
        stripe(outline, 0, 9 * k, (0, -0.40 * f.h)),
        *(stripe(outline, s * 21, 8 * k, (s * 0.20 * f.w, -0.46 * f.h)) for s in (-1, 1)),
    ]
    m, low = f.muzzle, 0.56 * f.h + 1.2 * f.look_y
    puffs = [ellipse(s * 8 * m + 1.2 * f.look_x, low, 13 * m, 11.5 * m) for s in (-1, 1)]
    return [
        *round_ears(f, 0.74, -0.76, 13.0, white),
        *toned("head", outline, "#f6942f", shade("#f6942f", 0.15)),
        path("muzzle", white, *puffs),
        path("markings", INK, *sides, *brow),
        *face.eyes(f),
        *face.muzzle_line(f),
        *face.mouth(f, look.expression, 9.5),
        *face.button_nose(f, "#e46f7f", 1.15),
    ]


MONKEY = Plan(
    outline=((0, -0.98), (0.56, -0.90), (0.88, -0.36), (0.88, 0.22), (0.74, 0.78), (0, 1.04)),
    width=34, height=36, eye_x=0.36, eye_y=-0.10, eye=5.4, nose_y=0.26, mouth_y=0.58, hat_y=-0.82, hat_w=0.66,
)  # fmt: skip


def monkey(f: Frame, look: Look) -> list[Path]:
    t, tan = f.tones, "#f5d3a6"
    mask = symmetric(
        [
            (0, -0.44 * f.h),
            (0.36 * f.w, -0.6 * f.h),
            (0.68 * f.w, -0.26 * f.h),
            (0.58 * f.w, 0.16 * f.h),
            (0.72 * f.w * f.muzzle, 0.56 * f.h),
            (0.4 * f.w, 0.92 * f.h),
            (0, 0.98 * f.h),
        ]
    )
    return [
        *round_ears(f, 1.0, 0.0, 12.5, mix(tan, ROSE, 0.3)),
        *toned("head", skull(f, MONKEY), t.main, t.shade),
        path("muzzle", tan, moved(mask, 0.6 * f.look_x, 0.5 * f.look_y)),
        *face.eyes(f, tall=1.2),
        *face.nostrils(f, "#8a5a3f", 3.4, 1.9, 2.5, 20),
        *face.mouth(f, look.expression, 12.0, 3.0, "#6b3f33"),
    ]


FROG = Plan(
    outline=((0, -0.56), (0.52, -0.60), (0.94, -0.12), (1.0, 0.40), (0.70, 0.94), (0, 1.10)),
    width=41, height=32, eye_x=0.52, eye_y=-0.66, eye=6.0, nose_y=0.10, mouth_y=0.44, hat_y=-0.60, hat_w=0.44,
)  # fmt: skip


def frog(f: Frame, look: Look) -> list[Path]:
    t = f.tones
    r = 14.5 + f.ear - 1
    bumps = [ellipse(s * f.eye_x, f.eye_y, r, r) for s in (-1, 1)]
    whites = [ellipse(s * f.eye_x + 0.5 * f.look_x, f.eye_y, 10.4, 10.4) for s in (-1, 1)]
    belly = blob(
        [
            (-0.7 * f.w, 0.62 * f.h),
            (0, 0.8 * f.h),
            (0.7 * f.w, 0.62 * f.h),
            (0.58 * f.w, 0.92 * f.h),
            (0, 1.04 * f.h),
            (-0.58 * f.w, 0.92 * f.h),
        ]
    )
    return [
        path("head", t.main, *bumps),
        *toned("head", skull(f, FROG), t.main, t.shade),
        path("muzzle", mix(t.main, "#fdf6c8", 0.55), belly),
        path("eyes", "#fbfaf6", *whites),
        *face.eyes(f),
        path("cheeks", mix(t.main, ROSE, 0.6), *both(ellipse(0.74 * f.w, 0.30 * f.h, 5.6, 4.2))),
        *face.nostrils(f, t.dark, 4.2, 1.7, 2.0),
        *face.mouth(f, look.expression, 17.0, 3.2, "#33582a"),
    ]
