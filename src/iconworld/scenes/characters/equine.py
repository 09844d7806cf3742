"""Horse and zebra standing in profile: the same pose, the zebra with stripes."""

from __future__ import annotations

from iconworld.scenes.characters.coats import tones
from iconworld.scenes.characters.skeleton import Genes, Look, Tones
from iconworld.scenes.drawing import Path, path
from iconworld.scenes.edges import crescent, stripe
from iconworld.scenes.palette import GLINT, INK, MOUTH, light, shade
from iconworld.scenes.shapes import Contour, blob, ellipse, moved, polygon, stroke


def _leg(x: float, top: float, swing: float, floor: float, width: float) -> tuple[Contour, Contour]:
    """A leg and its hoof."""
    knee, foot, half = (x + 0.4 * swing, 0.5 * (top + floor)), x + swing, 0.48 * width
    hoof = [(foot - half, floor - 7.5, 1), (foot + half, floor - 7.5, 1), (foot + half + 1.2, floor, 2.2)]
    hoof.append((foot - half - 1.8, floor, 2.2))
    return stroke([(x, top), knee, (foot, floor - 8.0)], (width * 1.4, width * 1.0, width * 0.92)), polygon(hoof)


def _torso(g: Genes) -> Contour:
    deep = 1 + 0.10 * g.body
    low = -2 + 16 * deep
    return blob([(-22, 4), (-17, -9), (0, -7), (18, -10), (31, -5), (34, 6), (28, low - 2), (6, low), (-14, low - 1)])


def _neck(g: Genes) -> Contour:
    rise = 2.0 * g.look_y
    return blob(
        [
            (-4, -8, 0.6),
            (-10, -22),
            (-18, -39 + rise, 0.5),
            (-30, -31 + rise, 0.5),
            (-27, -14),
            (-24, 8, 0.6),
            (-12, 8, 0.6),
        ]
    )


def equine_standing(look: Look) -> list[Path]:
    """The whole animal, facing left."""
    g, t = look.genes, tones(look.color)
    striped = look.kind == "zebra"
    floor, sway = 47.0 + 1.0 * g.legs, 4.0 * g.stride
    mane = INK if striped else t.dark
    hoof = "#3d3a45" if look.color != "black" else "#77737f"
    near = [_leg(-15, 7, -sway, floor, 10.2), _leg(27, 4, sway, floor, 10.6)]
    far = [_leg(-7, 8, sway * 0.9, floor - 1.5, 8.6), _leg(19, 6, -sway * 0.9, floor - 1.5, 8.8)]
    torso, neck = _torso(g), _neck(g)
    lift = 4 * g.tail
    tail = stroke([(31, -5), (40, -4 - lift), (44, 8 - lift * 0.5), (42, 24)], (6, 9, 11, 4))
    parts = [
        path("tail", mane, tail),
        path("legs", shade(t.main, 0.26), *(c for c, _ in far)),
        path("hooves", shade(hoof, 0.2), *(h for _, h in far)),
        path("body", t.main, torso),
        path("body", t.shade, crescent(torso, 104, 248, 4.4)),
        path("legs", t.main, *(c for c, _ in near)),
        path("body", t.main, neck),
    ]
    if striped:
        parts.append(path("markings", INK, *_stripes(torso, neck, near, g)))
    parts.append(path("hooves", hoof, *(h for _, h in near)))
    return [*parts, *_mane(g, mane), *_profile(look, t, mane, striped)]


