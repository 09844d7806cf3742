"""From what a person asks to be drawn to a checked recipe, before any model is loaded."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..generators.svg.reader import read_svg
from ..io.images import Source
from ..methods.drawing.registry import Drawer
from ..operators.parse import operator_files
from ..tasks.vectorize.settings import VectorSettings
from ..tasks.vectorize.text import ALONE
from .inputs import Inputs, read_measured
from .jobs import make_job, number, text, whole
from .model import NO_MODEL
from .run import Job
from .run_vectorize import STARTS, SVGS, check_alone, needs_prior, scene_of, start_of, text_canvas


def vector_job(
    measurement: Source | None = None,
    prompt: str = "",
    *,
    operator: str | Sequence[str] = "identity",
    noise: float = 0.0,
    method: str = "dreamsampler",
    paths: int = 64,
    segments: int = 4,
    steps: int = 500,
    init: str | os.PathLike[str] | None = None,
    size: int | str | None = None,
    sample: bool = True,
    seed: int = 0,
    model: Any = "bundled",
) -> Job:
    """Check what is asked for; arguments as in `frontends.vector.vectorize`.

    Raises:
        InputError: an argument or a file is not what it must be.
    """
    drawer = Drawer.parse(text("method", method))
    specs = [operator] if isinstance(operator, str) else [text("operator", spec) for spec in operator]
    alone = measurement is None and not sample
    if measurement is None:
        _check_text(prompt, specs, noise, drawer, sample)
    elif not sample:
        raise InputError("sample=False (--no-sample): there is a picture to draw; leave one of the two out")
    words, start = _start(init, "random" if alone else "components", alone)
    inputs = read_measured(measurement, [(aid, Path(aid)) for aid in operator_files(specs)], start)
    if not 0.0 <= number("noise", noise) < math.inf:
        raise InputError(f"noise={noise}: expected a standard deviation of 0 or more")
    numbers: dict[str, Any] = {"paths": whole("paths", paths), "segments": whole("segments", segments)}
    numbers |= {"steps": whole("steps", steps), "init": "components" if start else words}
    numbers |= ALONE if alone else {}
    settings = dataclasses.replace(VectorSettings(**numbers), **drawer.settings)
    # all of them: the defaults may change, what this recipe means may not
    named = {field.name: getattr(settings, field.name) for field in fields(settings)}
    named |= {"init": words, "method": method, "operator": tuple(specs), "noise_std": float(noise)}
    named |= {"size": _size(size), "sample": bool(sample)}
    job = make_job("vectorize", model, [text("prompt", prompt)], inputs, (), seed, named)
    _check_inputs(job)
    if not needs_prior(job.recipe):
        nothing = dataclasses.replace(job.recipe.model, id=NO_MODEL)
        return job._replace(recipe=dataclasses.replace(job.recipe, model=nothing, tasks=None))
    return job


def _check_text(prompt: str, specs: Sequence[str], noise: float, drawer: Drawer, sample: bool) -> None:
    """What makes no sense where nothing was measured."""
    if not text("prompt", prompt).strip():
        raise InputError("nothing to draw: name a picture (IN.png), or say with prompt (--prompt) what to draw")
    if any(spec != "identity" for spec in specs) or noise != 0:
        raise InputError("operator and noise: say what was done to a picture; name that picture (IN.png)")
    if not sample:
        check_alone(drawer)


def _start(init: str | os.PathLike[str] | None, usual: str, alone: bool) -> tuple[str, tuple[str, Path] | None]:
    """How the recipe calls the start, and where it lies if it is a file."""
    words = usual if init is None else os.fspath(init)
    if words in STARTS:
        if alone and words in ("components", "trace"):
            raise InputError(f"init={words!r}: needs a picture; without one use random, grid or an .svg file")
        return words, None
    path = Path(words)
    if path.suffix.lower() not in SVGS:
        raise InputError(f"init={words!r}: expected one of {', '.join(STARTS)}, or an .svg file")
    return path.name, (path.name, path)


def _size(size: int | str | None) -> str:
    if isinstance(size, int) and not isinstance(size, bool):
        size = str(size)
    if size is not None and not isinstance(size, str):
        raise InputError(f"size={size!r}: expected pixels such as 256 or '320x240'")
    words = "native" if size is None else size.lower()
    text_canvas(words)
    return words


def _check_inputs(job: Job) -> None:
    """Read and fit everything once, so that what is wrong is known before a model is loaded."""
    inputs: Inputs = job.inputs
    if inputs.measured is not None:
        shape = scene_of(job, None).measurement.scene
        start_of(job, (shape[1], shape[2]))
        return
    for aid in inputs.aids:
        read_svg(aid.path)
