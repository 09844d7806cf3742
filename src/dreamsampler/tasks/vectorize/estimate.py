"""A restoration in pixels to draw from, on the model's grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from ...core.state import State
from ...core.types import Prior
from ...operators import Measurement, compose, identity, window
from ...steering.control import RunControl, StepInfo
from ..restore import restore

LARGE = 2.0
"""Areas of the model's own pictures up to which a scene is restored at its own size."""


def worth_restoring(prior: Prior, measurement: Measurement) -> bool:
    """Return whether a restoration has something to add: not to a clean picture, nor beyond the model's own size."""
    native = prior.native_size
    _, height, width = measurement.scene
    small = native is None or height * width <= LARGE * native**2
    return small and (measurement.operator != identity() or measurement.sigma > 0)


def restored(
    prior: Prior, measurement: Measurement, prompt: str, steps: int, seeds: Sequence[int], control: RunControl
) -> Tensor:
    """Return the scene as `tasks.restore` gives it, [B, 3, H, W] in [-1, 1].

    The deterministic rule: a drawing is fitted to one estimate, not to a sample. Every step is a data-consistency step:
    the gradients of DPS steps overshoot under a heavy blur, and cost the most.
    """
    given, (top, left) = on_grid(prior, measurement)
    made = restore(
        prior, given, prompt, steps=steps, period=1, begin="inversion", seeds=seeds, on_progress=observer(control)
    )
    return cropped(made.images, measurement, top, left)


def observer(control: RunControl) -> Callable[[str, int, int, State], None]:
    """Return an `on_progress` that reports to a run's observer."""
    return lambda name, done, total, state: control.observe(StepInfo(name, done, total, float("nan"), state))


def on_grid(prior: Prior, measurement: Measurement) -> tuple[Measurement, tuple[int, int]]:
    """Return the measurement as one of a scene on the model's grid, and the scene's top left corner in that one."""
    multiple = prior.multiple
    _, height, width = measurement.scene
    tall, wide = (-(-side // multiple) * multiple for side in (height, width))
    if (tall, wide) == (height, width):
        return measurement, (0, 0)
    top, left = (tall - height) // 2, (wide - width) // 2
    operator = compose([window((tall, wide), (height, width), top, left), measurement.operator])
    return Measurement(operator, measurement.y, measurement.sigma, (3, tall, wide)), (top, left)


def cropped(images: Tensor, measurement: Measurement, top: int, left: int) -> Tensor:
    """Return the scene's part of pictures on the grid, within [-1, 1]."""
    _, height, width = measurement.scene
    return images.detach()[..., top : top + height, left : left + width].clamp(-1, 1).contiguous()
