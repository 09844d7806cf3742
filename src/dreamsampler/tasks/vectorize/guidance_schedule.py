"""The prior's part in a drawing: which levels it visits, on which grid, and with which weight."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ...core.schedule import link
from ...core.state import State
from ...core.types import Guidance, Prior, Step
from ...generators.base import Rendering
from ...generators.svg.generator import SvgGenerator
from ...steering.optimize import Loss
from ...steering.stages import Optimization

Size = tuple[int, int]


def encoder(prior: Prior, size: Size) -> Callable[[Tensor], Tensor]:
    """Return E after a resize of the canvas to the prior's own grid if they differ (antialiased, differentiable)."""
    grid = prior_grid(prior, size)
    if grid == size:
        return prior.space.encode

    def encode(image: Tensor) -> Tensor:
        resized = torch.nn.functional.interpolate(image, size=grid, mode="bilinear", antialias=True)
        return prior.space.encode(resized)

    return encode


def prior_grid(prior: Prior, size: Size) -> Size:
    """Return the height and width at which the prior sees a canvas: its native shorter side, in its multiples."""
    multiple = prior.multiple
    native = prior.native_size or min(size)
    height, width = (max(multiple, round(side * native / min(size) / multiple) * multiple) for side in size)
    return height, width


def guidance_schedule(prior: Prior, count: int, denoise: float, size: Size) -> list[Step]:
    """Return `count` visits spread evenly over the lowest `denoise` of the path, noisy to clean.

    If the schedule has fewer levels there, levels are visited several times in a row. `size` is the canvas's: some
    priors shift their levels by the size of what they see.
    """
    levels = prior.visits(prior.schedule.length, denoise, prior_grid(prior, size))
    chosen = [levels[k * len(levels) // count] for k in range(count)]
    last = levels[-1]
    return link([*((s.t, s.a, s.b) for s in chosen), (last.t_next, last.a_next, last.b_next)])


def falling_weight(visits: Sequence[Step], prior_weight: float, final_weight: float) -> Callable[[Step], float]:
    """Return a weight that falls linearly from `prior_weight` to `final_weight` times it after the last visit.

    It reaches 0 only behind that visit: no evaluation is multiplied by zero.
    """
    count = max(len(visits), 1)
    return lambda step: prior_weight * (1.0 + (final_weight - 1.0) * step.index / count)


def calibrate(
    prior: Prior,
    run: Optimization[SvgGenerator],
    guide: Guidance,
    encode: Callable[[Tensor], Tensor],
    data: Loss,
    step: Step,
) -> Tensor:
    """Return the weight at which |E(g) - z0_hat|^2 / 2 and the measurement have equal gradients, [B].

    Both gradients are those on the rendered picture, at one visit of the prior; this costs that visit's evaluations.
    If the measurement's gradient vanishes, the weight is 1.
    """
    rendering = Rendering(run.generator.render().image.detach().requires_grad_(True))
    with torch.enable_grad():
        z = encode(rendering.image)
        noise = run.noise.normal(z.detach())
        state = State.start(step.a * z.detach() + step.b * noise, run.noise, z0=z)
        with torch.no_grad():
            pred = guide(prior, state, step)
        (pull,) = torch.autograd.grad(0.5 * ((z - pred.z0) ** 2).sum(), rendering.image)
        (hold,) = torch.autograd.grad(data(rendering, z, pred, step), rendering.image)
    pulls, holds = (gradient.flatten(1).norm(dim=1) for gradient in (pull, hold))
    return torch.where((pulls > 0) & (holds > 0), holds / pulls.clamp_min(1e-30), torch.ones_like(pulls))
