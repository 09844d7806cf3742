"""A restoration in pixels to draw from: DreamSampler's own, on the model's grid, kept in the run's checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ..core.types import Prior
from ..operators import Measurement, compose, identity, window
from .canvas import Course
from .common import OnProgress
from .restore import restore

LARGE = 2.0
"""Areas of the model's own pictures up to which a scene is restored at its own size."""


def worth_restoring(prior: Prior, measurement: Measurement) -> bool:
    """Whether a restoration in pixels has something to add: not to a clean picture, nor beyond the model's own size."""
    native = getattr(prior, "native_size", None)
    _, height, width = measurement.scene
    small = native is None or height * width <= LARGE * native**2
    return small and (measurement.operator != identity() or measurement.sigma > 0)


def restored(
    prior: Prior,
    measurement: Measurement,
    prompt: str,
    steps: int,
    seeds: Sequence[int],
    on_progress: OnProgress | None = None,
) -> Tensor:
    """The scene as `tasks.restore` gives it, [B, 3, H, W] in [-1, 1].

    Every step is a data-consistency step: the gradients of DPS steps overshoot under a heavy blur, and cost the most.
    """
    given, (top, left) = on_grid(prior, measurement)
    images = restore(prior, given, prompt, steps=steps, period=1, seeds=seeds, on_progress=on_progress).images
    return cropped(images, measurement, top, left)


def on_grid(prior: Prior, measurement: Measurement) -> tuple[Measurement, tuple[int, int]]:
    """The measurement as one of a scene on the model's grid, and where the scene lies in that one."""
    multiple = int(getattr(prior.space, "multiple", prior.space.factor))
    _, height, width = measurement.scene
    tall, wide = (-(-side // multiple) * multiple for side in (height, width))
    if (tall, wide) == (height, width):
        return measurement, (0, 0)
    top, left = (tall - height) // 2, (wide - width) // 2
    operator = compose([window((tall, wide), (height, width), top, left), measurement.operator])
    return Measurement(operator, measurement.y, measurement.sigma, (3, tall, wide)), (top, left)


def cropped(images: Tensor, measurement: Measurement, top: int, left: int) -> Tensor:
    """The scene's part of pictures on the grid, within [-1, 1]."""
    _, height, width = measurement.scene
    return images.detach()[..., top : top + height, left : left + width].clamp(-1, 1).contiguous()


def with_picture(course: Course | None, picture: Tensor) -> Course:
    """The course whose checkpoints also hold the picture, so that it is made once."""
    course = course or Course()
    save = course.on_checkpoint
    if save is None:
        return course
    return course._replace(on_checkpoint=lambda tensors: save(tensors | {"picture": picture}))
