"""Operators written in words: "blur:sigma=3,size=21", "sr:factor=4,kind=bicubic", "mask:rows=10-40,cols=8-55"."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from ..core.errors import InputError
from .base import Operator
from .compose import compose
from .kernel import kernel_blur, motion_blur
from .mask import Mask, RectangleMask
from .separable import downsample, gaussian_blur, grey, identity


class Readers(NamedTuple):
    """How files named in a specification are read.

    Attributes:
        mask: path -> [1, 1, H, W] in [0, 1], 1 in the hole.
        kernel: path -> [kh, kw].
    """

    mask: Callable[[Path], Tensor]
    kernel: Callable[[Path], Tensor]


class Fields:
    """The fields of one specification; complains by name about what is missing, unknown or malformed."""

    def __init__(self, kind: str, text: str) -> None:
        self.kind, self._values = kind, dict[str, str]()
        for part in filter(None, (p.strip() for p in text.split(","))):
            key, equals, value = (s.strip() for s in part.partition("="))
            if not equals or not value:
                raise InputError(f"operator {kind!r}: {part!r} is not field=value")
            if key in self._values:
                raise InputError(f"operator {kind!r}: {key} is given twice")
            self._values[key] = value

    def text(self, name: str, default: str | None = None) -> str:
        """A field as it was written."""
        if name in self._values:
            return self._values.pop(name)
        if default is None:
            raise InputError(f"operator {self.kind!r}: {name} is missing; write for example {EXAMPLES[self.kind]!r}")
        return default

    def number(self, name: str, default: float | None = None) -> float:
        """A number."""
        value = self.text(name, None if default is None else repr(default))
        try:
            return float(value)
        except ValueError:
            raise InputError(f"operator {self.kind!r}: {name}={value!r} is not a number") from None

    def whole(self, name: str) -> int | None:
        """A whole number, or None if the field is not given."""
        if name not in self._values:
            return None
        value = self.number(name)
        if not math.isfinite(value) or value != int(value):
            raise InputError(f"operator {self.kind!r}: {name}={value:g} is not a whole number")
        return int(value)

    def span(self, name: str) -> tuple[int, int]:
        """first-last, both inclusive."""
        value = self.text(name)
        first, dash, last = value.partition("-")
        if not (dash and first.isdigit() and last.isdigit()):
            raise InputError(f"operator {self.kind!r}: {name}={value!r} is not first-last, for example {name}=10-40")
        return int(first), int(last)

    def flag(self, name: str) -> bool:
        """true or false (the default)."""
        value = self.text(name, "false").lower()
        if value not in ("true", "false"):
            raise InputError(f"operator {self.kind!r}: {name}={value!r} is neither true nor false")
        return value == "true"

    def has(self, name: str) -> bool:
        """Whether the field was given and not yet read."""
        return name in self._values

    def finish(self) -> None:
        """Raise on fields that nothing read."""
        if self._values:
            unknown = ", ".join(sorted(self._values))
            raise InputError(
                f"operator {self.kind!r}: unknown field {unknown}; write for example {EXAMPLES[self.kind]!r}"
            )


EXAMPLES = {
    "identity": "identity",
    "grey": "grey",
    "blur": "blur:sigma=3,size=21",
    "motion": "motion:length=15,angle=30",
    "kernel": "kernel:file=psf.npy,normalize=true",
    "sr": "sr:factor=4,kind=bicubic",
    "mask": "mask:rows=10-40,cols=8-55",
}
"""One example of each kind of operator, as a user would write it."""


def parse(specs: str | Sequence[str], readers: Readers | None = None) -> Operator:
    """The operator that one or more specifications describe, the first applied first.

    Kinds: identity; grey; blur:sigma=S[,size=N]; motion:length=L[,angle=DEGREES][,size=N];
    kernel:file=PATH[,normalize=true]; sr:factor=F[,kind=bicubic|box]; mask:rows=A-B,cols=C-D or mask:file=PATH
    (white is lost).

    Args:
        specs: "kind:field=value,field=value", one or several.
        readers: reads the files that a mask or a kernel names.

    Raises:
        InputError: an unknown kind or field, a missing or malformed value; the text names it.

    Example:
        >>> parse(["blur:sigma=1.5", "sr:factor=4"]).measured((3, 64, 64))
        (3, 16, 16)
    """
    texts = [specs] if isinstance(specs, str) else list(specs)
    return compose([_parse_one(text, readers) for text in texts])


def operator_files(specs: object) -> list[str]:
    """The files that specifications name, as they are written there, in order.

    Args:
        specs: one specification, or several.

    Example:
        >>> operator_files(["sr:factor=2", "mask:file=eyes.png"])
        ['eyes.png']
    """
    texts = [specs] if isinstance(specs, str) else list(specs)  # type: ignore[call-overload]
    fields = (part.partition("=") for text in texts for part in str(text).partition(":")[2].split(","))
    return [value.strip() for name, _, value in fields if name.strip() == "file"]


def _parse_one(text: str, readers: Readers | None) -> Operator:
    kind, _, rest = text.strip().partition(":")
    kind = kind.strip().lower()
    if kind not in EXAMPLES:
        raise InputError(f"operator {text!r}: unknown kind {kind!r}; expected one of {', '.join(EXAMPLES)}")
    fields = Fields(kind, rest)
    operator = _make(kind, fields, readers)
    fields.finish()
    return operator


def _make(kind: str, fields: Fields, readers: Readers | None) -> Operator:
    match kind:
        case "identity":
            return identity()
        case "grey":
            return grey()
        case "blur":
            return gaussian_blur(fields.number("sigma"), fields.whole("size"))
        case "motion":
            return motion_blur(fields.number("length"), fields.number("angle", 0.0), fields.whole("size"))
        case "sr":
            return downsample(fields.number("factor"), fields.text("kind", "bicubic"))
        case "kernel":
            path = Path(fields.text("file"))
            return kernel_blur(_readers(readers, kind).kernel(path), fields.flag("normalize"))
        case _:
            if fields.has("file"):
                path = Path(fields.text("file"))
                hole = _readers(readers, kind).mask(path)
                if float(hole.min()) == 1.0:
                    raise InputError(f"operator 'mask': {path} is white all over: nothing would be measured")
                return Mask.hole(hole)
            return RectangleMask(fields.span("rows"), fields.span("cols"))


def _readers(readers: Readers | None, kind: str) -> Readers:
    if readers is None:
        raise InputError(f"operator {kind!r}: files cannot be read here; pass readers, or make the operator yourself")
    return readers
