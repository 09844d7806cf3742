"""Methods for inverse problems by name: DreamSampler's own and those that it is compared with."""

from __future__ import annotations

import importlib
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

from ...core.errors import InputError
from ...core.types import Prior
from ...operators import Measurement
from ...tasks.common import OnProgress, evaluations
from ...tasks.restore import Parts, Prompt, Restored, carry_out

RESTORING: dict[str, str] = {
    "dreamsampler": "...tasks.restore:restore_parts",
    "latent-dps": ".latent_dps:latent_dps",
    "psld": ".psld:psld",
    "treg": ".treg:treg",
    "repaint": ".repaint:repaint",
    "resample": ".resample:resample",
    "p2l": ".p2l:p2l",
    "diffpir": ".diffpir:diffpir",
    "ddnm": ".ddnm:ddnm",
    "flowdps": ".flowdps:flowdps",
    "stable-inpaint": ".stable_inpaint:stable_inpaint",
}
"""(prior, measurement, prompt, *, steps, seeds, ...) -> Parts of the loop."""

MASKS_ONLY = ("repaint", "stable-inpaint")
"""Methods that fill holes and know no other operator."""

_KINDS = {int: "a whole number", float: "a number", str: "a word"}
_OPTIONAL = {"float | None": float, "int | None": int}


def load_restorer(name: str) -> Callable[..., Parts]:
    """The function that makes a method's parts.

    Raises:
        InputError: the name is unknown.

    Example:
        >>> load_restorer("psld").__name__
        'psld'
    """
    if name not in RESTORING:
        raise InputError(f"method={name!r}: expected one of {', '.join(RESTORING)}")
    module, function = RESTORING[name].split(":")
    return getattr(importlib.import_module(module, __package__), function)


def loader_of(method: str) -> Callable[..., Prior]:
    """What loads the models that a method runs on: `priors.load.load`, or the method's own.

    Args:
        method: a name, with or without options.

    Example:
        >>> loader_of("psld:omega=0.5").__name__, loader_of("stable-inpaint").__name__
        ('load', 'load_inpainting')
    """
    if method.partition(":")[0] == "stable-inpaint":
        from .stable_inpaint import load_inpainting

        return load_inpainting
    from ...priors.load import load

    return load


def options_of(name: str) -> dict[str, type]:
    """A method's options that can be written in words, with the type of each.

    Example:
        >>> options_of("treg")["scale"].__name__
        'float'
    """
    parameters = inspect.signature(load_restorer(name)).parameters.values()
    # steps and prompts have a place of their own everywhere
    held = ("steps", "prompt", "null_prompt")
    kinds = {p.name: _OPTIONAL.get(str(p.annotation), type(p.default)) for p in parameters if p.name not in held}
    return {name: kind for name, kind in kinds.items() if kind in _KINDS}


def parse_method(text: str) -> tuple[str, dict[str, Any]]:
    """A method and its options, written "psld:omega=0.5,gamma=0.1".

    Raises:
        InputError: an unknown method or option, or a value of the wrong kind; names the options that there are. Ranges
            are the method's to know: see `rehearsal`.

    Example:
        >>> parse_method("treg:scale=4")
        ('treg', {'scale': 4.0})
    """
    name, _, rest = text.partition(":")
    kinds = options_of(name)
    options: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in rest.split(","))):
        key, _, value = part.partition("=")
        if key not in kinds:
            raise InputError(f"method {text!r}: {name} has no option {key!r}; it has {', '.join(kinds) or 'none'}")
        try:
            options[key] = kinds[key](value)
            if kinds[key] is float and not math.isfinite(options[key]):
                raise ValueError
        except ValueError:
            raise InputError(f"method {text!r}: {key}={value!r}; expected {_KINDS[kinds[key]]}") from None
    return name, options


def restore_with(
    method: str,
    prior: Prior,
    measurement: Measurement,
    prompt: Prompt = "",
    *,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
    **options: Any,
) -> Restored:
    """Restore pictures from a measurement by any method.

    Args:
        method: a name in `RESTORING`.
        prior, measurement, prompt, seeds, on_progress: as in `tasks.restore.restore`.
        options: the method's own, see its file.

    Raises:
        InputError: an unknown method, or an argument of the wrong shape, range or number.

    Example: docs/inverse-problems.md.
    """
    make, counted = load_restorer(method), evaluations(prior)
    if method == "dreamsampler":
        options["on_progress"] = on_progress
    parts = make(prior, measurement, prompt, seeds=seeds, **options)
    return carry_out(prior, measurement, parts, counted, on_progress, method)
