"""Run a method, named or made, on pictures or on a measurement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ..core.types import Prior
from ..operators import Measurement
from ..tasks.cases import EditCase, Editing, InverseCase, Prompt, Restoring, restored_by
from ..tasks.common import OnProgress
from ..tasks.plan import Sampled, run_plan
from .registry import parse


def edit_with(
    method: str | Editing,
    prior: Prior,
    images: Tensor,
    prompt: Prompt,
    *,
    source_prompt: Prompt = "",
    mask: Tensor | None = None,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
    **options: Any,
) -> Sampled:
    """Edit pictures by any method.

    Args:
        method: "sdedit:denoise=0.5", or an instance of a method's class.
        images: [B, 3, H, W] in [-1, 1].
        prompt, source_prompt: what the edited and the given pictures show; one for all, or one a picture.
        mask: [1 or B, 1, H, W] in [0, 1], for methods that take one.
        seeds: one a picture; 0, 1, 2, ... by default.
        options: of a method that is named.

    Raises:
        InputError: an unknown method, or an argument of the wrong shape, range or number.

    Example: docs/methods.md.
    """
    chosen = parse(method, "edit", **options) if isinstance(method, str) else method
    masks = () if mask is None else (mask,)
    case = EditCase.of(prior, images, prompt, source_prompt=source_prompt, masks=masks, seeds=seeds)
    return run_plan(prior, chosen(case), on_progress)


def restore_with(
    method: str | Restoring,
    prior: Prior,
    measurement: Measurement,
    prompt: Prompt = "",
    *,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
    **options: Any,
) -> Sampled:
    """Restore pictures from a measurement by any method.

    Args:
        method: "psld:omega=0.5", or an instance of a method's class.
        measurement: y, its operator and its noise; the scene's sides must be multiples of the prior's.
        prompt: what the scene shows; "" if nothing is known.
        seeds: one an item; 0, 1, 2, ... by default.
        options: of a method that is named.

    Raises:
        InputError: an unknown method, or an argument of the wrong shape, range or number.

    Example: docs/inverse-problems.md.
    """
    chosen = parse(method, "inverse", **options) if isinstance(method, str) else method
    return restored_by(chosen, InverseCase.of(prior, measurement, prompt, seeds), on_progress)
