"""Words of settings that more than one task reads: sizes, and the names of before."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.errors import InputError

MAX_SIDE = 99_999

RENAMED: Mapping[str, str] = {
    "start": "denoise",
    "raw": "no_composite",
    "guidance": "guidance_scale",
    "scale": "guidance_scale",
    "cfgpp": "renoise uncond",
    "carry": "renoise",
    "null_prompt": "negative_prompt",
    "base_prompt": "source_prompt",
    "noise": "noise_std",
    "sigma": "noise_std",
    "progress": "callback",
    "on_look": "callback",
}
"""Words of before -> those of now; the old ones are refused with the new one named."""


def check_size(words: str) -> None:
    """Raise `InputError` unless the words are "native", "keep" or the shorter side in pixels."""
    if words not in ("native", "keep") and not _is_side(words):
        raise InputError(f"size={words!r}: expected native, keep or the shorter side in pixels")


def sides(words: str, most: int = MAX_SIDE) -> tuple[int, int] | None:
    """Return (width, height) of "256" or "320x240"; None for "native".

    Raises:
        InputError: something else.

    Example:
        >>> sides("320x240")
        (320, 240)
    """
    if words == "native":
        return None
    parts = words.lower().split("x")
    if len(parts) in (1, 2) and all(_is_side(part) and int(part) <= most for part in parts):
        return int(parts[0]), int(parts[-1])
    raise InputError(f"size={words!r}: expected native, or pixels from 1 to {most} such as 512 or 768x512")


def _is_side(words: str) -> bool:
    return words.isascii() and words.isdigit() and len(words) < 6 and int(words) > 0
