"""Heads from the front: horse and zebra."""

from __future__ import annotations

from iconworld.scenes.characters import features as face
from iconworld.scenes.characters.parts import both, skull, toned
from iconworld.scenes.characters.skeleton import Frame, Look, Plan
from iconworld.scenes.drawing import Path, path
from iconworld.scenes.edges import stripe
from iconworld.scenes.palette import INK, ROSE, light, lightness, mix
from iconworld.scenes.shapes import about, blob, moved, polygon, symmetric

HORSE = Plan(
    outline=(
        (0, -0.80), (0.62, -0.74), (0.96, -0.36), (0.92, 0.12), (0.74, 0.52), (0.76, 0.82), (0.46, 1.07), (0, 1.12),
    ),
    width=26, height=38, eye_x=0.66, eye_y=-0.12, eye=5.4, nose_y=0.70, mouth_y=0.90, hat_y=-0.66, hat_w=0.72,
)  # fmt: skip


def _ears(f: Frame, inner: str) -> list[Path]:
    tip = (0.62 * f.w + 0.5 * f.ear_turn, -0.82 * f.h - 11.0 * f.ear)
    ear = blob(
        [
            (0.24 * f.w, -0.66 * f.h, 0.3),
            (0.3 * f.w, -0.92 * f.h),
            (*tip, 0.25),
            (1.0 * f.w, -0.88 * f.h),
            (0.9 * f.w, -0.5 * f.h, 0.3),
        ]
    )
    return [
        path("ears", f.tones.main, *both(ear)),
        path("ears", inner, *both(about(ear, 0.62 * f.w, -0.76 * f.h, 0.52))),
    ]


def _forelock(f: Frame, color: str) -> list[Path]:
    lean = 4 + 4 * f.genes.mark
    lock = blob(
        [
            (-0.36 * f.w, -0.84 * f.h),
            (0, -1.0 * f.h),
            (0.38 * f.w, -0.82 * f.h),
            (0.32 * f.w, -0.46 * f.h),
            (lean, -0.18 * f.h, 0.3),
            (-0.02 * f.w, -0.42 * f.h),
            (-0.26 * f.w, -0.32 * f.h, 0.4),
        ]
    )
    return [path("mane", color, lock)]


def _head(f: Frame, look: Look, muzzle: str, mane: str, markings: list[Path]) -> list[Path]:
    t, m = f.tones, f.muzzle
    nose = symmetric(
        [
            (0, 0.48 * f.h),
            (0.64 * f.w, 0.56 * f.h),
            (0.84 * f.w * m, 0.84 * f.h),
            (0.50 * f.w, 1.09 * f.h),
            (0, 1.14 * f.h),
        ]
    )
    ink = INK if lightness(muzzle) > 0.42 else "#f3e4de"
    return [
        *_ears(f, mix(t.light, ROSE, 0.5)),
        *toned("head", skull(f, HORSE), t.main, t.shade, 4.0),
        *markings,
        path("muzzle", muzzle, moved(nose, 0.5 * f.look_x)),
        *_forelock(f, mane),
        *face.eyes(f, tall=1.25),
        *face.nostrils(f, ink, 9.0, 2.5, 3.3, 14),
        *face.mouth(f, look.expression, 9.5, 2.8, ink),
    ]


def horse(f: Frame, look: Look) -> list[Path]:
    t = f.tones
    blaze = symmetric(
        [
            (0, -0.30 * f.h),
            (0.17 * f.w, -0.16 * f.h),
            (0.15 * f.w, 0.36 * f.h),
            (0.2 * f.w, 0.62 * f.h),
            (0, 0.66 * f.h),
        ]
    )
    return _head(f, look, t.second, t.dark, [path("markings", light(t.main, 0.75), moved(blaze, 0.6 * f.look_x))])


def zebra(f: Frame, look: Look) -> list[Path]:
    outline, k = skull(f, HORSE), 1 + 0.2 * f.genes.mark
    rows = ((68, 0.14, 2), (96, 0.34, 2), (121, 0.50, 1))
    sides = [stripe(outline, s * a, 10.0 * k, (s * 0.28 * f.w, y * f.h), s * b) for s in (-1, 1) for a, y, b in rows]
    brow = [
        polygon([(s * 0.13 * f.w, -0.40 * f.h), (s * 0.30 * f.w, -0.32 * f.h), (s * 0.06 * f.w, 0.30 * f.h)], 1.5)
        for s in (-1, 1)
    ]
    return _head(f, look, "#55535f", INK, [path("markings", INK, *sides, *brow)])
