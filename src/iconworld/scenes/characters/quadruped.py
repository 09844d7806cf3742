"""Bodies of animals: sitting from the front, standing from the side."""

from __future__ import annotations

from iconworld.scenes.characters.coats import tones
from iconworld.scenes.characters.skeleton import Look, Tones
from iconworld.scenes.drawing import Path, path
from iconworld.scenes.edges import crescent, stripe
from iconworld.scenes.palette import INK, mix, shade
from iconworld.scenes.shapes import Contour, about, blob, ellipse, stroke, symmetric

_TAILS: dict[str, tuple[float, ...]] = {
    "cat": (7, 7, 6, 5.5),
    "dog": (9, 8, 7, 5),
    "fox": (9, 16, 18, 9),
    "lion": (6, 5.5, 5, 5),
    "tiger": (8, 8, 7.5, 7),
    "mouse": (4.5, 4, 3.5, 3),
    "monkey": (7, 6.5, 6, 6),
}
"""Widths of the tail from root to tip; animals not named here have a round or no tail."""

_GIRTH = {"bear": 1.28, "pig": 1.25, "lion": 1.08, "cat": 0.95, "fox": 0.92}
"""Depth of the standing body against the mean."""


def coat(look: Look) -> Tones:
    """The tones of the body, which two species change."""
    t = tones(look.color)
    if look.kind == "fox":
        return t._replace(main="#f07f2e", shade=shade("#f07f2e", 0.15), second="#fff5e8", dark="#5a3a36")
    if look.kind == "tiger":
        return t._replace(main="#f6942f", shade=shade("#f6942f", 0.15), second="#fff4e4")
    if look.kind == "monkey":
        return t._replace(second="#f5d3a6")
    return t


def limbs(look: Look, t: Tones) -> str:
    """The color of legs and arms."""
    return "#45434e" if look.kind == "panda" else t.main


def tail(look: Look, t: Tones, points: list[tuple[float, float]]) -> list[Path]:
    """The tail through four points, root to tip, and what is at its end."""
    if look.kind not in _TAILS:
        return []
    color = mix(t.main, "#e88a98", 0.6) if look.kind == "mouse" else t.main
    out = [path("tail", color, stroke(points, _TAILS[look.kind]))]
    (x0, y0), (x, y) = points[-2:]
    if look.kind == "fox":
        mid = ((0.35 * x0 + 0.65 * x), (0.35 * y0 + 0.65 * y))
        out.append(path("tail", t.second, stroke([mid, (x, y)], (14.5, 10))))
    elif look.kind == "lion":
        out.append(path("tail", "#b5652e", about(ellipse(x, y, 6, 8), x, y, 1, 30)))
    elif look.kind == "tiger":
        bands = [ellipse(a * x0 + (1 - a) * x, a * y0 + (1 - a) * y, 2.2, 4.0) for a in (0.25, 0.85)]
        out.append(path("tail", INK, *bands))
    return out


def sitting_body(look: Look) -> list[Path]:
    """The body below the head: torso, belly, paws, tail."""
    t, g = coat(look), look.genes
    w, lift = 23 * (1 + 0.12 * g.body), 5 * g.tail
    torso = symmetric([(0, -6), (0.56 * w, 0), (0.86 * w, 20), (w, 36), (0.86 * w, 47), (0, 49)])
    thigh = [ellipse(s * 0.86 * w, 39, 8.6, 9.6) for s in (-1, 1)]
    feet = [ellipse(s * (0.86 * w + 3), 45.6, 9.6, 5.0) for s in (-1, 1)]
    swing, y = 1.6 * g.stride, 14 - 3 * g.legs
    arms = [stroke([(s * 9.5, y), (s * (9.0 + swing), 31), (s * (8.0 + swing), 44)], (10, 9, 9)) for s in (-1, 1)]
    paws = [ellipse(s * (8.0 + swing), 45.4, 6.6, 4.8) for s in (-1, 1)]
    limb = limbs(look, t)
    far = shade(limb, 0.14)
    at = [(0.7 * w, 42.0), (w + 12, 40.0 - lift * 0.5), (w + 17, 24.0 - lift), (w + 11, 10.0 - lift)]
    parts = [
        *tail(look, t, at),
        path("body", t.main, torso),
        path("body", limb if look.kind == "panda" else t.main, *thigh),
        path("body", t.shade, crescent(torso, 70, 176, 5.0)),
        path("belly", t.second, symmetric([(0, 10), (0.40 * w, 16), (0.56 * w, 34), (0.40 * w, 46), (0, 48)])),
        path("feet", far, *feet),
        path("legs", limb, *arms),
        path("legs", shade(limb, 0.1) if look.kind != "panda" else limb, *paws),
    ]
    if look.kind == "rabbit":
        parts.insert(0, path("tail", "#ffffff", ellipse(w + 2, 37, 8)))
    if look.kind == "tiger":
        parts.append(path("markings", INK, *_bands(torso, ((62, 0.42), (84, 0.46), (105, 0.5)), w)))
    return parts


