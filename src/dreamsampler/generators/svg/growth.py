"""Paths that come and go: those that do not pay are laid aside, to start anew where the picture is wrong.

A path that is laid aside ("parked") is one point without color: it paints nothing, gets no gradient, and is left out
of the file. So a drawing may use fewer paths than it was given, while its structure stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .drawing import Drawing
from .generator import SvgGenerator
from .initialize import Seed
from .renewal import MIN_AREA, MIN_OPACITY, _points_a_path, dead_paths, forget, path_areas
from .shapes import ellipse

APART = 8
"""Pixels between new paths of one round."""
WRONG = 0.06
"""Root mean square over the channels, in [0, 1], from which a place is wrong."""
RADIUS = 3.0

Loss = Callable[[Tensor], Tensor]
"""Pictures [B, 3, H, W] in [-1, 1] -> a loss each, [B]."""


@torch.no_grad()
def idle_paths(generator: SvgGenerator, loss: Loss, price: Tensor) -> Tensor:
    """Which paths [B, P] can go: without each, and those that went before it, the loss rises by less than `price` [B].

    The cheapest go first; what each is worth is looked at again when its turn comes, since two paths may do one work.
    """
    rgba = generator.rgba.detach().clone()
    gone = dead_paths(generator)
    generator.rgba[..., 3].masked_fill_(gone, 0.0)
    count = generator.rgba.shape[1]

    def without(paths: Tensor) -> Tensor:
        kept = generator.rgba[..., 3].clone()
        generator.rgba[..., 3].masked_fill_(paths, 0.0)
        found = loss(generator.render())
        generator.rgba[..., 3].copy_(kept)
        return found

    base = loss(generator.render())
    each = torch.eye(count, dtype=torch.bool, device=rgba.device)
    worth = torch.stack([without(each[path].expand_as(gone)) - base for path in range(count)], dim=1)
    worth = worth.masked_fill(gone, torch.inf)
    for turn in worth.argsort(dim=1, stable=True).T:
        now = torch.zeros_like(gone).scatter_(1, turn[:, None], True) & ~gone
        if not bool((now & (worth < 4 * price[:, None])).any()):
            continue
        after = without(now)
        goes = (after - base < price) & now.any(1)
        gone |= now & goes[:, None]
        generator.rgba[..., 3].masked_fill_(gone, 0.0)
        base = torch.where(goes, after, base)
    generator.rgba.copy_(rgba)
    return gone


@torch.no_grad()
def park(generator: SvgGenerator, gone: Tensor, optimizer: torch.optim.Optimizer | None = None) -> None:
    """Lay paths [B, P] aside; where all paths are alike the others move down, so that new ones come on top."""
    structure = generator.template.structure
    rows = torch.repeat_interleave(gone, _points_a_path(structure, gone.device), dim=1)
    height, width = generator.template.size
    generator.points[rows] = generator.points.new_tensor([width / 2, height / 2])
    generator.rgba[gone] = generator.rgba.new_tensor([0.5, 0.5, 0.5, 0.0])
    for parameter, mask in ((generator.points, rows), (generator.rgba, gone)):
        forget(optimizer, parameter, mask)
    if len(set(structure.segments)) != 1 or not bool(gone.any()):
        return
    order = gone.to(torch.int8).argsort(dim=1, stable=True)
    for parameter in (generator.points, generator.rgba):
        moments = [] if optimizer is None else optimizer.state.get(parameter, {}).values()
        for value in (parameter.data, *(m for m in moments if isinstance(m, Tensor) and m.shape == parameter.shape)):
            by_path = value.unflatten(1, (gone.shape[1], -1))
            picked = order.view(*order.shape, 1, 1).expand_as(by_path)
            value.copy_(by_path.gather(1, picked).flatten(1, 2).view_as(value))


@torch.no_grad()
def plant(generator: SvgGenerator, item: int, seeds: Sequence[Seed]) -> int:
    """Start parked paths of one item anew as small opaque circles; how many there were."""
    structure = generator.template.structure
    free = (generator.rgba[item, :, 3] == 0) & (path_areas(generator.points, structure)[item] < 1e-6)
    planted = 0
    for path, seed in zip(free.nonzero()[:, 0].tolist(), seeds, strict=False):
        first, end = structure.point_ranges()[path]
        if len(structure.segments[path]) != 1 or end - first < 6:
            continue
        circle = ellipse(torch.tensor(seed.center), torch.full((2,), RADIUS), (end - first) // 3)
        generator.points[item, first:end] = circle.to(generator.points)
        generator.rgba[item, path] = generator.rgba.new_tensor([*seed.color, 1.0])
        planted += 1
    return planted


def wrong_places(shown: Tensor, wanted: Tensor, count: int, threshold: float = WRONG) -> list[Seed]:
    """Up to `count` places where a picture [3, H, W] in [0, 1] is furthest from another, with its color there."""
    soft = torch.nn.functional.avg_pool2d((wanted - shown)[None], 5, 1, 2, count_include_pad=False)[0]
    colors = torch.nn.functional.avg_pool2d(wanted[None], 3, 1, 1, count_include_pad=False)[0].clamp(0, 1)
    error = soft.square().mean(0).sqrt()
    seeds: list[Seed] = []
    for _ in range(count):
        place = int(error.argmax())
        row, column = divmod(place, error.shape[1])
        if not float(error[row, column]) > threshold:
            break
        r, g, b = colors[:, row, column].tolist()
        seeds.append(Seed((column + 0.5, row + 0.5), (r, g, b)))
        error[max(0, row - APART) : row + APART + 1, max(0, column - APART) : column + APART + 1] = 0.0
    return seeds


def without_parked(drawing: Drawing) -> Drawing:
    """The drawing without paths that paint nothing worth the name (at least one stays)."""
    area = path_areas(drawing.points[None], drawing.structure)[0]
    least = MIN_AREA * drawing.size[0] * drawing.size[1]
    seen = ((drawing.rgba[:, 3] >= MIN_OPACITY) & (area >= least)).nonzero()[:, 0].tolist()
    return drawing.select(seen or [0])
