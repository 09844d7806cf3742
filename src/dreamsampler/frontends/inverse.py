"""Inverse problems in three lines: inpainting, restoration, and the measurements to try them on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.noise import Noise
from ..io.images import Source, read_image
from ..io.tensors import to_tensor
from ..operators import GaussianNoise, PoissonNoise
from ..runs.inputs import Inputs
from ..runs.jobs_inverse import inpaint_jobs, inpaint_settings, restore_jobs, solver_settings
from ..runs.outcome import Outcome
from ..runs.run import Options, run_all
from ..runs.run_restore import operator_of
from ..tasks.common import OnProgress
from .python import as_prior

__all__ = ["degrade", "inpaint", "restore"]


def inpaint(
    image: Source | Sequence[Source],
    mask: Source | Sequence[Source],
    prompt: str | Sequence[str],
    *,
    null_prompt: str = "",
    method: str = "dreamsampler",
    model: Any = "bundled",
    steps: int = 100,
    guidance: float = 2.0,
    strength: float | None = None,
    feather: int = 0,
    raw: bool = False,
    inversion: str = "none",
    seed: int = 0,
    size: str | int | None = None,
    batch: int = 8,
    value_range: tuple[float, float] = (0.0, 1.0),
    device: str | None = None,
    dtype: str | None = None,
    progress: OnProgress | None = None,
    **numbers: Any,
) -> Outcome:
    """Fill holes in pictures, each hole by its own prompt: DreamSampler's Algorithm 4.

    Args:
        image: a path, PIL image, array or tensor, or a list of them; of any size.
        mask: one or more; white is filled. All other pixels are kept, byte for byte.
        prompt: one for each mask; a single one for all masks with a method other than "dreamsampler".
        null_prompt: what the picture should not be, in words that the model was taught ("out of focus, depth of field"
            with Stable Diffusion, as released); "" is the plain null prompt.
        method: "dreamsampler", or another of `methods.registry` with its options, "psld:omega=0.5".
        model, seed, size, batch, value_range, device, dtype, progress: as in `edit`.
        steps: N; with K masks N (1 + K) evaluations, two thirds of the null prompt's with gradients.
        guidance: scale towards the prompts; 1 follows them, above 1 exaggerates them.
        strength: the paper's pull c_g, 0 to 1, instead of guidance.
        feather: fade over this many pixels inside each hole's edge.
        raw: return what the model made of everything.
        inversion: "none" begins with noise in the holes; see `tasks.inpaint.Inpaint`.
        numbers: rho, eta, dps, period, until, of the same.

    Raises:
        InputError: an argument or a file is not what it must be. ModelError, OutOfMemory, NonFinite: see `core.errors`.

    Example:
        >>> # dreamsampler.inpaint("face.png", ["eyes.png", "mouth.png"], ["glasses", "a smile"]).save("out.png")
    """
    settings = solver_settings(method, null_prompt, steps, guidance=guidance, strength=strength, **numbers)
    settings |= inpaint_settings(feather, raw=raw, inversion=inversion, size=size)
    jobs = inpaint_jobs(image, prompt, mask, model=model, seed=seed, settings=settings, value_range=value_range)
    return run_all(jobs, as_prior(model, device, dtype, method), Options(batch=batch, on_progress=progress))


def restore(
    measurement: Source | Sequence[Source],
    operator: str | Sequence[str],
    prompt: str = "",
    *,
    noise: float = 0.0,
    null_prompt: str = "",
    method: str = "dreamsampler",
    model: Any = "bundled",
    steps: int = 100,
    guidance: float = 1.0,
    strength: float | None = None,
    begin: str = "inversion",
    seed: int = 0,
    device: str | None = None,
    dtype: str | None = None,
    progress: OnProgress | None = None,
    **numbers: Any,
) -> Outcome:
    """Restore pictures from what a known operator left of them; the result has the scene's size.

    Args:
        measurement: a picture, or floats from -1 to 1 as an array, .npy or .safetensors file.
        operator: "blur:sigma=3", "sr:factor=4", ... (see `operators.parse`), one or several, the first applied first.
        prompt: what the scene shows.
        noise: standard deviation of the measurement's noise, in units of pictures from -1 to 1.
        method, null_prompt, model, seed, device, dtype, progress: as in `inpaint`.
        steps: N.
        guidance: scale towards the prompt; 1 follows it (N evaluations), another costs 2 N.
        strength: the paper's pull c_g, 0 to 1, instead of guidance.
        begin: "inversion" of a first guess, or "noise".
        numbers: rho, eta, dps, period, until of `tasks.restore.Restore`.

    Raises:
        InputError: an argument or a file is not what it must be, or operator and measurement do not fit.

    Example:
        >>> # dreamsampler.restore("small.png", "sr:factor=4", "a red heart", noise=0.01).save("heart.png")
    """
    settings = solver_settings(method, null_prompt, steps, guidance=guidance, strength=strength, **numbers)
    jobs = restore_jobs(
        measurement, operator, prompt, model=model, seed=seed, settings=settings, sigma=noise, begin=begin
    )
    return run_all(jobs, as_prior(model, device, dtype, method), Options(on_progress=progress))


def degrade(
    image: Source,
    operator: str | Sequence[str],
    *,
    noise: float = 0.0,
    peak: float | None = None,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Measure a picture: y = A x, with noise. No model is needed.

    Args:
        image: a path, PIL image, array or tensor.
        operator: as in `restore`.
        noise: standard deviation of Gaussian noise, in units of pictures from -1 to 1.
        peak: photons at white, for Poisson noise instead.
        seed: of the noise.

    Returns:
        The measurement [c, h, w], -1 black to 1 white; `files.measured.write_measurement` writes it.

    Raises:
        InputError: the picture cannot be read, or the operator does not apply to its size.

    Example:
        >>> degrade(np.zeros((8, 8, 3), np.uint8), "sr:factor=2").shape
        (3, 4, 4)
    """
    if peak is not None and noise:
        raise InputError(f"noise={noise} and peak={peak}: give one of the two")
    model = GaussianNoise(float(noise)) if peak is None else PoissonNoise(float(peak))
    x = to_tensor(read_image(image).pixels)
    y = operator_of(operator, Inputs()).forward(x)
    return model(y, Noise([seed]))[0].numpy()
