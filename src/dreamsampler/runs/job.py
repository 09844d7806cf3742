"""What is asked for, and the jobs that are made of it: recipe and files, read and checked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from PIL import Image

from ..core.errors import InputError
from ..io.arrays import is_array
from ..io.images import Source
from ..tasks.settings import RunSettings
from .inputs import Inputs
from .recipe import ModelRef, Recipe
from .registry import task_for

P = TypeVar("P")


@dataclass(frozen=True)
class Request:
    """What somebody asks for.

    Attributes:
        settings: the numbers, an instance of a task's settings class; it says which task.
        sources: pictures or measurements: one, or a list of them.
        prompts: one text, or several.
        masks: one, or several; None without.
        count: pictures to make where there is no source.
        seed: of the first item.
        model: its name, or a loaded prior.
        run: device and precision.
        value_range: black and white in arrays of floats.
        start: a file that the settings name, to start from.
    """

    settings: Any
    sources: Source | Sequence[Source] | None = None
    prompts: str | Sequence[str] = ""
    masks: Source | Sequence[Source] | None = None
    count: int = 1
    seed: int = 0
    model: Any = "bundled"
    run: RunSettings = field(default_factory=RunSettings)
    value_range: tuple[float, float] = (0.0, 1.0)
    start: Path | None = None


@dataclass(frozen=True, eq=False)
class Job(Generic[P]):
    """One result to make.

    Attributes:
        recipe: everything that determines it.
        inputs: the files, read.
        parts: what the task built of both: masks, operator and measurement. It is built once.
        needs_prior: a model takes part.
    """

    recipe: Recipe
    inputs: Inputs
    parts: P
    needs_prior: bool = True


def recipe_of(
    request: Request,
    prompts: Sequence[str],
    inputs: Inputs,
    owners: Sequence[int] = (),
    *,
    settings: Any = None,
    seed: int | None = None,
) -> Recipe:
    """Return the recipe of one item.

    Args:
        owners: the index of each mask's prompt.
        settings, seed: in place of the request's.
    """
    model = request.model
    name = str(model) if isinstance(model, str | Path) else f"object:{type(model).__name__}"
    chosen = request.settings if settings is None else settings
    seeds = (whole("seed", request.seed) if seed is None else seed,)
    refs = inputs.refs(owners)
    return Recipe(task_for(chosen).name, ModelRef(name), tuple(prompts), refs, chosen, request.run, seeds)


def several(sources: Source | Sequence[Source] | None, name: str = "image") -> list[Source]:
    """Return one source or a list of them as a list; an array with a batch axis counts as a list.

    Raises:
        InputError: an empty list, or nothing.
    """
    if sources is None:
        raise InputError(f"{name}: expected a picture")
    if is_array(sources) and sources.ndim == 4:  # type: ignore[union-attr]
        sources = list(sources)  # type: ignore[arg-type]
    single = isinstance(sources, str | bytes | Path | Image.Image) or is_array(sources)
    if single or not isinstance(sources, list | tuple):
        return [sources]  # type: ignore[list-item]
    if not sources:
        raise InputError(f"{name}: an empty list; expected at least one picture")
    return list(sources)


def texts(name: str, value: str | Sequence[str]) -> list[str]:
    """Return one text or several as a list.

    Raises:
        InputError: one is no text.
    """
    given: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    for item in given:
        if not isinstance(item, str):
            raise InputError(f"{name}: got {type(item).__name__} {item!r}; expected text")
    return given


def whole(name: str, value: Any) -> int:
    """Return a whole number, NumPy's included.

    Raises:
        InputError: it is none.
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        return int(value.__index__())
    except (AttributeError, TypeError) as error:
        raise InputError(f"{name}={value!r}: expected a whole number") from error
