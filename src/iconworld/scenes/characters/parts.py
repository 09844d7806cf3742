"""Parts that several heads share: the skull, its shading, and kinds of ears."""

from __future__ import annotations

from iconworld.scenes.characters.skeleton import Frame, Plan
from iconworld.scenes.drawing import Path, path
from iconworld.scenes.edges import crescent
from iconworld.scenes.shapes import Contour, about, blob, ellipse, mirrored, symmetric


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


def pointed_ears(f: Frame, reach: float, inner: str, spread: float = 1.0, tip: str | None = None) -> list[Path]:
    """Triangular ears with a lighter inside; `tip` colors their upper third."""
    x0, x1, base = 0.14 * f.w, 0.93 * f.w * spread, -0.34 * f.h
    top = (0.80 * f.w * spread + 0.2 * f.ear_turn, -f.h - reach * f.ear)
    outer = blob(
        [
            (x0, -0.78 * f.h, 0.4),
            (0.5 * (x0 + top[0]), 0.56 * top[1] - 0.36 * f.h, 0.8),
            (*top, 0.34),
            (0.55 * x1 + 0.5 * top[0], 0.5 * (top[1] + base), 0.8),
            (x1, base, 0.4),
            (0.4 * f.w, -0.3 * f.h),
        ]
    )
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