def _bands(outline: Contour, rows: tuple[tuple[float, float], ...], w: float) -> list[Contour]:
    at = {62: 10.0, 84: 22.0, 105: 33.0}
    return [stripe(outline, s * a, 9, (s * x * w, at[int(a)])) for s in (-1, 1) for a, x in rows]


def standing_body(look: Look) -> list[Path]:
    """The body beside the head, seen from its left side: torso, four legs, tail."""
    t, g = coat(look), look.genes
    deep, long = _GIRTH.get(look.kind, 1.0) + 0.10 * g.body, 20 + 3.0 * g.legs
    top, low = 4 - 8 * deep, 4 + 13 * deep
    back = ((-22, top), (10, top), (27, top + 1), (34, top + 9), (33, low - 5))
    torso = blob([(-30, 6), *back, (22, low), (-8, low), (-26, low - 3)])
    sway, floor, thick = 3.0 * g.stride, min(low + long - 2, 47.0), 9.0 + 2.5 * deep
    limb = limbs(look, t)
    near = [_leg(-20, low - 8, -20 - sway, floor, thick), _leg(28, low - 9, 29 + sway, floor, thick)]
    far = [_leg(-7, low - 6, -7 + sway, floor - 2, thick), _leg(16, low - 6, 15 - sway, floor - 2, thick)]
    lift = 5 * g.tail
    bushy = 5.0 if look.kind == "fox" else 0.0
    at = [(34.0, 2.0), (43.0 - bushy, -lift * 0.4), (47.0 - bushy, -11.0 - lift), (43.0 - bushy, -23.0 - lift)]
    parts = [
        *tail(look, t, at),
        path("legs", shade(limb, 0.24), *far),
        path("body", t.main, torso),
        path("body", t.shade, crescent(torso, 96, 250, 4.6)),
        path("legs", limb, *near),
    ]
    if look.kind in ("fox", "dog"):
        high, half = floor - (11 if look.kind == "fox" else 7), 0.52 * thick
        socks = [
            stroke([(x + 0.75 * s, high), (x + s, floor - half)], (0.98 * thick, 1.02 * thick))
            for x, s in ((-20, -sway), (28, sway + 1))
        ]
        parts.append(path("legs", t.dark if look.kind == "fox" else t.second, *socks))
    if look.kind == "dog":
        parts.append(path("markings", t.dark, ellipse(14, top + 8.5, 10.5, 6.2, 8)))
    if look.kind == "pig":
        curl = [(36, 6), (42, 1), (45, 6), (40, 9), (40, 2), (47, -3)]
        parts.insert(0, path("tail", mix(t.main, "#e8647d", 0.55), stroke(curl, 3.4)))
    if look.kind == "tiger":
        rows = ((2, 2.0), (24, 10.0), (46, 19.0), (60, 27.0))
        parts.append(path("markings", INK, *(stripe(torso, a, 9, (x + 1, top + 14)) for a, x in rows)))
    return parts


def _leg(x0: float, y0: float, x1: float, y1: float, width: float) -> Contour:
    half = width / 2
    return stroke([(x0, y0), (0.5 * (x0 + x1), 0.5 * (y0 + y1)), (x1, y1 - half)], (width * 1.15, width, width * 0.96))
