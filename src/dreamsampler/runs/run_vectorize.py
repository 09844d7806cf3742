"""Recipes of the task "vectorize": what a drawing is made from, and making it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.types import Prior
from ..generators.svg.arguments import MAX_SIDE
from ..generators.svg.drawing import Drawing
from ..generators.svg.reader import read_svg
from ..generators.svg.writer import svg_text
from ..io.decode import MAX_PIXELS
from ..io.tensors import to_pixels
from ..methods.drawing.registry import Drawer
from ..operators import Measurement, Operator
from ..steering.control import RunControl, StepInfo
from ..tasks.common import OnProgress, evaluations
from ..tasks.vectorize.settings import VectorSettings
from ..tasks.vectorize.text import as_measured, native_canvas, nothing_measured, sample_picture
from .outcome import Item
from .recipe import Recipe
from .run_restore import measured_scene, operator_of

if TYPE_CHECKING:
    from .run import Job, Options

SVGS = (".svg", ".svgz")
STARTS = ("components", "random", "grid", "trace")
WITHOUT_PICTURE = ("dreamsampler", "sds", "vectorfusion:begin=random")
"""Methods that need no picture to begin with."""

Size = tuple[int, int]


class Scene(NamedTuple):
    """What a drawing is made from.

    Attributes:
        measurement: y and A; A = 0 where nothing was measured.
        sample: the picture that the prior made to be drawn, [1, 3, h, w]; None where there was another, or none.
        known: whether anything was measured.
        spent: evaluations that the sample cost.
    """

    measurement: Measurement
    sample: Tensor | None = None
    known: bool = True
    spent: int = 0


class Drawn(NamedTuple):
    """A drawing, what its run says of itself, and the evaluations that it cost."""

    drawing: Drawing
    notes: tuple[str, ...]
    evaluations: int


def run_vectorize(jobs: Sequence[Job], prior: Prior | None, options: Options) -> list[Item]:
    """Draw, one picture at a time."""
    return [_item(job, prior, options) for job in jobs]


def _item(job: Job, prior: Prior | None, options: Options) -> Item:
    tell = options.on_progress

    def observe(now: StepInfo) -> None:
        if tell is not None:
            tell(now.stage, now.done, now.total, now.state)

    scene = scene_of(job, prior, on_progress=tell)
    made = draw_scene(job, prior, scene, RunControl(callback=observe))
    recipe = job.recipe.with_notes(*job.inputs.notes, *made.notes)
    return Item(shown(made.drawing), recipe, job.inputs, evaluations=made.evaluations, drawing=made.drawing)


def shown(drawing: Drawing, size: Size | None = None) -> Any:
    """What a file of the drawing shows, uint8 [H, W, 3]: with rounded coordinates and colors of 8 bits."""
    saved = read_svg(svg_text(drawing).encode(), size or drawing.size)
    return to_pixels(2.0 * saved.render() - 1.0)[0]


def needs_prior(recipe: Recipe) -> bool:
    """Whether a model takes part, in drawing or in making a picture to draw."""
    measured = any(ref.role == "measurement" for ref in recipe.inputs)
    return not measured or drawer_of(recipe).needs_prior


def drawer_of(recipe: Recipe) -> Drawer:
    """The method that a recipe names."""
    return Drawer.parse(str(recipe.settings["method"]))


def settings_of(recipe: Recipe) -> VectorSettings:
    """The numbers that a recipe names; a start from a file is none of them."""
    named: dict[str, Any] = {field.name: recipe.settings[field.name] for field in fields(VectorSettings)}
    if _is_file(named["init"]):
        named["init"] = VectorSettings().init
    return VectorSettings(**named)


def scene_of(
    job: Job, prior: Prior | None, *, sample: Tensor | None = None, on_progress: OnProgress | None = None
) -> Scene:
    """What is to be drawn; where it was not measured, the prior makes it.

    Args:
        sample: the picture that it made before, if it did.

    Raises:
        InputError: operator, measurement and size do not fit, or a method needs what there is not.
    """
    settings: Any = job.recipe.settings
    if job.inputs.measured is not None:
        operator = operator_of(settings["operator"], job.inputs)
        y, shape = measured_scene(job.inputs.measured, operator)
        y, size = _resized(y, operator, (shape[1], shape[2]), settings)
        return Scene(Measurement(operator, y, settings["noise_std"], (3, *size)))
    if prior is None:
        raise InputError("model: there is no picture to draw, so a model must make one; name a model or a picture")
    size = _bounded(text_canvas(settings["size"]) or native_canvas(prior))
    if not settings["sample"]:
        check_alone(drawer_of(job.recipe))
        return Scene(nothing_measured(size), known=False)
    counted = evaluations(prior)
    if sample is None:
        sample = sample_picture(
            prior,
            job.recipe.prompts[0] if job.recipe.prompts else "",
            size,
            steps=settings["sample_steps"],
            scale=settings["sample_guidance_scale"],
            seeds=[job.recipe.seeds[0]],
            on_progress=on_progress,
        )
    return Scene(as_measured(sample, size), sample, spent=evaluations(prior) - counted)


def draw_scene(job: Job, prior: Prior | None, scene: Scene, control: RunControl | None = None) -> Drawn:
    """Draw what `scene_of` found."""
    result = drawer_of(job.recipe)(
        prior,
        scene.measurement,
        job.recipe.prompts[0] if job.recipe.prompts else "",
        settings=settings_of(job.recipe),
        drawings=start_of(job, (scene.measurement.scene[1], scene.measurement.scene[2])),
        seeds=[job.recipe.seeds[0]],
        control=control,
    )
    notes = list(result.receipt.notes)
    if scene.known:
        what = "sampled picture minus drawing" if scene.sample is not None else "y - A x"
        notes.insert(0, f"root mean square of {what}: {result.misfit[0]:.4f}")
    notes += () if prior is None else prior.notes
    return Drawn(result.drawings[0], tuple(notes), scene.spent + result.receipt.evaluations)


def start_of(job: Job, size: Size) -> list[Drawing] | None:
    """The drawing to start from on a canvas, where the recipe names one; plain colors, as a generator needs them."""
    paths = [aid.path for aid in job.inputs.aids if aid.role == "start"]
    if len(paths) != _is_file(str(job.recipe.settings["init"])):
        raise InputError("recipe: its init and its inputs do not name the same start")
    return [read_svg(paths[0], size).plain()] if paths else None


def _is_file(init: str) -> bool:
    return Path(init).suffix.lower() in SVGS


def check_alone(drawer: Drawer) -> None:
    """Raise `InputError` unless a method can do without any picture."""
    if drawer.name not in ("dreamsampler", "sds") and drawer.own.get("begin") != "random":
        raise InputError(
            f"method={drawer.name!r}: needs a picture to begin with; without one (--no-sample) use "
            f"{', '.join(WITHOUT_PICTURE)}"
        )


def text_canvas(words: str) -> Size | None:
    """Height and width of "native" (None: the prior's own), "256" or "320x240".

    Raises:
        InputError: something else, or beyond what is drawn on.
    """
    if words == "native":
        return None
    parts = words.lower().split("x")
    if len(parts) in (1, 2) and all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        width, height = int(parts[0]), int(parts[-1])
        if min(width, height) >= 1 and max(width, height) <= MAX_SIDE:
            return height, width
    raise InputError(f"size={words!r}: expected native, or pixels from 1 to {MAX_SIDE} such as 256 or 320x240")


def _resized(y: Tensor, operator: Operator, size: Size, settings: Any) -> tuple[Tensor, Size]:
    """The measurement on the canvas that was asked for, and that canvas.

    Only a picture that was not degraded can be resized: an operator belongs to the scene's own pixels.
    """
    wanted = text_canvas(settings["size"])
    if wanted is None or wanted == size:
        return y, size
    if "x" not in str(settings["size"]):
        scale = wanted[0] / max(size)
        wanted = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    if wanted == size:
        return y, size
    specs = settings["operator"]
    if any(spec != "identity" for spec in ([specs] if isinstance(specs, str) else specs)):
        raise InputError(
            f"size={settings['size']}: the operator makes the drawing {size[1]}x{size[0]} pixels, as large as the "
            "scene that was measured; leave size out, or the operator"
        )
    return torch.nn.functional.interpolate(y, size=_bounded(wanted), mode="bilinear", antialias=True), wanted


def _bounded(size: Size) -> Size:
    """The size, if a picture may be as large."""
    if size[0] * size[1] > MAX_PIXELS:
        raise InputError(f"size={size[1]}x{size[0]}: at most {MAX_PIXELS / 1e6:g} megapixels are drawn on")
    return size
