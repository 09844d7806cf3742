"""Inverse problems in three lines: inpainting, restoration, drawings, and the measurements to try them on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.noise import Noise
from ..io.images import Source, read_image
from ..io.tensors import to_tensor
from ..operators import GaussianNoise, PoissonNoise
from ..runs.job import Request
from ..runs.measured import operator_of
from ..runs.observe import Observer
from ..runs.result import Result
from ..tasks.settings import InpaintSettings, RestoreSettings, RunSettings
from ..tasks.vectorize.settings import VectorSettings
from .keywords import Range, Sources, keywords_of, run, settings_of

__all__ = ["degrade", "inpaint", "restore", "vectorize"]


@keywords_of(InpaintSettings)
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
    made = settings_of(InpaintSettings, settings, preset, keywords)
    place = RunSettings(device, dtype)
    request = Request(made, image, prompt, mask, seed=seed, model=model, run=place, value_range=value_range)
    return run(request, callback, batch=batch)


@keywords_of(RestoreSettings)
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
    made = settings_of(RestoreSettings, None, None, {"operator": operator, **keywords})
    return run(Request(made, measurement, prompt, seed=seed, model=model, run=RunSettings(device, dtype)), callback)


@keywords_of(VectorSettings)
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
    made = settings_of(VectorSettings, settings, preset, given)
    request = Request(made, measurement, prompt, seed=seed, model=model, run=RunSettings(device, dtype))
    return run(request, callback, animate=animate, checkpoint=None if checkpoint is None else Path(checkpoint))


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
