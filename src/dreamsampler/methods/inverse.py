"""Methods for inverse problems by name: DreamSampler's own and those that it is compared with."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from ..core.errors import InputError
from ..core.types import Prior
from ..operators import Measurement
from ..tasks.common import OnProgress, evaluations
from ..tasks.restore import Parts, Prompt, Restored, carry_out

RESTORING: dict[str, str] = {
    "dreamsampler": "..tasks.restore:restore_parts",
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
"""(prior, measurement, prompt, *, steps, seeds, ...) -> Parts of the loop. RePaint and Stable-Inpaint take masks only,
the latter a prior of its own (`stable_inpaint.load_inpainting`)."""


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
