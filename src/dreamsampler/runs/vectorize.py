"""The task "vectorize": clean drawings out of measurements, or out of a prompt alone."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.types import Prior
from ..generators.svg.reader import read_svg
from ..io.decode import MAX_PIXELS
from ..io.tensors import to_pixels
from ..methods.drawing.registry import Drawer
from ..operators import Measurement, Operator
from ..operators.parse import operator_files
from ..steering.control import RunControl, StepInfo
from ..tasks.vectorize.noise import with_noise
from ..tasks.vectorize.settings import MAX_SIDE, SVGS, VectorSettings
from ..tasks.vectorize.text import as_measured, native_canvas, nothing_measured, sample_picture
from ..tasks.words import sides
from .fit_to_grid import prior_notes
from .inputs import Inputs, read_measured
from .job import Job, Request, recipe_of, texts
from .measured import measurement_of
from .model import NO_MODEL
from .observe import Event, Watch
from .recipe import Recipe
from .result import ImageResult, RunStats, decibels, shown

WITHOUT_PICTURE = ("dreamsampler", "sds", "vectorfusion:begin=random")
"""Methods that need no picture to begin with."""

Size = tuple[int, int]


class Scene(NamedTuple):
    """What a drawing is made from.

    Attributes:
        measurement: y and A; A = 0 if nothing was measured.
        known: something was measured, or sampled.
        sampled: the prior made the picture.
    """

    measurement: Measurement
    known: bool = True
    sampled: bool = False


class Parts(NamedTuple):
    """What is known before a model is there: the measurement, if there is one, and the drawing to start from."""

    scene: Scene | None
    start: Path | None


def prepare(request: Request) -> list[Job[Parts]]:
    """Return the job of a drawing.

    Raises:
        InputError: an argument or a file is not what it must be.
    """
    settings, prompts = request.settings, texts("prompt", request.prompts)
    drawer = Drawer.parse(settings.method)
    specs = tuple(texts("operator", settings.operator))
    settings = dataclasses.replace(settings, operator=specs, size=settings.size.lower(), **drawer.settings)
    if len(prompts) != 1:
        raise InputError(f"prompt: got {len(prompts)}; expected one for the drawing")
    if request.sources is None:
        _check_alone(settings, prompts[0], drawer)
    elif not settings.sample:
        raise InputError("sample=False (--no-sample): there is a picture to draw; leave one of the two out")
    start = None
    if _is_file(settings.init):
        start = (Path(settings.init).name, Path(settings.init))
        settings = dataclasses.replace(settings, init=start[0])
    inputs = read_measured(request.sources, [(aid, Path(aid)) for aid in operator_files(specs)], start)
    recipe = recipe_of(request, prompts, inputs, settings=settings)
    if inputs.measured is not None and not drawer.needs_prior:
        recipe = dataclasses.replace(recipe, model=dataclasses.replace(recipe.model, id=NO_MODEL))
    return [build(recipe, inputs)]


def _check_alone(settings: VectorSettings, prompt: str, drawer: Drawer) -> None:
    """What makes no sense if nothing was measured."""
    if not prompt.strip():
        raise InputError("nothing to draw: name a picture (IN.png), or say with prompt (--prompt) what to draw")
    if any(spec != "identity" for spec in settings.operator) or settings.noise_std:
        raise InputError("operator and noise_std: say what was done to a picture; name that picture (IN.png)")
    if settings.sample:
        return
    if settings.init in ("components", "trace"):
        raise InputError(f"init={settings.init!r}: needs a picture; without one use random, grid or an .svg file")
    if drawer.name not in ("dreamsampler", "sds") and drawer.own.get("begin") != "random":
        raise InputError(
            f"method={drawer.name!r}: needs a picture to begin with; without one (--no-sample) use "
            f"{', '.join(WITHOUT_PICTURE)}"
        )


def build(recipe: Recipe, inputs: Inputs) -> Job[Parts]:
    """Return the job of a recipe, with its measurement and the file that it starts from.

    Raises:
        InputError: operator, measurement and size do not fit, or the start is not what it must be.
    """
    settings = recipe.settings_as(VectorSettings)
    drawer = Drawer.parse(settings.method)
    starts = [aid.path for aid in inputs.aids if aid.role == "start"]
    if len(starts) != _is_file(settings.init):
        raise InputError("recipe: its init and its inputs do not name the same start")
    start = starts[0] if starts else None
    scene = None
    if inputs.measured is not None:
        measurement = _resized(measurement_of(inputs, settings.operator, settings.noise_std or 0.0), settings)
        scene = Scene(with_noise(measurement, settings.noise_std))
    if start is not None:
        read_svg(start, None if scene is None else scene.measurement.scene[1:])
    return Job(recipe, inputs, Parts(scene, start), inputs.measured is None or drawer.needs_prior)


def execute(jobs: Sequence[Job[Parts]], prior: Prior | None, watch: Watch) -> list[ImageResult]:
    """Draw, one picture at a time."""
    return [_drawn(job, prior, watch) for job in jobs]


def _drawn(job: Job[Parts], prior: Prior | None, watch: Watch) -> ImageResult:
    recipe = job.recipe
    settings, prompt = recipe.settings_as(VectorSettings), recipe.prompts[0] if recipe.prompts else ""
    counted = 0 if prior is None else prior.evaluations
    scene = job.parts.scene or _scene(job, prior, watch)
    size = scene.measurement.scene[1:]
    if watch.film is not None:
        watch.film.total = settings.steps
    made = Drawer.parse(settings.method)(
        prior,
        scene.measurement,
        prompt,
        settings=settings,
        drawings=None if job.parts.start is None else [read_svg(job.parts.start, size).plain()],
        seeds=[recipe.seeds[0]],
        control=_control(scene, watch),
    )
    notes = [*job.inputs.notes]
    if settings.noise_std is None and scene.measurement.sigma > 0:
        notes.append(f"noise of {scene.measurement.sigma:.3f} estimated; noise_std says another")
    if scene.known:
        what = "sampled picture minus drawing" if scene.sampled else "y - A x"
        notes.append(f"root mean square of {what}: {made.misfit[0]:.4f}")
    notes += made.receipt.notes
    if prior is not None:
        notes += prior_notes(prior)
    stats = RunStats(0 if prior is None else prior.evaluations - counted, tuple(notes))
    drawing, known = made.drawings[0], scene.measurement if scene.known else None
    return ImageResult(shown(drawing), recipe, job.inputs, stats, drawing=drawing, measurement=known)


def _control(scene: Scene, watch: Watch) -> RunControl:
    """The run of the drawing, watched and continued."""

    def observe(now: StepInfo) -> None:
        generator, psnr, pictures = now.generator, None, None
        if generator is not None:

            def render() -> Tensor:
                with torch.no_grad():
                    return generator.render().image[:1]

            psnr = (lambda: decibels(scene.measurement.misfit(render())[0])) if scene.known else None
            pictures = (lambda: [to_pixels(render())[0]]) if now.shown else None
        loss = None if math.isnan(now.loss) else now.loss
        watch.tell(Event(now.stage, now.done, now.total, now.state, loss, pictures, psnr))

    keeper = watch.checkpoint
    if keeper is None:
        return RunControl(callback=observe)
    return RunControl(keeper.resume, observe, lambda tensors: keeper(Event("", 0, 0, tensors=lambda: tensors)))


def _scene(job: Job[Parts], prior: Prior | None, watch: Watch) -> Scene:
    """What is drawn if nothing was measured: the picture that the prior makes, or nothing (A = 0)."""
    settings = job.recipe.settings_as(VectorSettings)
    if prior is None:
        raise InputError("model: there is no picture to draw, so a model must make one; name a model or a picture")
    asked = sides(settings.size, MAX_SIDE)
    size = _bounded(native_canvas(prior) if asked is None else (asked[1], asked[0]))
    if not settings.sample:
        return Scene(nothing_measured(size), known=False)
    resume = None if watch.checkpoint is None else watch.checkpoint.resume
    sample = None if resume is None else resume.get("sample")
    if sample is None:
        sample = sample_picture(
            prior,
            job.recipe.prompts[0] if job.recipe.prompts else "",
            size,
            steps=settings.sample_steps,
            guidance_scale=settings.sample_guidance_scale,
            seeds=[job.recipe.seeds[0]],
            on_progress=watch.progress(),
        )
    if watch.checkpoint is not None:
        watch.checkpoint.extra["sample"] = sample
    return Scene(as_measured(sample, size), sampled=True)


def _resized(measurement: Measurement, settings: VectorSettings) -> Measurement:
    """The measurement on the canvas that was asked for.

    Only a picture that was not degraded can be resized: an operator belongs to the scene's own pixels.
    """
    asked, size = sides(settings.size, MAX_SIDE), measurement.scene[1:]
    if asked is None:
        return measurement
    wanted = (asked[1], asked[0])
    if "x" not in settings.size:
        scale = asked[0] / max(size)
        wanted = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    if wanted == size:
        return measurement
    if any(spec != "identity" for spec in texts("operator", settings.operator)):
        raise InputError(
            f"size={settings.size}: the operator makes the drawing {size[1]}x{size[0]} pixels, as large as the scene "
            "that was measured; leave size out, or the operator"
        )
    operator: Operator = measurement.operator
    y = torch.nn.functional.interpolate(measurement.y, size=_bounded(wanted), mode="bilinear", antialias=True)
    return Measurement(operator, y, measurement.sigma, (3, *wanted))


def _bounded(size: Any) -> Size:
    """The size, if a picture may be as large."""
    if size[0] * size[1] > MAX_PIXELS:
        raise InputError(f"size={size[1]}x{size[0]}: at most {MAX_PIXELS / 1e6:g} megapixels are drawn on")
    return size


def _is_file(init: str) -> bool:
    return Path(init).suffix.lower() in SVGS
