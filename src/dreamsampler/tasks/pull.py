"""The prior's pull on a drawing: at which levels it looks, on which grid, and how hard it pulls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..core.schedule import link
from ..core.state import State
from ..core.types import Guidance, Prior, Step
from ..steering.optimize import Regularizer
from .canvas import Canvas


def encoder(prior: Prior, size: tuple[int, int]) -> Callable[[Tensor], Tensor]:
    """E after a resize of the canvas to the prior's own grid where they differ (antialiased, differentiable)."""
    grid = prior_grid(prior, size)
    if grid == size:
        return prior.space.encode

    def encode(image: Tensor) -> Tensor:
        resized = torch.nn.functional.interpolate(image, size=grid, mode="bilinear", antialias=True)
        return prior.space.encode(resized)

    return encode


def prior_grid(prior: Prior, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width at which the prior sees a canvas: its native shorter side, in its multiples."""
    multiple = int(getattr(prior.space, "multiple", prior.space.factor))
    native = getattr(prior, "native_size", None) or min(size)
    height, width = (max(multiple, round(side * native / min(size) / multiple) * multiple) for side in size)
    return height, width


def prior_visits(prior: Prior, count: int, start: float) -> list[Step]:
    """`count` visits spread evenly over the lowest `start` of the path, noisy to clean.

    Where the schedule has fewer levels there, levels are visited several times in a row.
    """
    levels = prior.schedule.visits(int(getattr(prior.schedule, "length", 1000)), start)
    chosen = [levels[k * len(levels) // count] for k in range(count)]
    last = levels[-1]
    return link([*((s.t, s.a, s.b) for s in chosen), (last.t_next, last.a_next, last.b_next)])


def calibrate(
    prior: Prior,
    canvas: Canvas,
    guide: Guidance,
    encode: Callable[[Tensor], Tensor],
    fidelity: Regularizer,
    step: Step,
) -> Tensor:
    """For each item [B] the weight at which |E(g) - z0_hat|^2 / 2 and the measurement pull alike on the picture.

    Both gradients are those on the rendered picture, at one visit of the prior; this costs that visit's evaluations.
    Where the measurement has nothing to say (its gradient vanishes) the weight is 1.
    """
    image = canvas.generator.render().detach().requires_grad_(True)
    with torch.enable_grad():
        z = encode(image)
        noise = canvas.noise.normal(z.detach())
        state = State.start(step.a * z.detach() + step.b * noise, canvas.noise, z0=z)
        with torch.no_grad():
            pred = guide(prior, state, step)
        (pull,) = torch.autograd.grad(0.5 * ((z - pred.z0) ** 2).sum(), image)
        (hold,) = torch.autograd.grad(fidelity(image, z, pred, step), image)
    pulls, holds = (gradient.flatten(1).norm(dim=1) for gradient in (pull, hold))
    return torch.where((pulls > 0) & (holds > 0), holds / pulls.clamp_min(1e-30), torch.ones_like(pulls))


def faded(visits: Sequence[Step], fade: float, weight: float) -> Callable[[Step], float]:
    """`weight` at the first visit, falling linearly to `fade` times it after the last: no visit is for nothing."""
    count = max(len(visits), 1)
    return lambda step: weight * (1.0 + (fade - 1.0) * step.index / count)
