"""Drawings in three lines: `dreamsampler.vectorize`."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ..core.errors import InputError
from ..generators.svg.animate import write_gif
from ..generators.svg.drawing import Drawing
from ..generators.svg.reader import read_svg
from ..io.images import Source
from ..io.png import write_png
from ..io.tensors import to_pixels
from ..operators import Measurement
from ..runs.carry import save_drawing
from ..runs.inputs import Inputs
from ..runs.jobs_vector import vector_job
from ..runs.model import completed, model_ref
from ..runs.recipe import Recipe
from ..runs.run import Job
from ..runs.run_vectorize import Scene, draw_scene, needs_prior, scene_of
from ..tasks.common import OnProgress
from .python import as_prior
from .vector_watch import OnLook, Watch

FRAMES = 48
"""Pictures of an animation."""

OnScene = Callable[[Scene], None]


@dataclass(frozen=True, eq=False)
class VectorOutcome:
    """A drawing and how it came about.

    Attributes:
        drawing: it.
        measurement: what it was drawn from, a picture that the model made included; None where there was nothing.
        recipe: of the run; goes into the file's metadata.
        evaluations: latents that the network saw.
        frames: renderings on the way, [1, 3, H, W] in [0, 1].
        inputs: the files that were read.
    """

    drawing: Drawing
    measurement: Measurement | None
    recipe: Recipe
    evaluations: int
    frames: tuple[Tensor, ...] = ()
    inputs: Inputs = dataclasses.field(default_factory=Inputs)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the inputs, in words."""
        return self.recipe.notes

    @property
    def paths(self) -> int:
        """Filled paths of the drawing."""
        return self.drawing.structure.path_count

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing as an SVG file whose metadata hold the recipe, for `dreamsampler.verify`."""
        folder = Path(path).absolute().parent
        return save_drawing(path, self.drawing, self.inputs.named_from(self.recipe, folder))

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

    def psnr(self, saved: str | os.PathLike[str] | None = None) -> float | None:
        """How close the drawing, or the file it was saved in, comes to the measurement, in dB; None: without one."""
        if self.measurement is None:
            return None
        drawing = self.drawing if saved is None else read_svg(Path(saved), self.drawing.size)
        return decibels(self.measurement.misfit(2.0 * drawing.render() - 1.0)[0])


def decibels(misfit: float) -> float:
    """Peak signal-to-noise ratio of a root mean square difference of pictures from -1 to 1."""
    return 20.0 * math.log10(2.0 / max(misfit, 1e-6))


def draw(
    job: Job,
    prior: Any,
    *,
    checkpoint: str | os.PathLike[str] | None = None,
    animate: bool = False,
    on_look: OnLook | None = None,
    on_scene: OnScene | None = None,
    on_progress: OnProgress | None = None,
) -> VectorOutcome:
    """Carry out a job of `vector_job`.

    Args:
        prior: may be None for methods without one.
        on_scene: told what is to be drawn, before the first step.
        on_progress: called after each step of sampling or restoring a picture to draw.
        checkpoint, animate, on_look: as in `vectorize`.
    """
    notes = (*job.recipe.notes, *job.inputs.notes)
    # only recipes of methods without a model leave it out, and those say so already
    recipe = completed(job.recipe, prior, model_ref(prior), notes)
    steps = int(job.recipe.settings["steps"])  # type: ignore[arg-type]
    watch = Watch(recipe.recipe_hash(), checkpoint, max(1, steps // FRAMES) if animate else 0, on_look)
    scene = scene_of(job, prior, sample=watch.sample, on_progress=on_progress)
    watch.sample = scene.sample
    if on_scene is not None:
        on_scene(scene)
    made = draw_scene(job, prior, scene, watch.control(on_progress))
    watch.done()
    recipe = recipe.with_notes(*(note for note in made.notes if note not in recipe.notes))
    measurement = scene.measurement if scene.known else None
    return VectorOutcome(made.drawing, measurement, recipe, made.evaluations, tuple(watch.frames), job.inputs)


def vectorize(
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
    checkpoint: str | os.PathLike[str] | None = None,
    animate: bool = False,
    device: str | None = None,
    dtype: str | None = None,
    on_look: OnLook | None = None,
) -> VectorOutcome:
    """Draw a clean SVG out of a degraded picture, or out of a prompt alone: eq. 21 of DreamSampler.

    Args:
        measurement: a picture, a .npy or .safetensors file of values from -1 to 1, or an array. None draws what the
            prompt says: the picture that `generate` makes of it with the same seed.
        prompt: what it shows.
        operator, noise: what was done to it, as in `restore`.
        method: "dreamsampler", or another of `methods.registry` with options, "sds:guidance_scale=20"; "data", "live"
            and "trace" need no model to draw a picture.
        paths, segments: filled paths and cubic segments of each.
        steps: gradient steps.
        init: "components", "random", "grid", "trace", or an SVG file to start from; by default "components", without
            any picture "random".
        size: of the canvas, in pixels. Of a picture, which is resized for it, the longer side; it must not have an
            operator. Without a picture one number or "320x240", by default the model's own.
        sample: without a measurement, let the model make a picture first; False draws from `init` by the prior alone.
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
        >>> # dreamsampler.vectorize(prompt="a dog face").save("dog.svg")
    """
    job = vector_job(
        measurement, prompt, operator=operator, noise=noise, method=method, paths=paths, segments=segments,
        steps=steps, init=init, size=size, sample=sample, seed=seed, model=model,
    )  # fmt: skip
    prior = as_prior(model, device, dtype) if needs_prior(job.recipe) else None
    return draw(job, prior, checkpoint=checkpoint, animate=animate, on_look=on_look)
