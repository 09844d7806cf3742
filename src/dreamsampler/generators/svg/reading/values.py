"""Which values presentation properties may have.

CSS ignores a declaration whose value is none of them, as if it were not there: an earlier declaration counts, or what
the element inherits, or the initial value. One such value must not cost the file.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

import tinycss2.color4

from ....core.errors import InputError
from ..fill import Rgba
from .viewport import Viewport

Accept = Callable[[str], str | None]
_URL = re.compile(r"url\(\s*['\"]?([^'\")]*)['\"]?\s*\)\s*(.*)")
_LOOSE = re.compile(r"\s|\.(?!\d)")
"""What attributes of shapes may have in a number, and properties may not: "5 px", "5."."""
MAX_DASHES = 1000
"""Longest pattern of dashes."""
_ORDER = ("fill", "stroke", "markers")


def color(text: str) -> Rgba:
    """Return a CSS color as RGBA in [0, 1]; channels are rounded to 8 bits, as everywhere where such a file is shown.

    Raises:
        InputError: not a color.

    Example:
        >>> color("rgb(100% 0% 0% / 50%)")
        (1.0, 0.0, 0.0, 0.5)
    """
    found = tinycss2.color4.parse_color(text) if len(text) <= 200 else None
    if found is None or found == "currentcolor":
        raise InputError(f"color: cannot read {text[:60]!r}; expected a name, #rrggbb, rgb() or hsl()")
    *channels, alpha = (min(max(value or 0.0, 0.0), 1.0) for value in found.to("srgb"))
    r, g, b = (round(channel * 255) / 255 for channel in channels)
    return r, g, b, alpha


def reference(text: str) -> tuple[str, str] | None:
    """`url(#id) fallback` as (id, fallback); None for anything else. References to other files give the id ""."""
    match = _URL.match(text.strip())
    if match is None:
        return None
    return (match[1][1:] if match[1].startswith("#") else ""), match[2].strip()


@functools.lru_cache(4096)
def accepted(key: str, text: str) -> str | None:
    """The value of a property as the rest of the reader knows it; None where the property has no such value.

    Values of attributes that are not in `PROPERTIES` are returned as they are.

    Example:
        >>> accepted("fill-rule", " EvenOdd"), accepted("stroke-width", "wide"), accepted("r", "wide")
        ('evenodd', None, 'wide')
    """
    accept = PROPERTIES.get(key)
    if accept is None:
        return text
    text = text.strip()
    return "inherit" if text.lower() in ("inherit", "unset", "revert") else accept(text)


def _words(*words: str) -> Accept:
    return lambda text: text.lower() if text.lower() in words else None


def _number(text: str, low: float = float("-inf"), units: bool = False) -> str | None:
    """A number or percentage from `low` on, or with `units` a length."""
    try:
        value = Viewport(1, 1).length(text, "x")
    except InputError:
        return None
    return text if value >= low and (units or not text[-1:].isalpha()) and not _LOOSE.search(text) else None


def _length(low: float = float("-inf")) -> Accept:
    return lambda text: _number(text, low, units=True)


def _dashes(text: str) -> str | None:
    if text.lower() == "none":
        return "none"
    lengths = re.split(r"\s*,\s*|\s+", text)
    return (
        " ".join(lengths)
        if len(lengths) <= MAX_DASHES and all(_number(part, 0.0, units=True) for part in lengths)
        else None
    )


def _color(text: str) -> str | None:
    if text.lower() == "currentcolor":
        return "currentcolor"
    try:
        color(text)
    except InputError:
        return None
    return text


def _paint(text: str) -> str | None:
    link = reference(text)
    if link is not None:
        return text if link[1] == "" or (reference(link[1]) is None and _paint(link[1])) else None
    word = text.lower()
    return word if word in ("none", "context-fill", "context-stroke") else _color(text)


def _order(text: str) -> str | None:
    """What is painted first of fill and stroke: those that are not named follow in their usual order."""
    words = text.lower().split()
    if words != ["normal"] and (not words or len(set(words)) < len(words) or not set(words) <= set(_ORDER)):
        return None
    return next(word for word in (*words, *_ORDER) if word in ("fill", "stroke"))


PROPERTIES: dict[str, Accept] = {
    "fill": _paint,
    "stroke": _paint,
    **dict.fromkeys(("color", "stop-color"), _color),
    **dict.fromkeys(("opacity", "fill-opacity", "stroke-opacity", "stop-opacity", "offset"), _number),
    **dict.fromkeys(("fill-rule", "clip-rule"), _words("nonzero", "evenodd")),
    "visibility": _words("visible", "hidden", "collapse"),
    "paint-order": _order,
    "stroke-width": _length(0.0),
    "stroke-linecap": _words("butt", "round", "square"),
    "stroke-linejoin": _words("miter", "miter-clip", "round", "bevel"),
    "stroke-miterlimit": lambda text: None if text.endswith("%") else _number(text, 0.0),
    "stroke-dasharray": _dashes,
    "stroke-dashoffset": _length(),
}
"""How the values of each property are checked."""
