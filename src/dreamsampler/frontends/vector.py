"""Drawings in three lines: `dreamsampler.vectorize`."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..core.errors import InputError
from ..files.images import Source
from ..files.png import write_png
from ..files.tensor_file import read_tensors, write_tensors
from ..files.tensors import to_pixels
from ..generators.svg.animate import write_gif
from ..generators.svg.drawing import Drawing
from ..generators.svg.reader import read_svg
from ..generators.svg.writer import write_svg
from ..methods.vector import Drawer
from ..operators import Measurement
from ..operators.parse import operator_files
from ..recipe.inputs import read_measured
from ..recipe.jobs import number, text, whole
from ..recipe.model import completed, model_ref
from ..recipe.recipe import ModelRef, Recipe
from ..recipe.run_restore import measured_scene, operator_of
from ..tasks.canvas import Course, Look
from ..tasks.sketch import STARTS, Vectorized, VectorSettings
from .python import as_prior

FRAMES = 48
SAVE_EVERY = 20.0
"""Seconds between checkpoints."""

NO_MODEL = "none"
"""Stands in recipes of methods that need no model."""

OnLook = Callable[[Look], None]


@dataclass(frozen=True, eq=False)
class VectorOutcome:
    """A drawing and how it came about.

    Attributes:
        drawing: it.
        measurement: what it was drawn from.
        recipe: of the run; goes into the file's metadata.
        evaluations: latents that the network saw.
        frames: renderings on the way, [1, 3, H, W] in [0, 1].
    """

    drawing: Drawing
    measurement: Measurement
    recipe: Recipe
    evaluations: int
    frames: tuple[Tensor, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the inputs, in words."""
        return self.recipe.notes

    @property
    def paths(self) -> int:
        """Filled paths of the drawing."""
        return self.drawing.structure.path_count

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing as an SVG file whose metadata hold the recipe."""
        provenance = {"recipe": json.loads(self.recipe.to_json())}
        return write_svg(self.drawing, path, title=" ".join(self.recipe.prompts), provenance=provenance)

    def preview(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing as a PNG file of its canvas's size."""
        write_png(path, to_pixels(2.0 * self.drawing.render() - 1.0)[0])
        return Path(path)

    def animate(self, path: str | os.PathLike[str]) -> Path:
        """Write the renderings on the way as a GIF.

        Raises:
            InputError: none were recorded (`animate=True`), or the path does not end in .gif or cannot be written.
        """
        if not self.frames:
            raise InputError("animate: no frames were recorded; run with animate=True")
        return write_gif([*self.frames, self.drawing.render()], path)

    def psnr(self, saved: str | os.PathLike[str] | None = None) -> float:
        """How close the drawing, or the file that it was saved in, comes to the measurement, in dB."""
        drawing = self.drawing if saved is None else read_svg(Path(saved), self.drawing.size)
        return decibels(self.measurement.misfit(2.0 * drawing.render() - 1.0)[0])


def decibels(misfit: float) -> float:
    """Peak signal-to-noise ratio of a root mean square difference of pictures from -1 to 1."""
    return 20.0 * math.log10(2.0 / max(misfit, 1e-6))


@dataclass(frozen=True, eq=False)
class VectorJob:
    """A checked vectorisation, before any model is loaded."""

    recipe: Recipe
    measurement: Measurement
    drawer: Drawer
    settings: VectorSettings
    start: Drawing | None = None


def vector_job(
    measurement: Source,
    prompt: str = "",
    *,
    operator: str | Sequence[str] = "identity",
    noise: float = 0.0,
    method: str = "dreamsampler",
    paths: int = 64,
    segments: int = 4,
    steps: int = 500,
    init: str | os.PathLike[str] = "components",
    seed: int = 0,
    model: Any = "bundled",
) -> VectorJob:
    """Check what is asked for; arguments as in `vectorize`.

    Raises:
        InputError: an argument or a file is not what it must be.
    """
    drawer = Drawer.parse(text("method", method))
    specs = [operator] if isinstance(operator, str) else list(operator)
    start, words = None, os.fspath(init)
    if words not in STARTS and Path(words).suffix.lower() not in (".svg", ".svgz"):
        raise InputError(f"init={words!r}: expected one of {', '.join(STARTS)}, or an .svg file")
    aids = [*operator_files(specs), *([] if words in STARTS else [words])]
    inputs = read_measured(measurement, [(words, Path(words)) for words in aids])
    if inputs.measured is None:
        raise InputError("measurement: expected one")
    if not 0.0 <= number("noise", noise) < math.inf:
        raise InputError(f"noise={noise}: expected a standard deviation of 0 or more")
    made = operator_of(specs, inputs)
    y, scene = measured_scene(inputs.measured, made)
    if words not in STARTS:
        start, words = read_svg(Path(words), scene[1:]), "components"
    numbers = {"paths": whole("paths", paths), "segments": whole("segments", segments), "steps": whole("steps", steps)}
    settings = dataclasses.replace(VectorSettings(**numbers, init=words), **drawer.settings)
    recipe = Recipe(
        "vectorize",
        ModelRef(_model_name(model) if drawer.needs_prior else NO_MODEL),
        (text("prompt", prompt),),
        inputs.refs(()),
        settings={
            # all of them: the defaults may change, what this recipe means may not
            **{field.name: type(field.default)(getattr(settings, field.name)) for field in fields(settings)},
            "init": os.fspath(init),
            "method": method,
            "operator": tuple(specs),
            "sigma": float(noise),
        },
        seeds=(whole("seed", seed),),
        notes=inputs.notes,
    )
    return VectorJob(recipe, Measurement(made, y, number("noise", noise), scene), drawer, settings, start)


