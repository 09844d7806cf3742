"""How a number is declared: once, as an annotated field of a frozen settings class.

The class of a task or method holds the type, default, range and help of each of its numbers. Command line options,
Python keywords, recipes, ``--method name:option=value``, JSON schemas and the tables of the documentation
(`core.schema`) are derived from it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, dataclass_transform
from typing import get_type_hints as hints_of

from annotated_doc import Doc
from annotated_types import Ge, Gt, Le, Lt

from .errors import InputError
from .option import Option, checked, from_words, option_of

__all__ = [
    "Annotated",
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
            object.__setattr__(self, option.name, checked(option, getattr(self, option.name)))
        for ancestor in reversed(type(self).__mro__):
            if "_own_checks" in ancestor.__dict__:
                ancestor.__dict__["_own_checks"](self)

    cls.__post_init__ = __post_init__  # type: ignore[attr-defined]
    return dataclasses.dataclass(frozen=True)(cls)


def options_of(cls: type[Any]) -> tuple[Option, ...]:
    """Return the declared options of a settings class, in order.

    Example:
        >>> @settings
        ... class Settings:
        ...     steps: Annotated[int, Ge(1), Doc("Levels to visit.")] = 50
        >>> options_of(Settings)[0].help
        'Levels to visit.'
    """
    return _options_of(cls)  # type: ignore[arg-type]


@functools.cache
def _options_of(cls: Any) -> tuple[Option, ...]:
    hints = hints_of(cls, include_extras=True)
    made = [option_of(f.name, hints[f.name], f.default) for f in dataclasses.fields(cls)]
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
        values[name] = from_words(known[name], value.strip(), where)
    return values


def dump(made: Any) -> dict[str, Any]:
    """Return every declared value of an instance, complete, ready for JSON."""
    values = {option.name: getattr(made, option.name) for option in options_of(type(made))}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
