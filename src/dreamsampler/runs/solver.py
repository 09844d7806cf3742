"""Which method solves an inverse problem, as `--method` names it, and its run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeVar

from ..core.errors import InputError
from ..core.settings import convert, options_of, parse
from ..core.types import Prior
from ..methods import registry
from ..methods.run import restore_with
from ..operators import Measurement
from ..tasks.cases import Restoring
from ..tasks.common import OnProgress
from ..tasks.inpaint import Inpaint
from ..tasks.plan import Sampled
from ..tasks.restore import Restore
from ..tasks.settings import InpaintSettings, RestoreSettings

S = TypeVar("S", InpaintSettings, RestoreSettings)
OURS = "dreamsampler"
_NUMBERS = {InpaintSettings: Inpaint, RestoreSettings: Restore}
_SHARED = ("steps", "negative_prompt")
"""Numbers of the algorithm that have a place in every method."""


def method_name(text: str) -> str:
    """Return a method's name without its options."""
    return text.partition(":")[0].strip()


def checked_method(settings: S) -> S:
    """Return the settings with the options of "dreamsampler:eta=0.5" as settings like any other.

    Raises:
        InputError: an unknown method or option, a value out of its range, or a setting that the method has not.
    """
    name, numbers = method_name(settings.method), _NUMBERS[type(settings)]
    where = f"method {settings.method!r}"
    if name == OURS:
        own = parse(numbers, settings.method.partition(":")[2], where)
        return dataclasses.replace(settings, method=OURS, **own)
    _named(settings)
    for option in options_of(numbers):
        value = getattr(settings, option.name)
        if option.name not in _SHARED and value != option.default:
            has = ", ".join(registry.option_names(name, "inverse")) or "none"
            raise InputError(
                f"{option.name}={value}: is an option of the method dreamsampler only; options of {name}: {has}, "
                f"written {name}:option=value"
            )
    return settings


def solve(
    settings: InpaintSettings | RestoreSettings,
    prior: Prior,
    measurement: Measurement,
    prompt: str,
    *,
    seeds: Sequence[int],
    on_progress: OnProgress,
) -> Sampled:
    """Restore pictures from a measurement by the method that the settings name."""
    ours = method_name(settings.method) == OURS
    method: Restoring = convert(Restore, settings) if ours else _named(settings)
    return restore_with(method, prior, measurement, prompt, seeds=seeds, on_progress=on_progress)


def _named(settings: InpaintSettings | RestoreSettings) -> Restoring:
    """The method that is not ours; not every one has a negative prompt."""
    shared = {"negative_prompt": settings.negative_prompt} if settings.negative_prompt else {}
    return registry.parse(settings.method, "inverse", steps=settings.steps, **shared)
