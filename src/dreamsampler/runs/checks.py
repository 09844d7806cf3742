"""Checks of values that came from outside, each naming the field in its error."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from ..core.errors import InputError

T = TypeVar("T")
_HEX = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def parse_object(text: str, where: str, limit: int) -> dict[str, Any]:
    """A JSON object, strictly: no NaN, no field twice, no more than `limit` characters."""

    def no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for i, (key, _) in enumerate(pairs):
            if any(key == other for other, _ in pairs[:i]):
                raise InputError(f"{where}: field {key[:80]!r} occurs twice")
            if i >= 1000:
                raise InputError(f"{where}: an object of more than 1000 fields")
        return dict(pairs)

    def no_constant(name: str) -> NoReturn:
        raise InputError(f"{where}: {name} is no number in JSON")

    if len(text) > limit:
        raise InputError(f"{where}: {len(text)} characters; at most {limit} are read")
    try:
        value = json.loads(text, object_pairs_hook=no_twins, parse_constant=no_constant)
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: is no JSON ({error})") from error
    if not isinstance(value, dict):
        raise InputError(f"{where}: {kind(value)}; expected an object")
    return value


def fields(value: Any, where: str, required: Mapping[str, bool]) -> dict[str, Any]:
    """An object with no other fields than these; `required` says which must be there."""
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: {kind(value)}; expected an object")
    for name in value:
        if name not in required:
            raise InputError(f"{where}: unknown field {str(name)[:80]!r}; expected {', '.join(required)}")
    for name, must in required.items():
        if must and name not in value:
            raise InputError(f"{where}: lacks the field {name!r}")
    return dict(value)


def text(value: Any, where: str, limit: int, empty: bool = True) -> str:
    """A string of at most `limit` printable characters; line breaks and tabs allowed."""
    if not isinstance(value, str):
        raise InputError(f"{where}: {kind(value)}; expected text")
    if len(value) > limit:
        raise InputError(f"{where}: {len(value)} characters; at most {limit} allowed")
    if not value and not empty:
        raise InputError(f"{where}: is empty")
    if match := _CONTROL.search(value):
        raise InputError(f"{where}: contains the control character U+{ord(match[0]):04X}")
    return value


def integer(value: Any, where: str, low: int, high: int) -> int:
    """A whole number within [low, high]; true and 3.0 are none."""
    if type(value) is not int:
        raise InputError(f"{where}: {kind(value)}; expected a whole number")
    if not low <= value <= high:
        raise InputError(f"{where}: {value if abs(value) < 10**30 else 'a huge number'}; expected {low} to {high}")
    return value


def number(value: Any, where: str, low: float, high: float) -> float:
    """A finite number within [low, high] as a float."""
    if type(value) not in (int, float):
        raise InputError(f"{where}: {kind(value)}; expected a number")
    if isinstance(value, int) and abs(value) > 2**53:
        raise InputError(f"{where}: a huge number; expected {low:g} to {high:g}")
    if not math.isfinite(value) or not low <= value <= high:
        raise InputError(f"{where}: {value}; expected {low:g} to {high:g}")
    return float(value)


def sha256(value: Any, where: str) -> str:
    """64 lower-case hexadecimal digits."""
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise InputError(f"{where}: expected a SHA-256 of 64 hexadecimal digits in lower case")
    return value


def sequence(value: Any, where: str, most: int, each: Callable[[Any, str], T]) -> tuple[T, ...]:
    """A list of at most `most` items, each checked."""
    if not isinstance(value, list | tuple):
        raise InputError(f"{where}: {kind(value)}; expected a list")
    if len(value) > most:
        raise InputError(f"{where}: {len(value)} items; at most {most} allowed")
    return tuple(each(item, f"{where}[{i}]") for i, item in enumerate(value))


def texts(value: Any, where: str, most: int, check: Callable[[Any, str], str]) -> dict[str, str]:
    """An object of texts, in the order of its names."""
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: {kind(value)}; expected an object")
    if len(value) > most:
        raise InputError(f"{where}: {len(value)} fields; at most {most} allowed")
    names = sorted(text(name, where, 512, empty=False) for name in value)
    return {name: check(value[name], f"{where}.{name}") for name in names}


def kind(value: Any) -> str:
    """What a value is, in JSON's words, never its whole content."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return f"text {value[:40]!r}"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
    return type(value).__name__
