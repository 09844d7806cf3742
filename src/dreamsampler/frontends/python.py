"""The library in three lines: what `import dreamsampler` offers.

Numbers are given as keywords, `edit(..., steps=20)`, or as `settings=EditSettings(steps=20)`, which a type checker
follows; both are declared once, in `tasks.settings`.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.noise import Noise
from ..core.settings import make, options_of
from ..core.types import Prior
from ..io.images import Source, read_image
from ..io.tensors import to_tensor
from ..methods.registry import loader_of
from ..operators import GaussianNoise, PoissonNoise
from ..priors.load import load
from ..runs.job import Request
from ..runs.measured import operator_of
from ..runs.observe import Observer
from ..runs.result import Result
from ..runs.run import execute, prepare
from ..runs.verify import verify
from ..tasks.settings import (
    RENAMED,
    EditSettings,
    GenerateSettings,
    InpaintSettings,
    InvertSettings,
    RestoreSettings,
    RunSettings,
)
from ..tasks.vectorize.settings import VectorSettings

FRAMES = {EditSettings: 24, VectorSettings: 48}
"""Pictures of an animation."""

S = TypeVar("S")
Function = TypeVar("Function", bound=Callable[..., Any])
Sources = Source | Sequence[Source]
Range = tuple[float, float]

__all__ = ["degrade", "edit", "generate", "inpaint", "invert", "load", "restore", "vectorize", "verify"]


def _keywords_of(cls: type) -> Callable[[Function], Function]:
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


def _settings(cls: type[S], settings: S | None, preset: str | None, keywords: Mapping[str, Any]) -> S:
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


def _run(
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


@_keywords_of(EditSettings)
def edit(
    image: Sources,
    prompt: str | Sequence[str],
    *,
    mask: Sources | None = None,
    settings: EditSettings | None = None,
    preset: str | None = None,
    model: Any = "bundled",
    seed: int = 0,
    report: bool = False,
    animate: bool = False,
    batch: int = 8,
    value_range: Range = (0.0, 1.0),
    device: str | None = None,
    dtype: Any = None,
    callback: Observer | None = None,
    **keywords: Any,
) -> Result:
    """Edit pictures towards prompts: DreamSampler's Algorithm 3, localized by masks (eq. 19).

    Args:
        image: a path, PIL image, array or tensor, or a list of them; of any size.
        prompt: what the picture should show; several act at once.
        mask: one or more, paired with the prompts in order; white acts. With one prompt more than masks the first
            prompt acts outside all masks. Outside the masks the picture's own pixels are kept, byte for byte.
        settings: the numbers, or any of them as keywords; see `tasks.settings.EditSettings`. `size` may be a number.
        preset: "paper": 200 steps, paper_c 0.2, plain inversion; what is given beside it wins.
        model: anything that `load` takes, or a prior that it returned.
        seed: of every random number.
        report: also measure what the inversion keeps, for N further evaluations.
        animate: record frames for `Result.animate`.
        batch: most pictures in one run.
        value_range: black and white in arrays of floats.
        device, dtype: see `load`.
        callback: called with an `Event` (phase, step, total, state, ...) after each step; may raise to cancel.

    Raises:
        InputError: an argument or a file is not what it must be. ModelError, OutOfMemory, NonFinite: see `core.errors`.

    Example:
        >>> # dreamsampler.edit("cat.png", "a dog", steps=20).save("dog.png")
    """
    made = _settings(EditSettings, settings, preset, keywords)
    run = RunSettings(device, dtype)
    request = Request(made, image, prompt, mask, seed=seed, model=model, run=run, value_range=value_range)
    return _run(request, callback, animate=animate, report=report, batch=batch)


@_keywords_of(GenerateSettings)
def generate(
    prompt: str,
    *,
    count: int = 1,
    settings: GenerateSettings | None = None,
    model: Any = "bundled",
    seed: int = 0,
    batch: int = 8,
    device: str | None = None,
    dtype: Any = None,
    callback: Observer | None = None,
    **keywords: Any,
) -> Result:
    """Make pictures of a prompt, without a source.

    Args:
        prompt: what they show.
        count: how many; the k-th has seed + k, so it is the same whatever the count.
        settings: the numbers, or any of them as keywords; see `tasks.settings.GenerateSettings`. `size` may be a
            number or (width, height).
        model, batch, device, dtype, callback: see `edit`.

    Example:
        >>> # dreamsampler.generate("a red heart", count=4).save("heart.png")
    """
    made = _settings(GenerateSettings, settings, None, keywords)
    request = Request(made, prompts=prompt, count=count, seed=seed, model=model, run=RunSettings(device, dtype))
    return _run(request, callback, batch=batch)


@_keywords_of(InvertSettings)
def invert(
    image: Sources,
    *,
    settings: InvertSettings | None = None,
    model: Any = "bundled",
    seed: int = 0,
    batch: int = 8,
    value_range: Range = (0.0, 1.0),
    device: str | None = None,
    dtype: Any = None,
    callback: Observer | None = None,
    **keywords: Any,
) -> Result:
    """Measure how much of a picture a model keeps: invert it and sample it back, 2 N evaluations.

    Arguments as in `edit`.

    Example:
        >>> # print(dreamsampler.invert("cat.png").report)
    """
    made = _settings(InvertSettings, settings, None, keywords)
    request = Request(made, image, seed=seed, model=model, run=RunSettings(device, dtype), value_range=value_range)
    return _run(request, callback, batch=batch)


@_keywords_of(InpaintSettings)
def inpaint(
    image: Sources,
    mask: Sources,
    prompt: str | Sequence[str],
    *,
    settings: InpaintSettings | None = None,
    preset: str | None = None,
    model: Any = "bundled",
    seed: int = 0,
    batch: int = 8,
    value_range: Range = (0.0, 1.0),
    device: str | None = None,
    dtype: Any = None,
    callback: Observer | None = None,
    **keywords: Any,
) -> Result:
    """Fill holes in pictures, each hole by its own prompt, after DreamSampler's Algorithm 4.

    Args:
        image: a path, PIL image, array or tensor, or a list of them; of any size.
        mask: one or more; white is filled. All other pixels are kept, byte for byte.
        prompt: one for each mask; a single one for all masks with a method other than "dreamsampler".
        settings: the numbers, or any of them as keywords; see `tasks.settings.InpaintSettings`.
        preset: "released": the numbers of the released script.
        model, seed, batch, value_range, device, dtype, callback: as in `edit`.

    Raises:
        InputError: an argument or a file is not what it must be. ModelError, OutOfMemory, NonFinite: see `core.errors`.

    Example:
        >>> # dreamsampler.inpaint("face.png", ["eyes.png", "mouth.png"], ["glasses", "a smile"]).save("out.png")
    """
    made = _settings(InpaintSettings, settings, preset, keywords)
    run = RunSettings(device, dtype)
    request = Request(made, image, prompt, mask, seed=seed, model=model, run=run, value_range=value_range)
    return _run(request, callback, batch=batch)


@_keywords_of(RestoreSettings)
def restore(
    measurement: Sources,
    operator: str | Sequence[str],
    prompt: str = "",
    *,
    model: Any = "bundled",
    seed: int = 0,
    device: str | None = None,
    dtype: Any = None,
    callback: Observer | None = None,
    **keywords: Any,
) -> Result:
    """Restore pictures from what a known operator left of them; the result has the scene's size.

    Args:
        measurement: a picture, or floats from -1 to 1 as an array, .npy or .safetensors file.
        operator: "blur:sigma=3", "sr:factor=4", ... (see `operators.parse`), one or several, the first applied first.
        prompt: what the scene shows.
        model, seed, device, dtype, callback: as in `edit`.
        keywords: the numbers; see `tasks.settings.RestoreSettings`.

    Raises:
        InputError: an argument or a file is not what it must be, or operator and measurement do not fit.

    Example:
        >>> # dreamsampler.restore("small.png", "sr:factor=4", "a red heart", noise_std=0.01).save("heart.png")
    """
    made = _settings(RestoreSettings, None, None, {"operator": operator, **keywords})
    return _run(Request(made, measurement, prompt, seed=seed, model=model, run=RunSettings(device, dtype)), callback)


@_keywords_of(VectorSettings)
def vectorize(
    measurement: Source | None = None,
    prompt: str = "",
    *,
    settings: VectorSettings | None = None,
    preset: str | None = None,
    model: Any = "bundled",
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    animate: bool = False,
    device: str | None = None,
    dtype: Any = None,
    callback: Observer | None = None,
    **keywords: Any,
) -> Result:
    """Draw a clean SVG out of a degraded picture, or out of a prompt alone: eq. 21 of DreamSampler.

    Args:
        measurement: a picture, a .npy or .safetensors file of values from -1 to 1, or an array. None draws the prompt:
            the picture that `generate` makes of it with the same seed, or with sample=False what the prior alone makes.
        prompt: what it shows.
        settings: the numbers, or any of them as keywords; see `tasks.vectorize.settings.VectorSettings`. `init` may be
            an SVG file to start from, `size` a number.
        preset: "paper": the paper's numbers; "prior-only" comes with sample=False.
        model, seed, device, dtype, callback: as in `edit`.
        checkpoint: a .safetensors file that keeps the state of the run; if it is there, the run goes on from it, to the
            same bytes. Removed at the end.
        animate: record frames for `Result.animate`.

    Raises:
        InputError: an argument or a file is not what it must be, or the checkpoint belongs to another run.
        ModelError, MissingExtra, OutOfMemory, NonFinite: see `core.errors`.

    Example:
        >>> # dreamsampler.vectorize("blurred.png", "a dog face", operator="blur:sigma=5").save("dog.svg")
        >>> # dreamsampler.vectorize(prompt="a dog face").save("dog.svg")
    """
    given = {name: os.fspath(value) if name == "init" else value for name, value in keywords.items()}
    made = _settings(VectorSettings, settings, preset, given)
    request = Request(made, measurement, prompt, seed=seed, model=model, run=RunSettings(device, dtype))
    return _run(request, callback, animate=animate, checkpoint=None if checkpoint is None else Path(checkpoint))


def degrade(
    image: Source,
    operator: str | Sequence[str],
    *,
    noise_std: float = 0.0,
    peak: float | None = None,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Measure a picture: y = A x, with noise. No model is needed.

    Args:
        image: a path, PIL image, array or tensor.
        operator: as in `restore`.
        noise_std: standard deviation of Gaussian noise, in units of pictures from -1 to 1.
        peak: photons at white, for Poisson noise instead.
        seed: of the noise.

    Returns:
        The measurement [c, h, w], -1 black to 1 white; `io.measured.write_measurement` writes it.

    Raises:
        InputError: the picture cannot be read, or the operator does not apply to its size.

    Example:
        >>> degrade(np.zeros((8, 8, 3), np.uint8), "sr:factor=2").shape
        (3, 4, 4)
    """
    if peak is not None and noise_std:
        raise InputError(f"noise_std={noise_std} and peak={peak}: give one of the two")
    if not 0.0 <= noise_std < float("inf"):
        raise InputError(f"noise_std={noise_std}: expected a standard deviation of 0 or more")
    noise = GaussianNoise(float(noise_std)) if peak is None else PoissonNoise(float(peak))
    x = to_tensor(read_image(image).pixels)
    return noise(operator_of(operator).forward(x), Noise([seed]))[0].numpy()
