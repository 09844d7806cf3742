"""Heads from the front: man, woman, boy, girl; skin and hair are free."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iconworld.scenes.characters import features as face
from iconworld.scenes.characters.parts import both, skull, toned
from iconworld.scenes.characters.skeleton import Frame, Look, Plan
from iconworld.scenes.drawing import Path, path
from iconworld.scenes.edges import crescent
from iconworld.scenes.palette import HAIR, SKINS, light, mix, shade
from iconworld.scenes.shapes import Contour, blob, ellipse, stroke, symmetric

ADULT = Plan(
    outline=((0, -0.92), (0.62, -0.84), (0.95, -0.30), (0.92, 0.30), (0.66, 0.80), (0, 1.08)),
    width=32, height=36, eye_x=0.42, eye_y=0.02, eye=4.9, nose_y=0.36, mouth_y=0.62, hat_y=-0.66, hat_w=1.08,
)  # fmt: skip
WOMAN = ADULT._replace(
    outline=((0, -0.92), (0.62, -0.84), (0.95, -0.30), (0.90, 0.26), (0.58, 0.78), (0, 1.06)), width=31, eye=5.2
)
CHILD = Plan(
    outline=((0, -0.92), (0.62, -0.84), (0.98, -0.26), (1.0, 0.30), (0.70, 0.82), (0, 1.02)),
    width=35, height=34, eye_x=0.42, eye_y=0.10, eye=5.6, nose_y=0.38, mouth_y=0.62, hat_y=-0.62, hat_w=1.06,
)  # fmt: skip


def _face(f: Frame, look: Look, plan: Plan, hair: str, beard: list[Path]) -> list[Path]:
    skin = SKINS[look.skin]
    x, y = 1.3 * f.look_x, f.nose_y
    ears = both(ellipse(0.98 * f.w, f.eye_y + 5, 6.6 * f.ear, 8.2 * f.ear))
    nose = stroke([(x - 4.2, y - 0.4), (x, y + 1.8), (x + 4.2, y - 0.4)], (2.6, 3.4, 2.6))
    lips = "#7c2f36" if look.skin < 3 else "#4e1f22"
    return [
        path("ears", shade(skin, 0.10), *ears),
        *toned("head", skull(f, plan), skin, shade(skin, 0.13), 4.5),
        *face.cheeks(f, mix(skin, "#ef6f6c", 0.32), 5.0),
        *beard,
        *face.brows(f, shade(hair, 0.25) if hair != HAIR["black"] else hair, look.expression),
        *face.eyes(f, tall=1.15),
        path("nose", shade(skin, 0.26), nose),
        *face.mouth(f, look.expression, 10.5, 2.9, lips),
    ]


def _cap(f: Frame, side: float, fringe: Sequence[tuple[float, ...]]) -> Contour:
    """Hair over the top of the head down to `side` (fraction of the half height), its lower edge through `fringe`."""
    w, h = f.w, f.h
    top = [(-1.05 * w, side * h, 0.5), (-1.08 * w, -0.42 * h), (-0.70 * w, -0.98 * h), (0, -1.16 * h)]
    top += [(0.70 * w, -0.98 * h), (1.08 * w, -0.42 * h), (1.05 * w, side * h, 0.5)]
    return blob([*top, *((x * w, y * h, *r) for x, y, *r in fringe)])


def _gleam(f: Frame, hair: str) -> Path:
    y = -0.86 * f.h
    return path(
        "hair", light(hair, 0.22), stroke([(-0.50 * f.w, y + 5), (-0.26 * f.w, y - 2), (0.02 * f.w, y - 4)], (2, 4, 2))
    )


def man(f: Frame, look: Look) -> list[Path]:
    hair, part = HAIR[look.hair], -0.34 + 0.2 * f.genes.mark
    cap = _cap(
        f, 0.06, [(0.90, -0.20), (0.78, -0.46), (0.30, -0.52), (part, -0.60, 0.4), (-0.74, -0.42), (-0.90, -0.20)]
    )
    return [*_face(f, look, ADULT, hair, _beard(f, hair)), path("hair", hair, cap), _gleam(f, hair)]


def _beard(f: Frame, hair: str) -> list[Path]:
    if f.genes.mark < 0.2:
        return []
    outline = skull(f, ADULT)
    x, y = 1.25 * f.look_x, f.mouth_y
    tash = blob(
        [
            (x, y - 6.4),
            (x + 9, y - 4.0),
            (x + 13.5, y + 1.0, 0.3),
            (x, y - 2.6),
            (x - 13.5, y + 1.0, 0.3),
            (x - 9, y - 4.0),
        ]
    )
    return [path("beard", hair, crescent(outline, 98, 262, 12.5)), path("beard", hair, tash)]


def woman(f: Frame, look: Look) -> list[Path]:
    hair, w, h = HAIR[look.hair], f.w, f.h
    low = 0.96 + 0.10 * f.genes.mark
    back = symmetric(
        [
            (0, -1.16 * h),
            (0.78 * w, -0.98 * h),
            (1.22 * w, -0.20 * h),
            (1.26 * w, 0.50 * h),
            (1.16 * w, low * h),
            (0.62 * w, 1.06 * h),
            (0, 0.9 * h),
        ]
    )
    part = 0.25 * f.genes.mark
    cap = _cap(f, 0.34, [(0.93, 0.02), (0.72, -0.36), (part + 0.10, -0.68, 0.5), (-0.66, -0.32), (-0.93, 0.02)])
    return [
        path("hair", shade(hair, 0.22), back),
        *_face(f, look, WOMAN, hair, []),
        path("hair", hair, cap),
        _gleam(f, hair),
    ]


def boy(f: Frame, look: Look) -> list[Path]:
    hair, m = HAIR[look.hair], 0.1 * f.genes.mark
    cap = _cap(
        f,
        -0.06,
        [
            (0.90, -0.28),
            (0.66, -0.34, 0.2),
            (0.52, -0.50),
            (0.22 + m, -0.28, 0.2),
            (0.02, -0.50),
            (-0.30 + m, -0.28, 0.2),
            (-0.54, -0.50),
            (-0.90, -0.28),
        ],
    )
    tuft = blob(
        [
            (-0.10 * f.w, -1.08 * f.h),
            (0.06 * f.w, -1.26 * f.h, 0.3),
            (0.20 * f.w, -1.20 * f.h, 0.3),
            (0.34 * f.w, -1.04 * f.h),
        ]
    )
    return [*_face(f, look, CHILD, hair, []), path("hair", hair, tuft), path("hair", hair, cap), _gleam(f, hair)]


def girl(f: Frame, look: Look) -> list[Path]:
    hair, w, h = HAIR[look.hair], f.w, f.h
    x, y = 1.02 * w, (0.34 + 0.1 * f.genes.mark) * h
    tail = blob(
        [(x - 5, y - 9), (x + 6, y - 11), (x + 9, y + 6), (x + 6, y + 21, 0.4), (x - 3, y + 16), (x - 6, y + 4)]
    )
    fringe = [(0.92, -0.06), (0.80, -0.22), (0.40, -0.22), (0, -0.26), (-0.40, -0.22), (-0.80, -0.22), (-0.92, -0.06)]
    ties = both(ellipse(x + 1, y - 9, 4.6))
    return [
        path("hair", shade(hair, 0.12), *both(tail)),
        *_face(f, look, CHILD, hair, []),
        path("hair", hair, _cap(f, 0.12, fringe)),
        _gleam(f, hair),
        path("ties", "#e8505b" if look.hair != "red" else "#3f8fe0", *ties),
    ]


PEOPLE: dict[str, tuple[Plan, Callable[[Frame, Look], list[Path]]]] = {
    "man": (ADULT, man),
    "woman": (WOMAN, woman),
    "boy": (CHILD, boy),
    "girl": (CHILD, girl),
}
"""Plans and drawing functions by noun."""
