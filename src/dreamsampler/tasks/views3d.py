"""A radiance field from views alone: pictures of one object, each measured by an operator, no prior."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log10
from typing import Annotated, Literal

import torch
from torch import Tensor

from ..core.errors import InputError, NonFinite
from ..core.settings import Doc, Ge, Gt, Le, settings
from ..generators.nerf import Nerf, NerfSettings, View, march
from ..generators.nerf.rays import CameraTensors
from ..io.cameras import Camera, Frame, frame_of
from ..io.views import Views
from ..operators.base import Operator, check_measurement, shape_of

_ALMOST = 2.0 / 255.0
_BLANK, _BLANK_STEPS = 1e-3, 100
_COARSE = 48
"""Steps at the start with half the rays and half the bins: nothing is pruned yet, so each costs ten later ones."""


@settings
class FitSettings:
    """Numbers of a fit to views."""

    iterations: Annotated[int, Ge(1), Le(1_000_000), Doc("Gradient steps.")] = 600
    rays: Annotated[int, Ge(16), Le(2**20), Doc("Rays a step, where no operator needs whole pictures.")] = 768
    learning_rate: Annotated[
        float | None, Gt(0), Le(1), Doc("At the start; by default 0.02 with planes, 0.005 without.")
    ] = None
    final_rate: Annotated[float, Gt(0), Le(1), Doc("Share of the learning rate at the end.")] = 0.03
    loss: Annotated[Literal["l1", "l2"], Doc("Between measured renderings and the views.")] = "l2"
    empty: Annotated[
        float, Ge(0), Le(10), Doc("Weight of the opacity on pixels of the background's color, which need none.")
    ] = 0.01
    variance: Annotated[
        float, Ge(0), Le(1000), Doc("Weight of the variance of distances along rays (HiFA), rising to the middle.")
    ] = 0.0
    refresh: Annotated[int, Ge(1), Le(10_000), Doc("Steps between looks at which cells are empty.")] = 16
    start: Annotated[int, Ge(1), Le(10_000), Doc("Steps before the first of them.")] = 24


@dataclass(frozen=True)
class FitInfo:
    """One step of a fit: its number, how many there are, its loss, and the PSNR of its rays or view in dB."""

    step: int
    total: int
    loss: float
    psnr: float
    nerf: Nerf


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted field and its frame: cameras of the world are rendered by `render`.

    Attributes:
        nerf: the field, in its own cube.
        frame: of the cube in the world.
        psnr: to the views, dB, as they were measured; mean over the last twentieth of the steps.
    """

    nerf: Nerf
    frame: Frame
    psnr: float

    @torch.no_grad()
    def render(self, cameras: Sequence[Camera]) -> Tensor:
        """Return pictures [N, 3, H, W] in [-1, 1] from cameras of the world, all of one size."""
        return torch.cat([self.nerf.render(self.frame.into(camera)).image for camera in cameras])


