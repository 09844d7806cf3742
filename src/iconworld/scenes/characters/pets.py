"""Heads from the front: cat, dog, rabbit, mouse, pig."""

from __future__ import annotations

from iconworld.scenes.characters import features as face
from iconworld.scenes.characters.parts import both, pointed_ears, round_ears, skull, toned
from iconworld.scenes.characters.skeleton import Frame, Look, Plan
from iconworld.scenes.drawing import Path, path
from iconworld.scenes.edges import crescent
from iconworld.scenes.palette import INK, ROSE, mix, shade
from iconworld.scenes.shapes import Contour, about, blob, ellipse, moved

CAT = Plan(
    outline=((0, -0.90), (0.56, -0.86), (0.94, -0.32), (1.0, 0.24), (0.70, 0.78), (0, 0.95)),
    width=39, height=32, eye_x=0.46, eye_y=-0.06, eye=5.8, nose_y=0.34, mouth_y=0.52, hat_y=-0.78, hat_w=0.56,
)  # fmt: skip


def cat(f: Frame, look: Look) -> list[Path]:
    outline, t = skull(f, CAT), f.tones
    wide = 0.065 * f.w * (1 + 0.3 * f.genes.mark)
    top, low = -0.895 * f.h, -0.50 * f.h
    stripe = blob([(-wide, top), (wide, top), (0.5 * wide, low), (-0.5 * wide, low)])
    sides = [about(moved(stripe, s * 0.23 * f.w), 0, top, 0.8) for s in (-1, 1)]
    puff = 0.53 * f.h + 1.2 * f.look_y
    puffs = [ellipse(s * 6.4 * f.muzzle + 1.25 * f.look_x, puff, 9.2 * f.muzzle, 7.8 * f.muzzle) for s in (-1, 1)]
    return [
        *pointed_ears(f, 11.0, mix(t.light, ROSE, 0.75)),
        *toned("head", outline, t.main, t.shade),
        path("markings", mix(t.main, t.dark, 0.4), stripe, *sides),
        path("muzzle", t.second, *puffs),
        *face.whiskers(f, t.dark),
        *face.eyes(f, tall=1.2),
        *face.muzzle_line(f),
        *face.mouth(f, look.expression, 9.5),
        *face.button_nose(f, "#e46f7f", 0.95),
    ]


DOG = Plan(
    outline=((0, -1.0), (0.56, -0.90), (0.88, -0.38), (0.94, 0.22), (0.70, 0.80), (0, 1.0)),
    width=34, height=35, eye_x=0.44, eye_y=-0.14, eye=5.6, nose_y=0.22, mouth_y=0.52, hat_y=-0.86, hat_w=0.62,
)  # fmt: skip


def dog(f: Frame, look: Look) -> list[Path]:
    outline, t = skull(f, DOG), f.tones
    x, low, out = 0.72 * f.w, (0.36 + 0.12 * f.genes.ear) * f.h, 1.22 * f.w + 0.4 * f.ear_turn
    ear = blob(
        [
            (0.44 * f.w, -0.93 * f.h, 0.5),
            (x + 6, -0.88 * f.h),
            (out, -0.38 * f.h),
            (out + 1, low),
            (1.0 * f.w, low + 4),
            (0.84 * f.w, -0.18 * f.h),
        ]
    )
    patch = ellipse(f.eye_x + f.look_x, f.eye_y - 0.5, f.eye * 2.0, f.eye * 2.25, 12)
    snout = ellipse(1.2 * f.look_x, 0.42 * f.h + 1.2 * f.look_y, 16 * f.muzzle, 13.4 * f.muzzle)
    return [
        *toned("head", outline, t.main, t.shade),
        path("markings", t.dark, patch),
        path("muzzle", t.second, snout),
        path("ears", t.dark, *both(ear)),
        path("ears", shade(t.dark, 0.2), *both(crescent(ear, 95, 200, 4.0))),
        *face.eyes(f),
        *face.muzzle_line(f),
        *face.mouth(f, look.expression, 10),
        *face.oval_nose(f),
    ]


RABBIT = Plan(
    outline=((0, -0.58), (0.58, -0.50), (0.92, -0.02), (1.0, 0.50), (0.72, 1.08), (0, 1.28)),
    width=33, height=32, eye_x=0.46, eye_y=0.24, eye=5.6, nose_y=0.56, mouth_y=0.74, hat_y=-0.44, hat_w=0.58,
)  # fmt: skip