def _stripes(torso: Contour, neck: Contour, legs: list[tuple[Contour, Contour]], g: Genes) -> list[Contour]:
    k = 1 + 0.15 * g.mark
    upper = [stripe(torso, a, 8.5 * k, (x, 3.0)) for a, x in ((-34, -5.0), (-4, 4.0), (22, 11.0), (44, 18.0))]
    lower = [stripe(torso, a, 9 * k, (x, 3.0)) for a, x in ((205, -1.0), (176, 8.0), (150, 16.0))]
    rump = [stripe(torso, a, 10 * k, (22, y)) for a, y in ((76, 0.0), (98, 6.0))]
    collar = [
        stripe(neck, a, 13 * k, (x, y)) for a, x, y in ((38, -20.0, -26.0), (66, -19.0, -16.0), (98, -18.0, -5.0))
    ]
    bands = []
    for leg, _ in legs:
        x, y = leg.mean(0).tolist()
        bands += [stripe(leg, s * a, 9, (x, y + drop)) for s in (-1, 1) for a, drop in ((150, 5.0), (166, 10.0))]
    return [*upper, *lower, *rump, *collar, *bands]


def _mane(g: Genes, color: str) -> list[Path]:
    rise = 2.0 * g.look_y
    back = 1.5 * g.mark
    crest = blob(
        [
            (-22, -42 + rise),
            (-15, -43 + rise),
            (-7 + back, -31),
            (-2 + back, -16),
            (0, -5, 0.4),
            (-6, -9),
            (-12, -24),
            (-17, -36 + rise),
        ]
    )
    return [path("mane", color, crest)]


def _profile(look: Look, t: Tones, mane: str, striped: bool) -> list[Path]:
    """The head in profile, turned about the poll by the tilt."""
    g = look.genes
    skull = blob([(2, -8), (-8, -9), (-20, -3), (-27, 3), (-28, 9), (-22, 12), (-12, 9), (0, 9), (6, 2)])
    nose = blob([(-20, -3.2), (-27, 3), (-28, 9), (-22, 12), (-16, 10.2), (-15.5, 3)])
    ear = blob([(-2, -7, 0.4), (-3, -14), (1, -20, 0.25), (5, -13), (5, -5, 0.4)])
    dark = "#55535f" if striped else t.second
    ink = "#f3e4de" if striped or look.color == "black" else INK
    lock = blob([(4, -13), (-3, -11), (-9, -6.5, 0.3), (-7, -10.5), (-2, -15)])
    paths = [
        path("ears", t.main, ear),
        path("head", t.main, skull),
        path("head", t.shade, crescent(skull, 100, 205, 3.4)),
    ]
    if striped:
        paths.append(
            path(
                "markings",
                INK,
                *(stripe(skull, a, 9, (x, 2.0)) for a, x in ((-40, -9.0), (-8, -8.0), (165, -5.0), (200, -12.0))),
            )
        )
    paths += [
        path("muzzle", dark, nose),
        path("nose", ink, ellipse(-24.2, 3.6, 1.7, 2.1, 30)),
        *_lips(look.expression, ink),
        path("mane", mane, lock),
        path("eyes", INK, ellipse(-8.2, -2.6, 3.2 * (1 + 0.12 * g.eye_size), 3.8)),
        path("eyes", GLINT, ellipse(-9.2, -4.0, 1.25)),
    ]
    if not striped:
        paths.insert(3, path("markings", light(t.main, 0.7), stroke([(-10.5, -7.4), (-16, -4.8)], 3.2)))
    x, y, turn = -20.0, -33.0 + 2.0 * g.look_y, -12 + 7 * g.tilt
    return [Path(p.part, p.fill, tuple(moved(c, x, y, 1.14, turn) for c in p.contours)) for p in paths]


def _lips(expression: str, ink: str) -> list[Path]:
    if expression == "laughing":
        return [
            path("mouth", MOUTH, blob([(-27.5, 8.2, 0.3), (-21, 6.8), (-16.5, 7.4, 0.3), (-19.5, 11.5), (-23.5, 12.4)]))
        ]
    bend = {"smiling": 2.6, "sad": -2.4}.get(expression, 0.0)
    return [path("mouth", ink, stroke([(-26.6, 8.6), (-22, 8.6 + 0.4 * bend), (-17.6, 8.4 - bend)], 1.9))]
