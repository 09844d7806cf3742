"""How a number is declared: once, as an annotated field of a frozen settings class.

The class of a task or method holds the type, default, range and help of each of its numbers. Command line options,
Python keywords, recipes, ``--method name:option=value``, JSON schemas and the tables of the documentation
(`core.schema`) are derived from it.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, Union, dataclass_transform, get_args, get_origin
from typing import get_type_hints as hints_of

from annotated_doc import Doc
from annotated_types import Ge, Gt, Le, Lt

from .errors import InputError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = [
    "Doc",
    "Ge",
    "Gt",
    "Le",
    "Lt",
    "Option",
    "check",
    "convert",
    "dump",
    "make",
    "options_of",
    "parse",
    "settings",
]

T = TypeVar("T")
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


@dataclass_transform(frozen_default=True, kw_only_default=False)
def settings(cls: type[T]) -> type[T]:
    """Make a class of annotated fields a frozen dataclass whose values are checked when it is made.

    A field is ``name: Annotated[float, Ge(0), Le(1), Doc("What it does.")] = 0.5``. Types: int, float, bool, str, a
    `Literal` of words, each optionally ``| None`` or ``| tuple[..., ...]``; other types are left unchecked and are not
    offered as options (they are inputs, not settings).

    Raises:
        InputError: when an instance is made with a value of the wrong type or outside its range; names the field.

    Example:
        >>> @settings
        ... class Settings:
        ...     steps: Annotated[int, Ge(1), Doc("Levels to visit.")] = 50
        >>> Settings(steps=0)
        Traceback (most recent call last):
        ...
        dreamsampler.core.errors.InputError: steps=0: expected a whole number, 1 or more
    """
    if "__post_init__" in cls.__dict__:
        cls._own_checks = cls.__dict__["__post_init__"]  # type: ignore[attr-defined]

    def __post_init__(self: Any) -> None:
        for option in options_of(type(self)):
            object.__setattr__(self, option.name, _checked(option, getattr(self, option.name)))
        for ancestor in reversed(type(self).__mro__):
            if "_own_checks" in ancestor.__dict__:
                ancestor.__dict__["_own_checks"](self)

    cls.__post_init__ = __post_init__  # type: ignore[attr-defined]
    return dataclasses.dataclass(frozen=True)(cls)


@functools.cache
def options_of(cls: type) -> tuple[Option, ...]:
    """Return the declared options of a settings class, in order.

    Example:
        >>> @settings
        ... class Settings:
        ...     steps: Annotated[int, Ge(1), Doc("Levels to visit.")] = 50
        >>> options_of(Settings)[0].help
        'Levels to visit.'
    """
    hints = hints_of(cls, include_extras=True)
    made = [_option(f.name, hints[f.name], f.default) for f in dataclasses.fields(cls)]
    return tuple(option for option in made if option is not None)


def check(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """Return the settings of a mapping that anyone may have written, defaults filled in.

    Raises:
        InputError: an unknown name, a wrong type or range; names the field behind `where`.
    """
    known = {option.name: option for option in options_of(cls)}
    for name in values:
        if name not in known:
            raise InputError(f"{where}{str(name)[:80]!r}: unknown; expected one of {', '.join(known)}")
    for option in known.values():
        if option.default is dataclasses.MISSING and option.name not in values:
            raise InputError(f"{where}{option.name}: is missing; {option.help}")
    try:
        return cls(**values)
    except InputError as error:
        raise InputError(f"{where}{error}") from None


def make(cls: type[T], given: Mapping[str, Any], preset: str | None = None) -> T:
    """Return the settings of what was given, the rest from a preset, the rest of that from the defaults.

    Args:
        cls: a settings class; `PRESETS`, where it has them, are named sets of values: ``{"paper": {"steps": 200}}``.
            `IMPLIED` names presets that a value brings along: ``{("sample", False): "prior-only"}``.
        given: values by name.
        preset: a name in `PRESETS`.

    Raises:
        InputError: an unknown preset or name, a wrong type or range.

    Example:
        >>> @settings
        ... class Settings:
        ...     steps: Annotated[int, Ge(1), Doc("Levels to visit.")] = 50
        ...     PRESETS = {"paper": {"steps": 200}}
        >>> make(Settings, {}, "paper").steps, make(Settings, {"steps": 3}, "paper").steps
        (200, 3)
    """
    presets: Mapping[str, Mapping[str, Any]] = getattr(cls, "PRESETS", {})
    if preset is not None and preset not in presets:
        raise InputError(f"preset={preset!r}: expected one of {', '.join(presets) or 'none'}")
    values = {} if preset is None else dict(presets[preset])
    for (name, value), implied in getattr(cls, "IMPLIED", {}).items():
        if given.get(name) is value:
            values |= presets[implied]
    return check(cls, {**values, **given})


def convert(cls: type[T], made: object, **more: Any) -> T:
    """Return an instance of another class with all declared values that it shares with `made`.

    Args:
        more: values of its own.

    Example:
        >>> @settings
        ... class Fewer:
        ...     steps: Annotated[int, Ge(1), Doc("Levels to visit.")] = 50
        >>> @settings
        ... class More(Fewer):
        ...     size: Annotated[int, Ge(1), Doc("Pixels.")] = 64
        >>> convert(Fewer, More(steps=3)).steps
        3
    """
    shared = {o.name: getattr(made, o.name) for o in options_of(cls) if hasattr(made, o.name)}
    return cls(**(shared | more))


def parse(cls: type, text: str, where: str = "method") -> dict[str, Any]:
    """Return the values of "omega=0.5,gamma=0.1", each in its declared type and range.

    Raises:
        InputError: an unknown option, or a value of the wrong type or outside its range.

    Example:
        >>> @settings
        ... class Settings:
        ...     steps: Annotated[int, Ge(1), Doc("Levels to visit.")] = 50
        >>> parse(Settings, "steps=12")
        {'steps': 12}
    """
    known = {option.name: option for option in options_of(cls)}
    values: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        name = name.strip().replace("-", "_")
        if name not in known:
            raise InputError(f"{where}: no option {name!r}; it has {', '.join(known) or 'none'}")
        values[name] = _from_words(known[name], value.strip(), where)
    return values


def dump(made: Any) -> dict[str, Any]:
    """Return every declared value of an instance, complete, ready for JSON."""
    values = {option.name: getattr(made, option.name) for option in options_of(type(made))}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _option(name: str, annotation: Any, default: Any) -> Option | None:
    """The option of one field; None where its type is none that can be declared."""
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


def _checked(option: Option, value: Any) -> Any:
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


def _from_words(option: Option, text: str, where: str) -> Any:
    """A value written as text: by pydantic's rules for strings, then by the declared range."""
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