def fit_views(
    views: Views,
    operators: Operator | Sequence[Operator] | None = None,
    settings: FitSettings | None = None,
    field: NerfSettings | None = None,
    *,
    seed: int = 0,
    device: torch.device | str = "cpu",
    callback: Callable[[FitInfo], None] | None = None,
) -> Fit:
    """Return the field that minimizes sum_k l(y_k, A_k g(psi, camera_k)).

    Args:
        views: measurements y_k and cameras; where an operator changes the size, cameras count for the scene's size.
        operators: A, or one a view; None where the views are the scene's own pixels.
        settings: of the fit.
        field: of the radiance field.
        seed: of the field, the rays and their samples.
        device: where to work.
        callback: called after each step.

    Raises:
        InputError: cameras that look at nothing in common, operators that do not fit, a field that became empty.
        NonFinite: a loss that is NaN or infinite.
    """
    numbers, shape = settings or FitSettings(), field or NerfSettings()
    frame = frame_of(views.cameras)
    nerf = Nerf(shape, seed, device)
    first = numbers.learning_rate or (0.02 if shape.field == "triplane" else 0.005)
    # the second moment must follow a field whose gradients shrink a thousandfold in a few hundred steps
    optimizer = torch.optim.Adam(nerf.parameters(), lr=first, betas=(0.9, 0.99), eps=1e-12)
    loss_of = _rays_loss(views, frame, nerf, numbers, seed)
    if operators is not None:
        loss_of = _pictures_loss(views, frame, nerf, numbers, seed, operators)
    errors: list[float] = []
    blank = 0
    for k in range(numbers.iterations):
        for group in optimizer.param_groups:
            group["lr"] = first * numbers.final_rate ** (k / numbers.iterations) * min(1.0, (k + 1) / 10)
        loss, error, alpha = loss_of(k)
        if not torch.isfinite(loss):
            raise NonFinite(k, "fit", loss.dtype, "lower the learning rate")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        errors.append(float(error))
        blank = blank + 1 if float(alpha) < _BLANK else 0
        if blank >= _BLANK_STEPS:
            raise InputError(
                "the field became empty and stays so; lower the learning rate or the weight of empty, or check the "
                "cameras with `dreamsampler check-cameras`"
            )
        if k >= numbers.start and k % (numbers.refresh if k >= 128 else min(8, numbers.refresh)) == 0:
            nerf.refresh(seed + k)
        if callback is not None:
            callback(FitInfo(k, numbers.iterations, loss.item(), _psnr(errors[-1]), nerf))
    tail = errors[-max(1, len(errors) // 20) :]
    return Fit(nerf, frame, _psnr(sum(tail) / len(tail)))


LossOf = Callable[[int], tuple[Tensor, Tensor, Tensor]]
"""Step -> loss, mean squared error in [0, 1], mean opacity."""


def _rays_loss(views: Views, frame: Frame, nerf: Nerf, numbers: FitSettings, seed: int) -> LossOf:
    """Random pixels of all views; behind pixels of known opacity stands a random color."""
    height, width = views.images.shape[-2:]
    colors = (views.images.permute(0, 2, 3, 1).reshape(-1, 3) * 0.5 + 0.5).to(nerf.device)
    alphas = None if views.alpha is None else views.alpha.reshape(-1).to(nerf.device)
    rays_of = CameraTensors.of([frame.into(camera) for camera in views.cameras], nerf.device)
    draw = torch.Generator().manual_seed(seed + 1)
    s = nerf.settings

    def loss_of(k: int) -> tuple[Tensor, Tensor, Tensor]:
        coarse = k < _COARSE
        count = numbers.rays // 2 if coarse else numbers.rays
        chosen = torch.randint(len(colors), (count,), generator=draw).to(nerf.device)
        jitter = torch.rand(count, generator=draw).to(nerf.device)
        pixel = chosen % (height * width)
        rays = rays_of.rays(
            torch.div(chosen, height * width, rounding_mode="floor"),
            pixel % width,
            torch.div(pixel, width, rounding_mode="floor"),
        )
        met = march(
            nerf.field,
            *rays,
            nerf.occupancy,
            samples=max(2, s.samples // 2) if coarse else s.samples,
            fine=s.fine,
            smooth=s.smooth,
            jitter=jitter,
        )
        target, back = colors[chosen], nerf.backdrop.expand(count, 3)
        if alphas is not None and not nerf.learns_background:
            random = torch.rand(count, 3, generator=draw).to(nerf.device)
            target, back = target + (1.0 - alphas[chosen, None]) * (random - 1.0), random
        difference = met.color + (1.0 - met.alpha[:, None]) * back - target
        empty = ((target - back).abs().amax(1) < _ALMOST).to(met.alpha)
        loss = _distance(difference, numbers.loss) + numbers.empty * (met.alpha * empty.detach()).mean()
        loss = loss + _ramp(k, numbers) * _solid_mean(met.variance, met.alpha)
        return loss, (difference.detach() ** 2).mean(), met.alpha.detach().mean()

    return loss_of


def _pictures_loss(
    views: Views, frame: Frame, nerf: Nerf, numbers: FitSettings, seed: int, operators: Operator | Sequence[Operator]
) -> LossOf:
    """One whole view a step, in a new random order each round, rendered and measured."""
    each = list(operators) if isinstance(operators, Sequence) else [operators] * len(views.cameras)
    if len(each) != len(views.cameras):
        raise InputError(f"operators: {len(each)} for {len(views.cameras)} views; give one, or one a view")
    scenes = [operator.scene(shape_of(views.images, "views")) for operator in each]
    for operator, scene in zip(each, scenes, strict=True):
        check_measurement(operator, views.images, scene)
    cameras = [
        frame.into(camera.resized(scene[2], scene[1])) for camera, scene in zip(views.cameras, scenes, strict=True)
    ]
    images = views.images.to(nerf.device)
    draw = torch.Generator().manual_seed(seed + 1)
    order: list[int] = []

    def loss_of(k: int) -> tuple[Tensor, Tensor, Tensor]:
        if not order:
            order.extend(torch.randperm(len(cameras), generator=draw).tolist())
        which = order.pop()
        drawn = nerf.render(View((cameras[which],), seed=seed + k))
        difference = 0.5 * (each[which].forward(drawn.image) - images[which : which + 1])
        alpha = torch.ones_like(difference) if drawn.alpha is None else drawn.alpha
        loss = _distance(difference, numbers.loss) + 0.1 * numbers.empty * alpha.mean()
        loss = loss + _ramp(k, numbers) * _solid_mean(drawn.extras["depth_variance"], alpha)
        return loss, (difference.detach() ** 2).mean(), alpha.detach().mean()

    return loss_of


def _distance(difference: Tensor, kind: str) -> Tensor:
    return difference.abs().mean() if kind == "l1" else (difference**2).mean()


def _ramp(k: int, numbers: FitSettings) -> float:
    return numbers.variance * min(1.0, 2.0 * k / numbers.iterations)


def _solid_mean(variance: Tensor, alpha: Tensor) -> Tensor:
    """Mean over rays that are more opaque than not: without the choice, empty rays would shrink the object."""
    solid = (alpha.detach() > 0.5).to(variance)
    return (variance * solid).sum() / solid.sum().clamp_min(1.0)


def _psnr(error: float) -> float:
    return -10.0 * log10(max(error, 1e-12))
