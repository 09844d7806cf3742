"""The body of a standing person, in a shirt and trousers or a skirt."""

from __future__ import annotations

from iconworld.scenes.characters.skeleton import Look
from iconworld.scenes.drawing import Path, path
from iconworld.scenes.edges import crescent
from iconworld.scenes.palette import COLORS, SKINS, shade
from iconworld.scenes.shapes import box, ellipse, polygon, stroke, symmetric

_TROUSERS = "#4a5a7d"
_SHOES = "#3b3a45"


def person_standing(look: Look) -> list[Path]:
    """Torso, arms and legs, below a head at (0, -21)."""
    g, skin, shirt = look.genes, SKINS[look.skin], COLORS[look.color]
    w, hip = 16 * (1 + 0.10 * g.body), 25 - 2.0 * g.legs
    swing, skirt = 5.0 * (1 + g.stride), look.kind in ("woman", "girl")
    torso = symmetric([(0, -2), (0.62 * w, -0.5), (w, 5), (0.90 * w, hip + 1, 0.3), (0, hip + 3)])
    arms = [
        stroke([(s * 0.84 * w, 6), (s * (w + 2 + swing * 0.5), 15), (s * (w + 3 + swing), 24)], (9, 8.5, 8))
        for s in (-1, 1)
    ]
    hands = [ellipse(s * (w + 3.6 + swing), 26.5, 4.6) for s in (-1, 1)]
    legs = [box(s * 0.48 * w - 5.4, hip - 1, s * 0.48 * w + 5.4, 46, 3) for s in (-1, 1)]
    shoes = [box(s * 0.48 * w - 6.2 + s * 1.4, 43, s * 0.48 * w + 6.2 + s * 1.4, 49.5, 3.2) for s in (-1, 1)]
    lower = shade(shirt, 0.30) if skirt else _TROUSERS
    paths = [
        path("neck", shade(skin, 0.14), box(-5, -8, 5, 3, 2)),
        path("legs", skin if skirt else lower, *legs),
        path("feet", _SHOES, *shoes),
        path("hands", skin, *hands),
    ]
    if skirt:
        hem = polygon([(-0.84 * w, hip - 3), (0.84 * w, hip - 3), (1.30 * w, 38), (-1.30 * w, 38)], 4)
        paths.append(path("skirt", lower, hem))
    return [
        *paths,
        path("shirt", shirt, torso),
        path("shirt", shade(shirt, 0.14), crescent(torso, 60, 170, 4.0)),
        path("shirt", shade(shirt, 0.07), *arms),
    ]
