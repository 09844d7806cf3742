"""One declared value: its type, range and help, and whether something may stand there."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from annotated_doc import Doc
from annotated_types import Ge, Gt, Le, Lt

from .errors import InputError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MANY = 64
"""Most values of a field that takes a tuple."""
LENGTH = 10_000
"""Most characters of a text."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclasses.dataclass(frozen=True)
class Option:
    """One declared value.

    Attributes:
        name: as in the class.
        kind: `int`, `float`, `bool` or `str`.
        default: what stands where nothing is given; `dataclasses.MISSING` for a value that must be given.
        help: one or two sentences for a reader of ``--help``.
        low, high: ends of the range; infinite without one.
        low_open, high_open: the end itself is excluded.
        choices: the words allowed; () allows any.
        optional: None is allowed too.
        many: a tuple is allowed too.
        annotation: as written, for a type checker's eye and for pydantic.
    """

    name: str
    kind: type
    default: Any
    help: str
    low: float
    high: float
    low_open: bool
    high_open: bool
    choices: tuple[str, ...]
    optional: bool
    many: bool
    annotation: Any

    def expected(self) -> str:
        """Return in words what may stand here: "a number, 0 to 1"."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        words = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[self.kind]
        finite_low, finite_high = math.isfinite(self.low), math.isfinite(self.high)
        low, high = f"{self.low:.12g}", f"{self.high:.12g}"
        if finite_low and finite_high:
            lower = f"above {low}" if self.low_open else low
            upper = f"below {high}" if self.high_open else high
            words += f", {lower} to {upper}"
        elif finite_low:
            words += f", above {low}" if self.low_open else f", {low} or more"
        return words


def option_of(name: str, annotation: Any, default: Any) -> Option | None:
    """Return the option of one field; None if its type is none that can be declared."""
    extras: tuple[Any, ...] = ()
    inner = annotation
    if get_origin(inner) is Annotated:
        inner, *rest = get_args(inner)
        extras = tuple(rest)
    members = get_args(inner) if get_origin(inner) in (Union, UnionType) else (inner,)
    optional = NoneType in members
    many = any(get_origin(member) is tuple for member in members)
    single = [member for member in members if member is not NoneType and get_origin(member) is not tuple]
    if len(single) != 1:
        return None
    choices: tuple[str, ...] = ()
    kind = single[0]
    if get_origin(kind) is Literal:
        choices, kind = get_args(kind), str
    if kind not in (int, float, bool, str):
        return None
    low, high, low_open, high_open = -math.inf, math.inf, False, False
    for extra in extras:
        match extra:
            case Ge(ge=end):
                low = float(end)  # type: ignore[arg-type]
            case Gt(gt=end):
                low, low_open = float(end), True  # type: ignore[arg-type]
            case Le(le=end):
                high = float(end)  # type: ignore[arg-type]
            case Lt(lt=end):
                high, high_open = float(end), True  # type: ignore[arg-type]
    text = next((extra.documentation for extra in extras if isinstance(extra, Doc)), "")
    return Option(name, kind, default, text, low, high, low_open, high_open, choices, optional, many, inner)


def checked(option: Option, value: Any) -> Any:
    """Return a value in its canonical type.

    Raises:
        InputError: a wrong type or range; names the field.
    """
    if value is None and option.optional:
        return None
    if option.many and isinstance(value, list | tuple):
        if not 1 <= len(value) <= MANY:
            raise InputError(f"{option.name}: {len(value)} values; expected 1 to {MANY}")
        return tuple(_one(option, item) for item in value)
    return _one(option, value)


def _one(option: Option, value: Any) -> Any:
    """A single value in canonical type; NumPy's scalars count as numbers, booleans do not."""
    if (
        not isinstance(value, bool | int | float | str)
        and getattr(value, "shape", None) == ()
        and hasattr(value, "item")
    ):
        value = value.item()
    fits = isinstance(value, option.kind) and (option.kind is bool or not isinstance(value, bool))
    if option.kind is float and isinstance(value, int) and not isinstance(value, bool):
        fits, value = abs(value) < 2**1000, value
    if not fits or (option.choices and value not in option.choices) or not _inside(option, value):
        shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
        raise InputError(f"{option.name}={shown}: expected {option.expected()}")
    if isinstance(value, str) and (len(value) > LENGTH or _CONTROL.search(value)):
        raise InputError(f"{option.name}: expected at most {LENGTH} printable characters")
    return option.kind(value)


def _inside(option: Option, value: Any) -> bool:
    if option.kind not in (int, float):
        return True
    if option.kind is float and not math.isfinite(value):
        return False
    above = value > option.low if option.low_open else value >= option.low
    below = value < option.high if option.high_open else value <= option.high
    return above and below


def from_words(option: Option, text: str, where: str) -> Any:
    """Return a value that was written as text: by pydantic's rules for strings, then by the declared range."""
    from pydantic import ValidationError

    if option.optional and text.lower() == "none":
        return None
    try:
        value = adapter(option.kind).validate_strings(text)
    except ValidationError:
        raise InputError(f"{where}: {option.name}={text[:60]!r}; expected {option.expected()}") from None
    try:
        return _one(option, value)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


@functools.cache
def adapter(annotation: Any) -> TypeAdapter[Any]:
    """Return pydantic's adapter of a type; pydantic is imported only when words or schemas are asked for."""
    from pydantic import TypeAdapter

    return TypeAdapter(annotation)
