"""The limited palette: named colors, and the two or three tones that shading takes from each."""

from __future__ import annotations

from functools import lru_cache

# Figures: strong, friendly, one lightness step apart from the backgrounds of the same name.
COLORS: dict[str, str] = {
    "red": "#e23b3b",
    "orange": "#f58a2c",
    "yellow": "#fbc62f",
    "green": "#45a750",
    "teal": "#17a398",
    "blue": "#2f7fe0",
    "purple": "#8a56cc",
    "pink": "#f583ae",
    "brown": "#966345",
    "black": "#41424d",
    "grey": "#98a2ae",
    "white": "#f7f5f0",
}

# Fur and hide have their own, softer names.
FUR: dict[str, str] = {
    "orange": "#f4a140",
    "brown": "#a8744f",
    "grey": "#9ca6b2",
    "black": "#4d4b58",
    "white": "#f6f3ee",
    "cream": "#f3d9ab",
    "yellow": "#fac446",
    "green": "#7cc04b",
    "pink": "#f9b5bd",
}

BACKGROUNDS: dict[str, str] = {
    "red": "#ec7a70",
    "orange": "#fbb36b",
    "yellow": "#fde08a",
    "green": "#97d192",
    "teal": "#78cdc5",
    "blue": "#86bdf2",
    "purple": "#b9a0e6",
    "pink": "#fbc5d8",
    "brown": "#b89478",
    "black": "#2c3039",
    "grey": "#c2c9d2",
    "white": "#fdfdfb",
}

HAIR: dict[str, str] = {
    "black": "#35303a",
    "brown": "#6f4632",
    "blond": "#f2c14f",
    "red": "#c8562b",
    "grey": "#b4b8c0",
}

SKINS: tuple[str, ...] = ("#fbd7b5", "#f1bd8f", "#d99a6c", "#ad6f47", "#7d4d32")

INK = "#2b2a33"
GLINT = "#ffffff"
ROSE = "#f28b9a"
MOUTH = "#8c2f3c"


def rgb(color: str) -> tuple[int, int, int]:
    """`"#rrggbb"` as three integers 0..255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


@lru_cache(maxsize=4096)
def mix(color: str, other: str, share: float) -> str:
    """`color` with the given share (0..1) of `other`, as `"#rrggbb"`."""
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(rgb(color), rgb(other), strict=True))


def shade(color: str, amount: float = 0.18) -> str:
    """The shadow tone: darker and a little warmer in hue than plain black would make it."""
    return mix(color, "#3a1f3d", amount)


def light(color: str, amount: float = 0.35) -> str:
    """The lit tone: toward a warm white."""
    return mix(color, "#fffaf0", amount)


@lru_cache(maxsize=4096)
def lightness(color: str) -> float:
    """Perceived lightness (Rec. 601 luma), 0..1."""
    r, g, b = rgb(color)
    return (0.299 * r + 0.587 * g + 0.114 * b) / 255.0


@lru_cache(maxsize=4096)
def apart(color: str, other: str) -> float:
    """How far two colors lie apart, 0..1: the luma difference, or half the RGB distance, whichever is larger."""
    distance = sum((a - b) ** 2 for a, b in zip(rgb(color), rgb(other), strict=True)) ** 0.5 / 441.7
    return max(abs(lightness(color) - lightness(other)), distance)
