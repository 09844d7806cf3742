"""Heads from the front: one function a species, all from the same frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dreamsampler.iconworld.characters import features as face
from dreamsampler.iconworld.characters.skeleton import Frame, Plan
from dreamsampler.iconworld.drawing import Path, path
from dreamsampler.iconworld.edges import crescent, stripe
from dreamsampler.iconworld.palette import INK, ROSE, light, mix, shade
from dreamsampler.iconworld.shapes import Contour, about, blob, ellipse, mirrored, moved, polygon, symmetric

Draw = Callable[[Frame, str], list[Path]]


class Head(NamedTuple):
    """A species' head: its mean proportions and the function that draws it (frame, expression)."""

    plan: Plan
    draw: Draw


def skull(f: Frame, plan: Plan) -> Contour:
    """The outline of the head."""
    cheek = 1 + 0.05 * f.genes.cheek
    return symmetric([(x * f.w * (cheek if y > 0.1 else 1.0), y * f.h, *rest) for x, y, *rest in plan.outline])


def toned(part: str, outline: Contour, main: str, dark: str, depth: float = 5.0) -> list[Path]:
    """A shape with its shadow: a crescent along the lower right."""
    return [path(part, main, outline), path(part, dark, crescent(outline, 62, 208, depth))]


def both(contour: Contour) -> tuple[Contour, Contour]:
    """A contour drawn on the right, and its mirror image."""
    return contour, mirrored(contour)


def pointed_ears(
    f: Frame, plan: Plan, reach: float, inner: str, spread: float = 1.0, tip: str | None = None
) -> list[Path]:
    """Triangular ears with a lighter inside; `tip` colours their upper third."""
    x0, x1, base = 0.14 * f.w, 0.93 * f.w * spread, -0.34 * f.h
    top = (0.80 * f.w * spread + 0.2 * f.ear_turn, -f.h - reach * f.ear)
    outer = blob([(x0, -0.78 * f.h, 0.4), (0.5 * (x0 + top[0]), 0.56 * top[1] - 0.36 * f.h, 0.8), (*top, 0.34)]
                 + [(0.55 * x1 + 0.5 * top[0], 0.5 * (top[1] + base), 0.8), (x1, base, 0.4), (0.4 * f.w, -0.3 * f.h)])  # fmt: skip
    middle = (0.62 * f.w * spread, -0.74 * f.h)
    out = [path("ears", f.tones.main, *both(outer))]
    if tip is not None:
        cap = about(outer, top[0], top[1], 0.45)
        out.append(path("ears", tip, *both(cap)))
    out.append(path("ears", inner, *both(about(outer, middle[0], middle[1] - 2.0, 0.56))))
    return out


def round_ears(f: Frame, x: float, y: float, r: float, inner: str, outer: str | None = None) -> list[Path]:
    """Round ears; `x`, `y` are fractions of half width and height."""
    cx, cy, r = x * f.w + 0.2 * f.ear_turn, y * f.h, r * f.ear
    return [
        path("ears", outer or f.tones.main, *both(ellipse(cx, cy, r))),
        path("ears", inner, *both(ellipse(cx - 0.06 * r, cy + 0.08 * r, 0.58 * r))),
    ]


CAT = Plan(
    ((0, -0.90), (0.56, -0.86), (0.94, -0.32), (1.0, 0.24), (0.70, 0.78), (0, 0.95)),
    39,
    32,
    0.46,
    -0.06,
    5.6,
    0.34,
    0.52,
)


def cat(f: Frame, expression: str) -> list[Path]:
    outline, t = skull(f, CAT), f.tones
    width = 0.06 * f.w * (1 + 0.3 * f.genes.mark)
    stripes = [moved(blob([(-width, -0.90 * f.h), (width, -0.90 * f.h), (0.5 * width, -0.5 * f.h), (-0.5 * width, -0.5 * f.h)]), x)
               for x in (0.0, 0.22 * f.w, -0.22 * f.w)]  # fmt: skip
    return [
        *pointed_ears(f, CAT, 11.0, mix(t.light, ROSE, 0.75)),
        *toned("head", outline, t.main, t.shade),
        path("markings", mix(t.main, t.shade, 0.9), *(s if i == 0 else about(s, 0, -0.9 * f.h, 0.8) for i, s in enumerate(stripes))),
        path("muzzle", t.second, *(ellipse(s * 6.4 * f.muzzle + 1.25 * f.look_x, 0.53 * f.h + 1.2 * f.look_y, 8.8 * f.muzzle, 7.4 * f.muzzle) for s in (-1, 1))),
        *face.whiskers(f, t.dark),
        *face.eyes(f, tall=1.2),
        *face.muzzle_line(f),
        *face.mouth(f, expression, 9.0),
        *face.button_nose(f, "#e46f7f", 0.9),
    ]  # fmt: skip


DOG = Plan(
    ((0, -1.0), (0.56, -0.90), (0.88, -0.38), (0.94, 0.22), (0.70, 0.80), (0, 1.0)),
    34,
    34,
    0.44,
    -0.14,
    5.4,
    0.22,
    0.52,
)


