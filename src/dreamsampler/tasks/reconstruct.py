"""A radiance field from degraded views with a prior: the measurements alone first, then eq. 39 and 40."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..core.settings import dump
from ..core.types import Prior
from ..generators.base import Rendering
from ..generators.nerf import NerfSettings
from ..io.views import Views
from ..operators.base import Operator, shape_of
from .distill3d import DistillSettings, distill, viewed
from .settings3d import ReconstructSettings
from .views3d import Fit, FitInfo, FitSettings, fit_views

Progress = Callable[[str, int, int, float], None]
"""(stage, done, total, loss)."""


def reconstruct(
    views: Views,
    prior: Prior | None = None,
    prompt: str = "",
    operators: Operator | Sequence[Operator] | None = None,
    settings: ReconstructSettings | None = None,
    *,
    negative_prompt: str = "",
    seed: int = 0,
    device: torch.device | str = "cpu",
    callback: Progress | None = None,
) -> Fit:
    """Return the field of measured views, pulled to what a prior expects of a prompt.

    Args:
        views: measurements and cameras.
        prior: the diffusion model; None leaves the measurements alone.
        prompt: what the object is.
        operators: A, or one a view; None if the views are the scene's own pixels.
        settings: numbers.
        negative_prompt: in place of the null prompt.
        seed: of every random number.
        device: of the field.
        callback: called after each step.

    Raises:
        InputError: as `fit_views`.
    """
    numbers = settings or ReconstructSettings()

    def watch(info: FitInfo) -> None:
        if callback is not None:
            callback("data", info.step + 1, info.total, info.loss)

    fit = fit_views(
        views,
        operators,
        FitSettings(iterations=numbers.iterations, loss=numbers.loss),
        NerfSettings(field=numbers.field, samples=numbers.samples, fine=numbers.fine),
        seed=seed,
        device=device,
        callback=watch,
    )
    if prior is None:
        return fit
    each = list(operators) if isinstance(operators, Sequence) else [operators] * len(views.cameras)
    shape = shape_of(views.images, "views")
    scenes = [shape if operator is None else operator.scene(shape) for operator in each]
    cameras = [
        fit.frame.into(camera.resized(scene[2], scene[1])) for camera, scene in zip(views.cameras, scenes, strict=True)
    ]

    def data(view: int, drawn: Rendering) -> Tensor:
        operator = each[view]
        made = drawn.image if operator is None else operator.forward(drawn.image)
        difference = 0.5 * (made - views.images[view : view + 1].to(made))
        return difference.abs().mean() if numbers.loss == "l1" else (difference**2).mean()

    known = dump(numbers)
    distill(
        fit.nerf,
        prior,
        cameras,
        [viewed(prompt, camera) if numbers.view_words else prompt for camera in cameras],
        DistillSettings(**{name: known[name] for name in dump(DistillSettings())}),
        data=data,
        negative_prompt=negative_prompt,
        seed=seed,
        callback=None if callback is None else lambda k, n, loss: callback("prior", k, n, loss),
    )
    return fit
