"""Settings as keywords of Python functions: shown in their signatures, checked by their declaration."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ..core.errors import InputError
from ..core.settings import make, options_of
from ..core.types import Prior
from ..io.images import Source
from ..methods.registry import loader_of
from ..runs.job import Request
from ..runs.observe import Observer
from ..runs.result import Result
from ..runs.run import execute, prepare
from ..tasks.settings import EditSettings, RunSettings
from ..tasks.vectorize.settings import VectorSettings
from ..tasks.words import RENAMED

FRAMES = {EditSettings: 24, VectorSettings: 48}
"""Pictures of an animation."""

S = TypeVar("S")
Function = TypeVar("Function", bound=Callable[..., Any])
Sources = Source | Sequence[Source]
Range = tuple[float, float]


def keywords_of(cls: type) -> Callable[[Function], Function]:
    """Show a settings class's values as keywords of a function: in its signature and its docstring."""

    def show(function: Function) -> Function:
        signature = inspect.signature(function)
        own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        more = [
            inspect.Parameter(o.name, inspect.Parameter.KEYWORD_ONLY, default=_default(o), annotation=o.annotation)
            for o in options_of(cls)
            if o.name not in signature.parameters
        ]

        @functools.wraps(function)
        def call(*args: Any, **given: Any) -> Any:
            return function(*args, **given)

        call.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
        return call  # type: ignore[return-value]

    return show


def _default(option: Any) -> Any:
    return inspect.Parameter.empty if option.default is dataclasses.MISSING else option.default


def settings_of(cls: type[S], settings: S | None, preset: str | None, keywords: Mapping[str, Any]) -> S:
    """The settings of what was given in any of the three ways."""
    known = {option.name for option in options_of(cls)}
    given = dict(keywords)
    for name in given:
        if name not in known and name in RENAMED:
            raise InputError(f"{name}: is called {RENAMED[name]} now".replace("no_composite", "composite=False"))
    size = given.get("size", "")
    if size is None:
        del given["size"]
    elif isinstance(size, int) and not isinstance(size, bool):
        given["size"] = str(size)
    elif isinstance(size, tuple) and len(size) == 2:
        given["size"] = f"{size[0]}x{size[1]}"
    if settings is None:
        return make(cls, given, preset)
    if preset is not None:
        raise InputError(f"preset={preset!r}: give it or settings, not both")
    unknown = ", ".join(given.keys() - known)
    if unknown:
        raise InputError(f"{unknown}: unknown; expected one of {', '.join(sorted(known))}")
    return dataclasses.replace(settings, **given)  # type: ignore[type-var]


def run(
    request: Request,
    callback: Observer | None,
    *,
    animate: bool = False,
    **options: Any,
) -> Result:
    """Prepare, load the model if one is needed and not there yet, execute."""
    jobs = prepare(request)
    prior: Prior | None = None
    if any(job.needs_prior for job in jobs):
        prior = as_prior(request.model, request.run, getattr(request.settings, "method", ""))
    frames = FRAMES.get(type(request.settings), 24) if animate else 0
    return execute(jobs, prior, callback, frames=frames, **options)


def as_prior(model: Any, run: RunSettings, method: str = "") -> Prior:
    """Return a prior as it is, or the model of this name loaded as the method wants it."""
    if hasattr(model, "predict"):
        return model
    return loader_of(method)(model, device=run.device, dtype=run.dtype)