def dog(f: Frame, expression: str) -> list[Path]:
    outline, t = skull(f, DOG), f.tones
    x, top, low = 0.72 * f.w, -0.86 * f.h, (0.34 + 0.10 * f.genes.ear) * f.h
    ear = blob([(0.44 * f.w, -0.93 * f.h, 0.5), (x + 6, top - 1), (1.22 * f.w + f.ear_turn * 0.5, -0.38 * f.h), (1.24 * f.w + f.ear_turn * 0.5, low)]
               + [(1.0 * f.w, low + 3.5), (0.84 * f.w, -0.18 * f.h)])  # fmt: skip
    patch = ellipse(f.eye_x + f.look_x, f.eye_y - 0.5, f.eye * 2.0, f.eye * 2.25, 12)
    return [
        *toned("head", outline, t.main, t.shade),
        path("markings", t.dark, patch),
        path("muzzle", t.second, ellipse(1.2 * f.look_x, 0.42 * f.h + 1.2 * f.look_y, 15.5 * f.muzzle, 13.0 * f.muzzle)),
        path("ears", t.dark, *both(ear)),
        path("ears", shade(t.dark, 0.2), *both(crescent(ear, 95, 200, 4.0))),
        *face.eyes(f),
        *face.muzzle_line(f),
        *face.mouth(f, expression, 9.5),
        *face.oval_nose(f),
    ]  # fmt: skip


HORSE = Plan(
    ((0, -0.98), (0.62, -0.90), (0.95, -0.50), (0.92, 0.0), (0.72, 0.42), (0.70, 0.74), (0.42, 0.99), (0, 1.04)),
    24,
    40,
    0.66,
    -0.24,
    5.0,
    0.62,
    0.82,
)


def _long_ears(f: Frame, inner: str) -> list[Path]:
    top = (0.60 * f.w + 0.5 * f.ear_turn, -f.h - 13.0 * f.ear)
    ear = blob(
        [
            (0.30 * f.w, -0.84 * f.h, 0.3),
            (0.34 * f.w, -f.h - 5),
            (*top, 0.2),
            (0.98 * f.w, -f.h),
            (0.86 * f.w, -0.66 * f.h, 0.3),
        ]
    )
    return [
        path("ears", f.tones.main, *both(ear)),
        path("ears", inner, *both(about(ear, 0.62 * f.w, -0.92 * f.h, 0.52))),
    ]


def _forelock(f: Frame, colour: str) -> list[Path]:
    lean = 4 + 4 * f.genes.mark
    lock = blob([(-0.34 * f.w, -1.02 * f.h), (0, -1.16 * f.h), (0.36 * f.w, -1.0 * f.h), (0.30 * f.w, -0.62 * f.h)]
                + [(lean, -0.36 * f.h, 0.3), (-0.02 * f.w, -0.62 * f.h), (-0.24 * f.w, -0.50 * f.h, 0.4)])  # fmt: skip
    return [path("mane", colour, lock)]


def _equine(f: Frame, expression: str, muzzle: str, mane: str, markings: list[Path]) -> list[Path]:
    outline, t = skull(f, HORSE), f.tones
    nose = symmetric(
        [
            (0, 0.42 * f.h),
            (0.62 * f.w, 0.50 * f.h),
            (0.74 * f.w * f.muzzle, 0.76 * f.h),
            (0.44 * f.w, 1.01 * f.h),
            (0, 1.06 * f.h),
        ]
    )
    ink = INK if face_is_light(muzzle) else "#f3e4de"
    return [
        *_long_ears(f, mix(t.light, ROSE, 0.5)),
        *toned("head", outline, t.main, t.shade, 4.0),
        *markings,
        path("muzzle", muzzle, moved(nose, 0.8 * f.look_x)),
        *_forelock(f, mane),
        *face.eyes(f, tall=1.25),
        *face.nostrils(f, ink, 8.0, 2.3, 3.0, 14),
        *face.mouth(f, expression, 9.0, 2.6, ink),
    ]


def face_is_light(colour: str) -> bool:
    """Whether dark ink shows on this colour."""
    from dreamsampler.iconworld.palette import lightness

    return lightness(colour) > 0.42


def horse(f: Frame, expression: str) -> list[Path]:
    t = f.tones
    blaze = symmetric(
        [
            (0, -0.44 * f.h),
            (0.16 * f.w, -0.30 * f.h),
            (0.14 * f.w, 0.30 * f.h),
            (0.2 * f.w, 0.60 * f.h),
            (0, 0.64 * f.h),
        ]
    )
    return _equine(
        f, expression, t.second, t.dark, [path("markings", light(t.main, 0.75), moved(blaze, 0.6 * f.look_x))]
    )


def zebra(f: Frame, expression: str) -> list[Path]:
    outline, k = skull(f, HORSE), 1 + 0.2 * f.genes.mark
    sides = [stripe(outline, s * a, 9.0 * k, (s * 0.30 * f.w, y * f.h), s * b) for s in (-1, 1)
             for a, y, b in ((62, -0.02, 2), (90, 0.20, 2), (112, 0.38, 1))]  # fmt: skip
    brow = [
        polygon([(s * 0.12 * f.w, -0.52 * f.h), (s * 0.26 * f.w, -0.44 * f.h), (s * 0.06 * f.w, 0.14 * f.h)], 1.5)
        for s in (-1, 1)
    ]
    return _equine(f, expression, "#55535f", INK, [path("markings", INK, *sides, *brow)])


HEADS: dict[str, Head] = {
    "cat": Head(CAT, cat),
    "dog": Head(DOG, dog),
    "horse": Head(HORSE, horse),
    "zebra": Head(HORSE, zebra),
}
