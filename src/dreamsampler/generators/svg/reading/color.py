"""CSS colors: names, `#rgb`, `#rrggbb`, both with alpha, and `rgb()` and `hsl()` in their old and new forms."""

from __future__ import annotations

import colorsys
import math
import re

from PIL import ImageColor

from ....core.errors import InputError
from ..fill import Rgba

_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_CALL = re.compile(r"(rgb|hsl)a?\(\s*([^()]*?)\s*\)")
_VALUE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(%|deg|rad|grad|turn)?")
_TURNS = {"": 1 / 360, "deg": 1 / 360, "rad": 1 / math.tau, "grad": 1 / 400, "turn": 1.0}


def color(text: str) -> Rgba:
    """A color as RGBA in [0, 1]; channels are rounded to 8 bits, as everywhere where such a file is shown.

    Raises:
        InputError: not a color.

    Example:
        >>> color("rgb(100% 0 0 / 50%)")
        (1.0, 0.0, 0.0, 0.5)
    """
    word = text.strip().lower()
    if word == "transparent":
        return 0.0, 0.0, 0.0, 0.0
    word = str(ImageColor.colormap.get(word, word))
    call = _CALL.fullmatch(word)
    found = _of_hex(word) if _HEX.fullmatch(word) else _of_call(call[1], call[2]) if call else None
    if found is None:
        raise InputError(f"color: cannot read {text[:60]!r}; expected a name, #rrggbb, rgb() or hsl()")
    return found


def _of_hex(word: str) -> Rgba:
    digits = word[1:] if len(word) > 5 else "".join(2 * digit for digit in word[1:])
    r, g, b, *a = (level / 255 for level in bytes.fromhex(digits))
    return r, g, b, *(a or [1.0])  # type: ignore[return-value]


def _of_call(kind: str, inside: str) -> Rgba | None:
    matches = [_VALUE.fullmatch(part) for part in re.split(r"\s*[,/]\s*|\s+", inside)]
    if len(matches) not in (3, 4) or None in matches:
        return None
    values = [(float(match[1]), match[2] or "") for match in matches if match]
    (first, *others), alpha = values[:3], values[3:]
    if any(unit not in ("", "%") for _, unit in (*others, *alpha)) or not all(math.isfinite(v) for v, _ in values):
        return None
    a = _clamped(*alpha[0], whole=1.0) if alpha else 1.0
    if kind == "rgb":
        # with commas, the old form, either all channels are percentages or none
        if first[1] not in ("", "%") or ("," in inside and len({unit for _, unit in values[:3]}) > 1):
            return None
        r, g, b = (_clamped(*value, whole=255.0) for value in (first, *others))
    else:
        if first[1] == "%":
            return None
        saturation, lightness = (_clamped(*value, whole=100.0) for value in others)
        r, g, b = colorsys.hls_to_rgb(first[0] * _TURNS[first[1]] % 1.0, lightness, saturation)
    return round(r * 255) / 255, round(g * 255) / 255, round(b * 255) / 255, a


def _clamped(value: float, unit: str, whole: float) -> float:
    return min(max(value / (100.0 if unit == "%" else whole), 0.0), 1.0)
