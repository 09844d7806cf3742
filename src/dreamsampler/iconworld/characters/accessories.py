"""Things worn on the head: glasses, sunglasses, hats and a bow, fitted to the head's frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dreamsampler.iconworld.characters.skeleton import Frame
from dreamsampler.iconworld.drawing import Path, path
from dreamsampler.iconworld.palette import COLOURS, light
from dreamsampler.iconworld.shapes import blob, ring, stroke


class Accessory(NamedTuple):
    """How an accessory is drawn, the colours it comes in, and where it sits ("eyes" or "top")."""

    draw: Callable[[Frame, str], list[Path]]
    colours: tuple[str, ...]
    place: str


def _lens(f: Frame) -> float:
    return min(f.eye_x - 1.6, 2.15 * f.eye + 1.0)


def glasses(f: Frame, colour: str) -> list[Path]:
    r, y, x = _lens(f), f.eye_y + 0.5, f.look_x
    rims = [c for s in (-1, 1) for c in ring(x + s * f.eye_x, y, r, 3.2)]
    bridge = stroke([(x - f.eye_x + r - 1.5, y - 1), (x, y - 3), (x + f.eye_x - r + 1.5, y - 1)], 3.0)
    arms = [stroke([(x + s * (f.eye_x + r - 1), y - 1.5), (s * 0.97 * f.w, y - 3)], 2.8) for s in (-1, 1)]
    return [path("glasses", colour, *rims), path("glasses", colour, bridge, *arms)]


def sunglasses(f: Frame, colour: str) -> list[Path]:
    r, y, x = _lens(f) + 1.0, f.eye_y + 1.0, f.look_x
    lens = blob(
        [(-r, -0.62 * r), (0, -0.86 * r), (r, -0.62 * r), (0.92 * r, 0.30 * r), (0, 0.96 * r), (-0.92 * r, 0.30 * r)]
    )
    both = [lens + (x + s * f.eye_x, y) for s in (-1, 1)]
    bar = stroke([(-0.97 * f.w, y - 0.75 * r), (x, y - 0.62 * r), (0.97 * f.w, y - 0.75 * r)], 3.2)
    glint = [
        stroke([(x + s * f.eye_x - 0.52 * r, y + 0.10 * r), (x + s * f.eye_x - 0.08 * r, y - 0.48 * r)], 2.6)
        for s in (-1, 1)
    ]
    return [path("glasses", colour, bar), path("glasses", colour, *both), path("glasses", light(colour, 0.55), *glint)]


ACCESSORIES: dict[str, Accessory] = {
    "glasses": Accessory(glasses, ("black", "red", "blue"), "eyes"),
    "sunglasses": Accessory(sunglasses, ("black",), "eyes"),
}


def draw(f: Frame, wear: tuple[str, str]) -> list[Path]:
    """One accessory on one head."""
    kind, colour = wear
    return ACCESSORIES[kind].draw(f, COLOURS[colour])
