"""From what a person asks for to checked recipes, before any model is loaded."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from ..core.errors import InputError
from ..core.schedule import check_visits
from ..core.types import Prior
from ..io.arrays import is_array
from ..io.images import Source
from ..steering.inversion import upward
from .inputs import Inputs, read_inputs
from .place import background, check_size, mask_tensor
from .recipe import ModelRef, Recipe
from .run import Job

Settings = Mapping[str, Any]
Range = tuple[float, float]
MAX_COUNT = 1000


def inversion_settings(
    source_prompt: str, steps: int, inversion: str, rounds: int, start: float, size: str | int | None
) -> dict[str, Any]:
    """The settings that editing and inverting share, checked."""
    steps, rounds = whole("steps", steps), whole("rounds", rounds)
    check_visits(steps, start)
    upward(None, inversion, rounds)
    return {
        "source_prompt": text("source_prompt", source_prompt),
        "steps": steps,
        "inversion": inversion,
        "rounds": rounds,
        "start": float(start),
        "size": str(check_size("native" if size is None else size)),
    }


def edit_settings(
    strength: float | Sequence[float], paper_c: float | None, *, raw: bool = False, bound: float = 0.0
) -> dict[str, Any]:
    """The settings of an edit's pull; the paper's weight takes the place of the strength."""
    several = isinstance(strength, list | tuple)
    value = tuple(number("strength", s) for s in strength) if several else number("strength", strength)  # type: ignore
    if paper_c is not None:
        if value not in (1.0, (1.0,)):
            raise InputError(f"strength={strength} and paper_c={paper_c}: give one of the two")
        return {
            "strength": number("paper_c", paper_c),
            "strength_kind": "paper",
            "raw": raw,
            "bound": number("bound", bound),
        }
    return {"strength": value, "strength_kind": "strength", "raw": raw, "bound": number("bound", bound)}


def edit_jobs(
    image: Source | Sequence[Source],
    prompt: str | Sequence[str],
    mask: Source | Sequence[Source] | None,
    *,
    model: Any,
    seed: int,
    settings: Settings,
    value_range: Range = (0.0, 1.0),
) -> list[Job]:
    """One job a picture; the masks are for every picture.

    Raises:
        InputError: a picture, a mask, a prompt or a setting is not what it must be, or they do not pair.
    """
    prompts = list(prompt) if isinstance(prompt, list | tuple) else [text("prompt", prompt)]
    if not prompts:
        raise InputError("prompt: expected at least one; say what the picture should show")
    for k, given in enumerate(prompts):
        if not text("prompt", given).strip():
            raise InputError(f"prompt {k + 1}: is empty; say what the picture should show")
    masks = [] if mask is None else several(mask, "mask")
    owners = pair(len(prompts), len(masks))
    strength = settings["strength"]
    if isinstance(strength, tuple) and len(strength) not in (1, len(prompts)):
        raise InputError(
            f"strength: got {len(strength)} values for {len(prompts)} prompts; expected one, or one a prompt"
        )
    if isinstance(strength, tuple) and len(strength) == 1:
        settings = {**settings, "strength": strength[0]}
    jobs = []
    for source in several(image):
        inputs = read_inputs(source, masks, value_range=value_range)
        if masks and len(masks) < len(prompts):
            background([mask_tensor(given.values) for given in inputs.masks])
        jobs.append(make_job("edit", model, prompts, inputs, owners, seed, settings))
    return jobs


def invert_jobs(
    image: Source | Sequence[Source], *, model: Any, seed: int, settings: Settings, value_range: Range = (0.0, 1.0)
) -> list[Job]:
    """One job a picture."""
    read = [read_inputs(source, value_range=value_range) for source in several(image)]
    return [make_job("invert", model, (), inputs, (), seed, settings) for inputs in read]


def generate_jobs(prompt: str, count: int, *, model: Any, seed: int, settings: Settings) -> list[Job]:
    """`count` jobs with seeds from `seed` on; their size is settled by `sized`, once the model is there."""
    if not 1 <= whole("count", count) <= MAX_COUNT:
        raise InputError(f"count={count}: expected 1 to {MAX_COUNT} pictures")
    check_visits(whole("steps", settings["steps"]), 1.0)
    prompts = [text("prompt", prompt)]
    seed = whole("seed", seed)
    return [make_job("generate", model, prompts, Inputs(), (), seed + k, settings) for k in range(count)]


def sized(jobs: Sequence[Job], prior: Prior, size: int | tuple[int, int] | None) -> list[Job]:
    """The jobs with a width and a height: as given, or the model's own.

    Raises:
        InputError: a side is not a multiple of what the model needs.
    """
    multiple = prior.multiple
    native = prior.native_size or multiple
    sides = (native, native) if size is None else (size, size) if isinstance(size, int) else size
    width, height = (whole("size", side) for side in sides)
    if min(width, height) < multiple or width % multiple or height % multiple:
        near = " x ".join(str(max(multiple, round(side / multiple) * multiple)) for side in (width, height))
        raise InputError(f"size={width} x {height}: this model needs multiples of {multiple}; the nearest is {near}")
    where = {"width": width, "height": height}
    return [Job(dataclasses.replace(job.recipe, settings={**job.recipe.settings, **where}), job.inputs) for job in jobs]


def pair(prompts: int, masks: int) -> tuple[int, ...]:
    """The index of each mask's prompt: in order; a prompt without a mask comes first and acts outside all masks.

    Raises:
        InputError: neither as many prompts as masks nor one more.
    """
    if masks in (0, prompts):
        return tuple(range(masks))
    if masks == prompts - 1:
        return tuple(range(1, prompts))
    raise InputError(
        f"{masks} masks and {prompts} prompts: give one prompt for each mask, and at most one more, first, for the "
        "rest of the picture"
    )


def several(sources: Source | Sequence[Source], name: str = "image") -> list[Source]:
    """One source or a list of them as a list; an array with a batch axis counts as a list."""
    if is_array(sources) and sources.ndim == 4:  # type: ignore[union-attr]
        sources = list(sources)  # type: ignore[arg-type]
    if (
        isinstance(sources, str | bytes | Path | Image.Image)
        or is_array(sources)
        or not isinstance(sources, list | tuple)
    ):
        return [sources]
    if not sources:
        raise InputError(f"{name}: an empty list; expected at least one picture")
    return list(sources)


def text(name: str, value: Any) -> str:
    """A string, or an `InputError` that says what came instead."""
    if not isinstance(value, str):
        raise InputError(f"{name}: got {type(value).__name__} {value!r}; expected text")
    return value


def whole(name: str, value: Any) -> int:
    """A whole number, NumPy's included."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return int(value.__index__())
    except (AttributeError, TypeError) as error:
        raise InputError(f"{name}={value!r}: expected a whole number") from error


def number(name: str, value: Any) -> float:
    """A number, NumPy's included; ranges are checked by the recipe."""
    try:
        if isinstance(value, bool | str):
            raise TypeError
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}={value!r}: expected a number") from error


def make_job(
    task: str, model: Any, prompts: Sequence[str], inputs: Inputs, owners: Sequence[int], seed: int, settings: Settings
) -> Job:
    """A job with its recipe; `owners` holds the index of each mask's prompt."""
    name = str(model) if isinstance(model, str | Path) else f"object:{type(model).__name__}"
    recipe = Recipe(
        task,
        ModelRef(name),
        tuple(prompts),
        inputs.refs(owners),
        settings=settings,
        seeds=(whole("seed", seed),),
    )
    return Job(recipe, inputs)
