"""Things worn on the head: glasses, sunglasses, hats and a bow, fitted to the head's frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from iconworld.scenes.characters.skeleton import Frame
from iconworld.scenes.drawing import Path, path
from iconworld.scenes.palette import COLORS, light, shade
from iconworld.scenes.shapes import blob, box, ellipse, moved, polygon, ring, stroke


class Accessory(NamedTuple):
    """How an accessory is drawn, the colors it comes in, and where it sits ("eyes" or "top")."""

    draw: Callable[[Frame, str], list[Path]]
    colors: tuple[str, ...]
    place: str


def _lens(f: Frame) -> float:
    return min(f.eye_x - 1.6, 2.15 * f.eye + 1.0)


def glasses(f: Frame, color: str) -> list[Path]:
    r, y, x = _lens(f), f.eye_y + 0.5, f.look_x
    rims = [c for s in (-1, 1) for c in ring(x + s * f.eye_x, y, r, 3.2)]
    bridge = stroke([(x - f.eye_x + r - 1.5, y - 1), (x, y - 3), (x + f.eye_x - r + 1.5, y - 1)], 3.0)
    arms = [stroke([(x + s * (f.eye_x + r - 1), y - 1.5), (s * 0.97 * f.w, y - 3)], 2.8) for s in (-1, 1)]
    return [path("glasses", color, *rims), path("glasses", color, bridge, *arms)]


def sunglasses(f: Frame, color: str) -> list[Path]:
    r, y, x = _lens(f) + 1.0, f.eye_y + 1.0, f.look_x
    lens = blob(
        [(-r, -0.62 * r), (0, -0.86 * r), (r, -0.62 * r), (0.92 * r, 0.30 * r), (0, 0.96 * r), (-0.92 * r, 0.30 * r)]
    )
    both = [moved(lens, x + s * f.eye_x, y) for s in (-1, 1)]
    bar = stroke([(-0.97 * f.w, y - 0.75 * r), (x, y - 0.62 * r), (0.97 * f.w, y - 0.75 * r)], 3.2)
    glint = [
        stroke([(x + s * f.eye_x - 0.52 * r, y + 0.10 * r), (x + s * f.eye_x - 0.08 * r, y - 0.48 * r)], 2.6)
        for s in (-1, 1)
    ]
    return [path("glasses", color, bar), path("glasses", color, *both), path("glasses", light(color, 0.55), *glint)]


def top_hat(f: Frame, color: str) -> list[Path]:
    y, w = f.hat_y, max(f.hat_w, 15.0)
    crown = polygon([(-0.80 * w, y + 1), (-0.92 * w, y - 25), (0.92 * w, y - 25), (0.80 * w, y + 1)], 3.5)
    side = polygon([(0.36 * w, y + 1), (0.42 * w, y - 25), (0.92 * w, y - 25), (0.80 * w, y + 1)], 3.5)
    band = polygon([(-0.805 * w, y - 1), (-0.84 * w, y - 8), (0.84 * w, y - 8), (0.805 * w, y - 1)])
    ribbon = "#e8505b" if color != COLORS["red"] else "#fbd45c"
    return [
        path("hat", color, crown),
        path("hat", shade(color, 0.22), side),
        path("hat", ribbon, band),
        path("hat", color, box(-1.32 * w, y - 2.6, 1.32 * w, y + 3.4, 3.0)),
    ]


def party_hat(f: Frame, color: str) -> list[Path]:
    y, w = f.hat_y, min(max(0.78 * f.hat_w, 14.0), 22.0)
    cone = polygon([(-w, y + 2), (0, y - 28, 2), (w, y + 2)], 4)
    bands = []
    for a in (0.30, 0.62):  # slanting stripes, as wide as the cone is at their height
        near, far = w * (1 - a), w * (0.83 - a)
        low = y + 1 - 27 * a
        bands.append(polygon([(1 - near, low), (near - 1, low - 6), (far - 1, low - 10), (1 - far, low - 5)]))
    return [
        path("hat", color, cone),
        path("hat", light(color, 0.6), *bands),
        path("hat", "#fbd45c" if color != COLORS["yellow"] else "#e8505b", ellipse(0, y - 28, 5.2)),
    ]


def crown(f: Frame, color: str) -> list[Path]:
    y, w = f.hat_y + 1, min(max(0.92 * f.hat_w, 17.0), 27.0)
    points = [
        (-w, y + 2),
        (-1.12 * w, y - 17, 2.5),
        (-0.50 * w, y - 8.5, 1),
        (0, y - 21, 2.5),
        (0.50 * w, y - 8.5, 1),
        (1.12 * w, y - 17, 2.5),
        (w, y + 2),
    ]
    gems = [ellipse(s * 0.56 * w, y - 2, 2.3) for s in (-1, 1)]
    tips = [ellipse(1.10 * s * w, y - 17, 2.8) for s in (-1, 1)] + [ellipse(0, y - 21, 2.8)]
    return [
        path("hat", color, polygon(points, 2.5)),
        path("hat", shade(color, 0.2), box(-0.99 * w, y - 0.5, 0.99 * w, y + 4.5, 2.4)),
        path("hat", "#e8505b", ellipse(0, y - 5.5, 3.2), *tips),
        path("hat", "#4a90e2", *gems),
    ]


def cap(f: Frame, color: str) -> list[Path]:
    y, w = f.hat_y + 2, max(1.02 * f.hat_w, 19.0)
    dome = blob(
        [
            (-w, y, 0),
            (-0.92 * w, y - 11),
            (-0.48 * w, y - 20),
            (0, y - 22),
            (0.48 * w, y - 20),
            (0.92 * w, y - 11),
            (w, y, 0),
        ]
    )
    panel = blob([(0.30 * w, y, 0), (0.34 * w, y - 20.5, 0.4), (0.62 * w, y - 17.5), (0.92 * w, y - 11), (w, y, 0)])
    peak = blob(
        [(-0.98 * w, y - 3), (0, y - 6), (0.98 * w, y - 3), (1.10 * w, y + 4.5), (0, y + 3), (-1.10 * w, y + 4.5)]
    )
    return [
        path("hat", color, dome),
        path("hat", shade(color, 0.16), panel),
        path("hat", shade(color, 0.34), peak),
        path("hat", light(color, 0.5), ellipse(0, y - 22, 3.2, 2.2)),
    ]


def beanie(f: Frame, color: str) -> list[Path]:
    y, w = f.hat_y + 1, max(1.0 * f.hat_w, 18.0)
    dome = blob([(-0.96 * w, y, 0), (-0.84 * w, y - 13), (0, y - 23), (0.84 * w, y - 13), (0.96 * w, y, 0)])
    ribs = [box(x * w - 1.2, y - 4, x * w + 1.2, y + 4, 1.2) for x in (-0.6, -0.2, 0.2, 0.6)]
    return [
        path("hat", "#fdf3e3", ellipse(0, y - 24, 6.4)),
        path("hat", color, dome),
        path("hat", shade(color, 0.24), box(-1.06 * w, y - 5.5, 1.06 * w, y + 5.0, 4.4)),
        path("hat", shade(color, 0.40), *ribs),
    ]


def bow(f: Frame, color: str) -> list[Path]:
    between_bumps = f.hat_w < 0.5 * f.w  # a frog's eyes stand where the bow would sit
    x, y = (0.0 if between_bumps else 0.50 * f.w), f.hat_y - 1.0
    wing = blob([(0, -2.5), (9, -10.5), (16.5, -7.5), (17, 0), (16.5, 7.5), (9, 10.5), (0, 2.5)])
    fold = blob([(3, 0, 0.3), (11, -3.6), (12, 0), (11, 3.6)])
    turn = 14.0
    return [
        path("bow", color, *(moved(wing, x, y, (s, 1), turn) for s in (1, -1))),
        path("bow", shade(color, 0.26), *(moved(fold, x, y, (s, 1), turn) for s in (1, -1))),
        path("bow", shade(color, 0.14), ellipse(x, y, 5.2, 5.8)),
    ]


_BRIGHT = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")

ACCESSORIES: dict[str, Accessory] = {
    "glasses": Accessory(glasses, ("black", "red", "blue"), "eyes"),
    "sunglasses": Accessory(sunglasses, ("black",), "eyes"),
    "top hat": Accessory(top_hat, ("black", "red", "blue", "purple"), "top"),
    "party hat": Accessory(party_hat, _BRIGHT, "top"),
    "crown": Accessory(crown, ("yellow",), "top"),
    "cap": Accessory(cap, _BRIGHT, "top"),
    "beanie": Accessory(beanie, _BRIGHT, "top"),
    "bow": Accessory(bow, _BRIGHT, "top"),
}


def draw(f: Frame, wear: tuple[str, str]) -> list[Path]:
    """One accessory on one head."""
    kind, color = wear
    return ACCESSORIES[kind].draw(f, COLORS[color])
