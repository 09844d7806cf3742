"""Ways to draw a measurement by name: DreamSampler's own and those that it is compared with, on one canvas and loop."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ...core.errors import InputError
from ...core.types import Prior
from ...generators.svg.drawing import Drawing
from ...operators import Measurement
from ...tasks.canvas import Course
from ...tasks.sketch import Vectorized
from ...tasks.vectorize.settings import VectorSettings

VECTORIZING: dict[str, str] = {
    "dreamsampler": "...tasks.vectorize.task:vectorize",
    "data": ".data:vector_data",
    "sds": ".sds:vector_sds",
    "vectorfusion": ".vectorfusion:vector_vectorfusion",
    "pds": ".pds:vector_pds",
    "live": ".live:vector_live",
    "chain": ".chain:vector_chain",
    "trace": ".trace:vector_trace",
}
"""(prior, measurement, prompt, *, settings, drawings, seeds, course, ...) -> Vectorized."""

WITHOUT_PRIOR = ("data", "live", "trace")
"""Methods that need no model."""

_KINDS = {int: "a whole number", float: "a number", str: "a word"}
_PLACED = (
    "method", "operator", "size", "paths", "segments", "steps", "init", "noise_std", "sample", "sample_steps",
    "sample_guidance_scale",
)  # fmt: skip
"""Settings that have a place of their own everywhere."""


class Drawer(NamedTuple):
    """A method with its options: its own arguments, and settings that it changes.

    Example:
        >>> Drawer.parse("sds:prior_weight=1").settings
        {'prior_weight': 1.0}
    """

    name: str
    own: dict[str, Any]
    settings: dict[str, Any]

    @classmethod
    def parse(cls, text: str) -> Drawer:
        """A method and its options, written "sds:scale=20,prior_weight=0.5".

        Raises:
            InputError: an unknown method or option, or a value of the wrong kind; names the options that there are.
        """
        name, _, rest = text.partition(":")
        parameters = inspect.signature(load_drawer(name)).parameters.values()
        own_kinds = {p.name: type(p.default) for p in parameters if type(p.default) in _KINDS and p.name != "prompt"}
        kinds: dict[str, Any] = {
            field.name: type(field.default)
            for field in dataclasses.fields(VectorSettings)
            if field.name not in (*_PLACED, *own_kinds)
        }
        own: dict[str, Any] = {}
        settings: dict[str, Any] = {}
        for part in filter(None, (part.strip() for part in rest.split(","))):
            key, _, value = part.partition("=")
            kind = own_kinds.get(key) or kinds.get(key)
            if kind is None:
                known = ", ".join((*own_kinds, *kinds))
                raise InputError(f"method {text!r}: {name} has no option {key!r}; it has {known}")
            try:
                (own if key in own_kinds else settings)[key] = kind(value)
            except ValueError:
                raise InputError(f"method {text!r}: {key}={value!r}; expected {_KINDS[kind]}") from None
        return cls(name, own, settings)

    @property
    def needs_prior(self) -> bool:
        """Whether a model takes part."""
        return self.name not in WITHOUT_PRIOR

    def __call__(
        self,
        prior: Prior | None,
        measurement: Measurement,
        prompt: str = "",
        *,
        settings: VectorSettings | None = None,
        drawings: Sequence[Drawing] | None = None,
        seeds: Sequence[int] | None = None,
        course: Course | None = None,
    ) -> Vectorized:
        """Draw a measurement; arguments as `tasks.vectorize.vectorize`.

        Raises:
            InputError: no prior for a method that needs one, or an argument of the wrong shape, range or number.
        """
        if prior is None and self.needs_prior:
            raise InputError(f"method={self.name!r}: needs a model; {', '.join(WITHOUT_PRIOR)} need none")
        chosen = dataclasses.replace(settings or VectorSettings(), **self.settings)
        draw = load_drawer(self.name)
        return draw(
            prior, measurement, prompt, settings=chosen, drawings=drawings, seeds=seeds, course=course, **self.own
        )


def load_drawer(name: str) -> Callable[..., Vectorized]:
    """The function of a method.

    Raises:
        InputError: the name is unknown.
    """
    if name not in VECTORIZING:
        raise InputError(f"method={name!r}: expected one of {', '.join(VECTORIZING)}")
    module, function = VECTORIZING[name].split(":")
    return getattr(importlib.import_module(module, __package__), function)
