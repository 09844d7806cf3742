"""Groups of options that many commands share, and how a command takes such a group as one argument."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Any

from . import options as opt
from .console import Console

if TYPE_CHECKING:
    from ...core.types import Prior


@dataclass
class Loading:
    """Which model is run, and where and how."""

    model: opt.Model = "bundled"
    revision: opt.Revision = None
    prediction_type: opt.PredictionType = None
    device: opt.Device = None
    dtype: opt.Dtype = None
    max_batch: opt.MaxBatch = None

    def prior(self, console: Console, method: str = "") -> Prior:
        """The model, loaded as the method wants it."""
        from .session import open_model

        return open_model(
            console, self.model, self.revision, self.prediction_type, self.device, self.dtype, self.max_batch, method
        )


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replace a command's arguments whose type is a dataclass by the options that it is made of, behind its own."""
    parameters = inspect.signature(command, eval_str=True).parameters
    groups: dict[str, Any] = {name: p.annotation for name, p in parameters.items() if is_dataclass(p.annotation)}
    options = {name: inspect.signature(kind, eval_str=True).parameters for name, kind in groups.items()}
    own = [p for name, p in parameters.items() if name not in groups]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        made = {name: kind(**{key: given.pop(key) for key in options[name]}) for name, kind in groups.items()}
        command(**given, **made)

    flat = [p for group in options.values() for p in group.values()]
    run.__signature__ = inspect.Signature([*own, *flat])  # type: ignore[attr-defined]
    return run