def rabbit(f: Frame, look: Look) -> list[Path]:
    outline, t = skull(f, RABBIT), f.tones
    x, top = 0.46 * f.w + 0.7 * f.ear_turn, -42 - 1.4 * (f.ear - 1)
    ear = blob(
        [
            (0.06 * f.w, -0.4 * f.h),
            (0.12 * f.w + 0.3 * f.ear_turn, -0.95 * f.h),
            (x, top),
            (x + 0.27 * f.w, -0.98 * f.h),
            (0.56 * f.w, -0.36 * f.h),
        ]
    )
    inner = about(ear, 0.40 * f.w + 0.35 * f.ear_turn, -0.72 * f.h, (0.52, 0.72))
    snout = 0.76 * f.h + 1.2 * f.look_y
    puffs = [ellipse(s * 6.6 * f.muzzle + 1.25 * f.look_x, snout, 9.4 * f.muzzle, 8.0 * f.muzzle) for s in (-1, 1)]
    return [
        path("ears", t.main, *both(ear)),
        path("ears", mix(t.light, ROSE, 0.7), *both(inner)),
        *toned("head", outline, t.main, t.shade),
        path("cheeks", mix(t.main, ROSE, 0.35), *_cheeks(f)),
        path("muzzle", mix(t.second, "#ffffff", 0.5), *puffs),
        *face.teeth(f),
        *face.eyes(f, tall=1.25),
        *face.muzzle_line(f),
        *face.mouth(f, look.expression, 9.5),
        *face.button_nose(f, "#e46f7f", 0.85),
    ]


def _cheeks(f: Frame) -> list[Contour]:
    return [ellipse(s * 0.70 * f.w + f.look_x, f.eye_y + 13.5, 5.6, 4.4) for s in (-1, 1)]


MOUSE = Plan(
    outline=((0, -0.72), (0.56, -0.66), (0.92, -0.16), (0.94, 0.36), (0.56, 0.92), (0, 1.12)),
    width=31, height=31, eye_x=0.45, eye_y=0.10, eye=5.6, nose_y=0.52, mouth_y=0.74, hat_y=-0.58, hat_w=0.60,
)  # fmt: skip


def mouse(f: Frame, look: Look) -> list[Path]:
    outline, t = skull(f, MOUSE), f.tones
    return [
        *round_ears(f, 0.86, -0.66, 18.5, mix(t.light, ROSE, 0.75)),
        *toned("head", outline, t.main, t.shade),
        path("muzzle", t.second, ellipse(1.2 * f.look_x, 0.72 * f.h + 1.2 * f.look_y, 14 * f.muzzle, 10.5 * f.muzzle)),
        *face.whiskers(f, t.dark, 0.95),
        *face.teeth(f),
        *face.eyes(f, tall=1.15),
        *face.mouth(f, look.expression, 9.5),
        *face.oval_nose(f, "#ee7f92", 5.2, 4.2),
    ]


PIG = Plan(
    outline=((0, -0.92), (0.60, -0.84), (0.96, -0.28), (0.98, 0.30), (0.70, 0.84), (0, 1.02)),
    width=38, height=35, eye_x=0.52, eye_y=-0.16, eye=5.4, nose_y=0.26, mouth_y=0.72, hat_y=-0.80, hat_w=0.56,
)  # fmt: skip


def pig(f: Frame, look: Look) -> list[Path]:
    outline, t = skull(f, PIG), f.tones
    tip = (1.06 * f.w + 0.4 * f.ear_turn, -0.86 * f.h - 3 * (f.ear - 1))
    ear = blob(
        [
            (0.34 * f.w, -0.86 * f.h, 0.4),
            (0.76 * f.w, -1.14 * f.h),
            (*tip, 0.35),
            (0.98 * f.w, -0.34 * f.h),
            (0.72 * f.w, -0.48 * f.h),
        ]
    )
    deep, snout = mix(t.main, "#e8647d", 0.55), (15.5 * f.muzzle, 11.0 * f.muzzle)
    return [
        *toned("head", outline, t.main, t.shade),
        path("ears", deep, *both(ear)),
        path("cheeks", mix(t.main, "#f0708a", 0.35), *_cheeks(f)),
        path("muzzle", deep, ellipse(1.25 * f.look_x, f.nose_y, *snout)),
        *face.nostrils(f, mix(deep, INK, 0.55), 5.6, 2.6, 3.8),
        *face.eyes(f),
        *face.mouth(f, look.expression, 10, 2.8, "#8f3f52"),
    ]