def _model_name(model: Any) -> str:
    return str(model) if isinstance(model, str | Path) else f"object:{type(model).__name__}"


def draw(
    job: VectorJob,
    prior: Any,
    *,
    checkpoint: str | os.PathLike[str] | None = None,
    animate: bool = False,
    on_look: OnLook | None = None,
) -> VectorOutcome:
    """Carry out a job; `prior` may be None for methods without one. Other arguments as in `vectorize`."""
    recipe = job.recipe if prior is None else completed(job.recipe, prior, model_ref(prior), job.recipe.notes)
    watch = _Watch(recipe.recipe_hash(), checkpoint, max(1, job.settings.steps // FRAMES) if animate else 0, on_look)
    result: Vectorized = job.drawer(
        prior,
        job.measurement,
        job.recipe.prompts[0],
        settings=job.settings,
        drawings=None if job.start is None else [job.start],
        seeds=list(job.recipe.seeds),
        course=watch.course(),
    )
    watch.done()
    notes = (f"root mean square of y - A x: {result.misfit[0]:.4f}", *result.receipt.notes)
    return VectorOutcome(
        result.drawings[0],
        job.measurement,
        recipe.with_notes(*notes),
        result.receipt.evaluations,
        tuple(watch.frames),
    )


class _Watch:
    """Keeps checkpoints and frames of a run, and passes on what it says."""

    def __init__(self, key: str, path: str | os.PathLike[str] | None, every: int, on_look: OnLook | None) -> None:
        self._key, self._path = key, None if path is None else Path(path)
        self._every, self._on_look = every, on_look
        self._saved = time.monotonic()
        self.frames: list[Tensor] = []
        self._steps = 0

    def course(self) -> Course:
        resume = read_tensors(self._path, self._key) if self._path is not None and self._path.exists() else None
        if resume is not None and "frames" in resume:
            self.frames = [frame[None].float() / 255 for frame in resume["frames"]]
            self._steps = int(resume["frames.steps"])
        return Course(resume, self._look, None if self._path is None else self._keep)

    def done(self) -> None:
        """The run is over: its state is of no more use."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _keep(self, tensors: dict[str, Tensor]) -> None:
        if self._path is not None and time.monotonic() - self._saved > SAVE_EVERY:
            if self.frames:
                pixels = torch.cat(self.frames).mul(255).round().byte()
                tensors = tensors | {"frames": pixels, "frames.steps": torch.tensor(self._steps)}
            write_tensors(self._path, tensors, self._key)
            self._saved = time.monotonic()

    def _look(self, look: Look) -> None:
        if self._every and self._steps % self._every == 0:
            with torch.no_grad():
                self.frames.append((look.canvas.generator.render()[:1] + 1.0) / 2.0)
        self._steps += 1
        if self._on_look is not None:
            self._on_look(look)


def vectorize(
    measurement: Source,
    prompt: str = "",
    *,
    operator: str | Sequence[str] = "identity",
    noise: float = 0.0,
    method: str = "dreamsampler",
    paths: int = 64,
    segments: int = 4,
    steps: int = 500,
    init: str | os.PathLike[str] = "components",
    seed: int = 0,
    model: Any = "bundled",
    checkpoint: str | os.PathLike[str] | None = None,
    animate: bool = False,
    device: str | None = None,
    dtype: str | None = None,
    on_look: OnLook | None = None,
) -> VectorOutcome:
    """Draw a clean SVG out of a degraded picture: eq. 21 of DreamSampler.

    Args:
        measurement: a picture, a .npy or .safetensors file of values from -1 to 1, or an array.
        prompt: what it shows.
        operator, noise: what was done to it, as in `restore`.
        method: "dreamsampler", or another of `methods.vector.VECTORISING` with options, "sds:scale=20"; "data", "live"
            and "trace" need no model.
        paths, segments: filled paths and cubic segments of each.
        steps: gradient steps.
        init: "components", "random", "grid", "trace", or an SVG file to start from.
        seed: of every random number.
        model, device, dtype: see `load`.
        checkpoint: a .safetensors file that keeps the state of the run; if it is there, the run goes on from it, to the
            same bytes. Removed at the end.
        animate: record frames for `VectorOutcome.animate`.
        on_look: called after each step.

    Raises:
        InputError: an argument or a file is not what it must be, or the checkpoint belongs to another run.
        ModelError, MissingExtra, OutOfMemory, NonFinite: see `core.errors`.

    Example:
        >>> # dreamsampler.vectorize("blurred.png", "a dog face", operator="blur:sigma=5").save("dog.svg")
    """
    job = vector_job(
        measurement, prompt, operator=operator, noise=noise, method=method, paths=paths, segments=segments,
        steps=steps, init=init, seed=seed, model=model,
    )  # fmt: skip
    prior = as_prior(model, device, dtype) if job.drawer.needs_prior else None
    return draw(job, prior, checkpoint=checkpoint, animate=animate, on_look=on_look)
