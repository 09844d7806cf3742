"""A way of drawing with its options, and numbers of the task that it changes, as one text."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

from ...core.errors import InputError
from ...core.settings import options_of, parse
from ...core.types import Prior
from ...generators.svg.drawing import Drawing
from ...operators import Measurement
from ...priors.base import whole
from ...steering.control import RunControl
from ...tasks.vectorize.settings import RENAMED, VectorSettings
from ...tasks.vectorize.task import DrawingMethod, Vectorized, vectorize
from ..registry import ENTRIES, find

TUNED = (
    "fit", "denoise", "guidance_scale", "prior_weight", "final_weight", "eta", "crossing_weight", "flatness_weight",
    "penalty", "rate", "color_rate", "blur", "prune_every", "restore_steps", "estimate_std",
)  # fmt: skip
"""Settings of the task that `--method name:option=value` may change too; the others have a place of their own."""


class Drawer(NamedTuple):
    """A method with its options: its own, and settings of the task that it changes.

    Example:
        >>> Drawer.parse("sds:prior_weight=1").settings
        {'prior_weight': 1.0}
    """

    name: str
    own: dict[str, Any]
    settings: dict[str, Any]

    @classmethod
    def parse(cls, text: str) -> Drawer:
        """Return a method and its options, written "sds:guidance_scale=20,prior_weight=0.5".

        Raises:
            InputError: an unknown method or option, or a value of the wrong type or range.
        """
        name, _, rest = text.partition(":")
        kind: Any = find(name, "drawing").method
        where = f"method {text!r}"
        own = {option.name for option in options_of(kind)}
        tuned = [name for name in TUNED if name not in own]
        parts: dict[bool, list[str]] = {True: [], False: []}
        for part in filter(None, (part.strip() for part in rest.split(","))):
            key = part.partition("=")[0].strip().replace("-", "_")
            if key not in (*own, *tuned):
                if RENAMED.get(key) in (*own, *tuned):
                    raise InputError(f"{where}: {key} is called {RENAMED[key]} now")
                known = ", ".join((*(option.name for option in options_of(kind)), *tuned))
                raise InputError(f"{where}: {name} has no option {key!r}; it has {known}")
            parts[key in own].append(part)
        drawer = cls(
            name, parse(kind, ",".join(parts[True]), where), parse(VectorSettings, ",".join(parts[False]), where)
        )
        try:
            drawer.method()
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        return drawer

    def method(self) -> DrawingMethod:
        """Return the method with its own options."""
        return find(self.name, "drawing").method(**self.own)

    @property
    def needs_prior(self) -> bool:
        """Whether a model takes part."""
        return find(self.name, "drawing").needs_prior

    def __call__(
        self,
        prior: Prior | None,
        measurement: Measurement,
        prompt: str = "",
        *,
        settings: VectorSettings | None = None,
        drawings: Sequence[Drawing] | None = None,
        seeds: Sequence[int] | None = None,
        control: RunControl | None = None,
    ) -> Vectorized:
        """Draw a measurement; arguments as `tasks.vectorize.task.vectorize`.

        Raises:
            InputError: no prior for a method that needs one, or an argument of the wrong shape, range or number.
        """
        if prior is None and self.needs_prior:
            free = ", ".join(entry.name for entry in ENTRIES if entry.kind == "drawing" and not entry.needs_prior)
            raise InputError(f"method={self.name!r}: needs a model; {free} need none")
        prior = None if prior is None else whole(prior)
        chosen = dataclasses.replace(settings or VectorSettings(), **self.settings)
        return vectorize(
            prior, measurement, prompt, settings=chosen, drawings=drawings, seeds=seeds, control=control,
            method=self.method(),
        )  # fmt: skip
