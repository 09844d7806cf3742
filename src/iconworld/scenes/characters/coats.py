"""Which colors a species comes in, and the tones that follow from one."""

from __future__ import annotations

from iconworld.scenes.characters.skeleton import Tones
from iconworld.scenes.palette import COLORS, FUR, INK, light, mix, shade

_PETS = ("orange", "brown", "grey", "white", "cream", "black")

_SHIRTS = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")

COATS: dict[str, tuple[str, ...]] = {
    "cat": _PETS,
    "dog": _PETS,
    "horse": ("brown", "black", "grey", "cream", "white"),
    "zebra": ("white",),
    "fox": ("orange",),
    "bear": ("brown", "black", "white"),
    "panda": ("white",),
    "lion": ("yellow",),
    "tiger": ("orange",),
    "rabbit": ("white", "grey", "brown", "cream"),
    "pig": ("pink",),
    "mouse": ("grey", "white", "brown"),
    "frog": ("green",),
    "monkey": ("brown",),
    "man": _SHIRTS,
    "woman": _SHIRTS,
    "boy": _SHIRTS,
    "girl": _SHIRTS,
}
"""Named coats by species. Of people, the colors of their shirts.

A species with a single coat does not name it in its caption.
"""


def tones(coat: str) -> Tones:
    """The tones of a named coat."""
    main = FUR.get(coat) or COLORS[coat]
    dark = {"white": "#c9a58c", "black": "#2f2d38", "cream": "#b0784e", "grey": "#626c7b"}.get(coat, shade(main, 0.42))
    second = mix(main, "#fff8ec", 0.72) if coat != "white" else "#fbe7d6"
    if coat == "black":
        second = "#8b8996"
    return Tones(main, shade(main, 0.15), light(main), second, dark if coat != "zebra" else INK)
