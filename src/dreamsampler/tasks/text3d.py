"""Text to 3D (the paper's appendix 10.3): Algorithm 2 on a ring of views, with nothing measured."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..core.errors import InputError
from ..core.settings import dump
from ..core.types import Prior
from ..generators.nerf import Nerf, NerfSettings
from ..io.cameras import Camera, Frame, look_at
from .distill3d import DistillSettings, distill, viewed
from .reconstruct import Progress
from .settings3d import TextTo3dSettings
from .views3d import Fit

RADIUS, FOV = 3.0, 40.0
_PALE = 0.02


def text_to_3d(
    prior: Prior,
    prompt: str,
    settings: TextTo3dSettings | None = None,
    *,
    negative_prompt: str = "",
    size: int | None = None,
    seed: int = 0,
    device: torch.device | str = "cpu",
    callback: Progress | None = None,
) -> Fit:
    """Return the field that a prior draws of a prompt.

    Args:
        prior: the diffusion model.
        prompt: what the object is; where it is seen from is added.
        settings: numbers.
        negative_prompt: in place of the null prompt.
        size: side of the rendered views in pixels; by default the prior's own.
        seed: of every random number.
        device: of the field.
        callback: called after each visit.

    Raises:
        InputError: no size known, or the field became empty.
    """
    numbers = settings or TextTo3dSettings()
    side = size or prior.native_size
    if side is None:
        raise InputError("size: expected one, since this model has none of its own")
    shape = NerfSettings(field=numbers.field, samples=numbers.samples, fine=numbers.fine)
    nerf = Nerf(shape, seed, device)
    cameras = [look_at(360.0 * k / numbers.views, numbers.elevation, RADIUS, FOV, side) for k in range(numbers.views)]
    known = dump(numbers)
    distill(
        nerf,
        prior,
        cameras,
        [viewed(prompt, camera) if numbers.view_words else prompt for camera in cameras],
        DistillSettings(**{name: known[name] for name in dump(DistillSettings())}),
        negative_prompt=negative_prompt,
        final_weight=1.0,
        seed=seed,
        callback=None if callback is None else lambda k, n, loss: callback("prior", k, n, loss),
    )
    alpha = mean_opacity(nerf, [camera.resized(32, 32) for camera in cameras])
    if alpha < _PALE:
        raise InputError(
            f"the field became empty (mean opacity {alpha:.3g}); lower the learning rate, or try another seed"
        )
    return Fit(nerf, Frame(), float("nan"))


@torch.no_grad()
def mean_opacity(nerf: Nerf, cameras: Sequence[Camera]) -> float:
    """Return the mean opacity of the field's pictures, 0 to 1."""
    seen = [drawn.alpha for drawn in map(nerf.render, cameras) if drawn.alpha is not None]
    return float(torch.cat(seen).mean())
