"""Removal of paths that do not pay, and their new starts where the picture is wrong.

A path that is removed is one point without color: it paints nothing, gets no gradient, and is left out of the file. So
a drawing may use fewer paths than it was given, while its structure stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .drawing import Drawing
from .generator import SvgGenerator
from .initialize import Seed, random_circles
from .shapes import ellipse
from .structure import Structure
from .usage import MIN_AREA, MIN_OPACITY, dead_paths, path_areas

APART = 8
"""Pixels between new paths of one round."""
WRONG = 0.06
"""Root mean square over the channels, in [0, 1], from which a place is wrong."""
RADIUS = 3.0


@dataclass(frozen=True)
class PruneRule:
    """Which paths of a drawing pay, and where more are missing.

    Attributes:
        loss: pictures [B, 3, H, W] in [-1, 1] -> the loss of each, [B].
        penalty: what a path must save of it, [B]: AIC or BIC a path, in the loss's units.
        target: the drawing as it is rendered now, likewise -> what it should show.
    """

    loss: Callable[[Tensor], Tensor]
    penalty: Tensor
    target: Callable[[Tensor], Tensor]

    @torch.no_grad()
    def cost(self, generator: SvgGenerator) -> Tensor:
        """Return the loss of each drawing, [B], with the penalty of each path that it has."""
        loss = self.loss(generator.render().image)
        return loss + self.penalty.to(loss) * (generator.rgba[..., 3] > 0).sum(1)


@dataclass
class PathPruning:
    """A callback that removes paths every so many steps and starts them anew.

    Args:
        every: steps between two rounds; 0: none.
        until: no round at this step or after it.
        rule: decides; without one, nearly invisible paths come back at random places.
        seeds: of those places, one an item, so that an item of a batch is what it would be alone.

    Attributes:
        reseeded: paths that were started anew so far.
    """

    generator: SvgGenerator
    optimizer: torch.optim.Optimizer
    seeds: Sequence[int]
    every: int
    until: float
    rule: PruneRule | None = None
    reseeded: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._places = [torch.Generator("cpu").manual_seed(int(seed)) for seed in self.seeds]

    def __call__(self, taken: int) -> None:
        """Remove and restart paths if it is time."""
        if not self.every or taken >= self.until or taken % self.every:
            return
        if self.rule is None:
            dead = dead_paths(self.generator)
            self.reseeded += reseed_randomly(self.generator, dead, self._places, self.optimizer)
        else:
            prune(self.generator, self.rule, self.optimizer)
            self.reseeded += reseed(self.generator, self.rule)

    def tensors(self) -> dict[str, Tensor]:
        """Return where the random places stand."""
        return {
            "reseeded": torch.tensor(self.reseeded),
            "places": torch.stack([rng.get_state() for rng in self._places]),
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `tensors` gave."""
        self.reseeded = int(tensors["reseeded"])
        for rng, state in zip(self._places, tensors["places"], strict=True):
            rng.set_state(state.clone())


def prune(generator: SvgGenerator, rule: PruneRule, optimizer: torch.optim.Optimizer | None = None) -> Tensor:
    """Remove the paths that do not pay; return which those were, [B, P]."""
    gone = idle_paths(generator, rule)
    remove(generator, gone, optimizer)
    return gone


@torch.no_grad()
def idle_paths(generator: SvgGenerator, rule: PruneRule) -> Tensor:
    """Return which paths [B, P] can go: without each, and those before it, the loss rises by less than the penalty.

    The cheapest go first; each is measured again when its turn comes, since two paths may do one work.
    """
    rgba, penalty = generator.rgba.detach().clone(), rule.penalty
    gone = dead_paths(generator)
    generator.rgba[..., 3].masked_fill_(gone, 0.0)
    count = generator.rgba.shape[1]

    def without(paths: Tensor) -> Tensor:
        kept = generator.rgba[..., 3].clone()
        generator.rgba[..., 3].masked_fill_(paths, 0.0)
        found = rule.loss(generator.render().image)
        generator.rgba[..., 3].copy_(kept)
        return found

    base = rule.loss(generator.render().image)
    each = torch.eye(count, dtype=torch.bool, device=rgba.device)
    worth = torch.stack([without(each[path].expand_as(gone)) - base for path in range(count)], dim=1)
    worth = worth.masked_fill(gone, torch.inf)
    for turn in worth.argsort(dim=1, stable=True).T:
        now = torch.zeros_like(gone).scatter_(1, turn[:, None], True) & ~gone
        if not bool((now & (worth < 4 * penalty[:, None])).any()):
            continue
        after = without(now)
        goes = (after - base < penalty) & now.any(1)
        gone |= now & goes[:, None]
        generator.rgba[..., 3].masked_fill_(gone, 0.0)
        base = torch.where(goes, after, base)
    generator.rgba.copy_(rgba)
    return gone


@torch.no_grad()
def remove(generator: SvgGenerator, gone: Tensor, optimizer: torch.optim.Optimizer | None = None) -> None:
    """Remove paths [B, P]; if all paths are alike the others move down, so that new ones come on top."""
    structure = generator.template.structure
    rows = _rows(gone, structure)
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
def reseed(generator: SvgGenerator, rule: PruneRule) -> int:
    """Start removed paths anew where drawing and target differ most; return how many."""
    shown = generator.render().image.detach()
    target = (rule.target(shown) + 1) / 2
    most = max(1, generator.rgba.shape[1] // 4)
    pictures = enumerate((shown + 1) / 2)
    return sum(start_paths(generator, item, wrong_places(it, target[item], most)) for item, it in pictures)


def start_paths(generator: SvgGenerator, item: int, seeds: Sequence[Seed]) -> int:
    """Start removed paths of one item anew as small opaque circles; return how many there were."""
    structure = generator.template.structure
    free = (generator.rgba[item, :, 3] == 0) & (path_areas(generator.points, structure)[item] < 1e-6)
    started = 0
    for path, seed in zip(free.nonzero()[:, 0].tolist(), seeds, strict=False):
        first, end = structure.point_ranges()[path]
        if len(structure.segments[path]) != 1 or end - first < 6:
            continue
        circle = ellipse(torch.tensor(seed.center), torch.full((2,), RADIUS), (end - first) // 3)
        generator.points.data[item, first:end] = circle.to(generator.points)
        generator.rgba.data[item, path] = generator.rgba.new_tensor([*seed.color, 1.0])
        started += 1
    return started


def wrong_places(shown: Tensor, target: Tensor, count: int, threshold: float = WRONG) -> list[Seed]:
    """Return up to `count` places where a picture [3, H, W] in [0, 1] is furthest from another, with its color."""
    soft = torch.nn.functional.avg_pool2d((target - shown)[None], 5, 1, 2, count_include_pad=False)[0]
    colors = torch.nn.functional.avg_pool2d(target[None], 3, 1, 1, count_include_pad=False)[0].clamp(0, 1)
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


@torch.no_grad()
def reseed_randomly(
    generator: SvgGenerator,
    dead: Tensor,
    rngs: Sequence[torch.Generator],
    optimizer: torch.optim.Optimizer | None = None,
    *,
    radius: float | None = None,
) -> int:
    """Put new random circles where paths `[B, P]` are dead, in their place in the painting order; return how many.

    Paths of several contours get the circle in their first one and lose the others.

    Args:
        rngs: on the CPU, one an item. Circles are drawn for all paths of an item that has dead ones, so that a path's
            new place does not depend on which others are dead.
    """
    structure = generator.template.structure
    rows = _rows(dead, structure)
    for item in dead.any(1).nonzero()[:, 0].tolist():
        fresh = _circles_like(structure, generator.template.size, rngs[item], radius)
        generator.points[item, rows[item]] = fresh.points.to(generator.points)[rows[item]]
        generator.rgba[item, dead[item]] = fresh.rgba.to(generator.rgba)[dead[item]]
    for parameter, mask in ((generator.points, rows), (generator.rgba, dead)):
        forget(optimizer, parameter, mask)
    return int(dead.sum())


def without_removed(drawing: Drawing) -> Drawing:
    """Return the drawing without paths that paint next to nothing (at least one stays)."""
    area = path_areas(drawing.points[None], drawing.structure)[0]
    least = MIN_AREA * drawing.size[0] * drawing.size[1]
    seen = ((drawing.rgba[:, 3] >= MIN_OPACITY) & (area >= least)).nonzero()[:, 0].tolist()
    return drawing.select(seen or [0])


def forget(optimizer: torch.optim.Optimizer | None, parameter: Tensor, mask: Tensor) -> None:
    """Zero the optimizer's moments (entries shaped like the parameter) where the mask is set."""
    for value in () if optimizer is None else optimizer.state.get(parameter, {}).values():
        if isinstance(value, Tensor) and value.shape == parameter.shape:
            value[mask] = 0


def _rows(paths: Tensor, structure: Structure) -> Tensor:
    """Return the rows of the packed points that belong to paths, [B, P] -> [B, N]."""
    counts = 3 * torch.tensor(structure.path_segments, device=paths.device)
    return torch.repeat_interleave(paths, counts, dim=1)


def _circles_like(structure: Structure, size: tuple[int, int], rng: torch.Generator, radius: float | None) -> Drawing:
    """Return random circles with the packing of a structure; further contours of a path shrink to its first anchor."""
    base = random_circles(structure.path_count, size, rng, radius=radius)
    contours = []
    for path, counts in enumerate(structure.segments):
        circle = base.points[12 * path : 12 * path + 12]
        for place, count in enumerate(counts):
            contours.append(_resegmented(circle, count) if place == 0 else circle[:1].expand(3 * count, 2))
    points = torch.cat(contours) if contours else base.points[:0]
    return Drawing(points, structure, base.rgba, size, base.background)


def _resegmented(circle: Tensor, count: int) -> Tensor:
    """Return the same circle with another number of segments; one segment cannot close, so it becomes a drop."""
    center = circle[::3].mean(0)
    radii = (circle[::3] - center).norm(dim=1).mean().expand(2)
    if count == 1:
        return torch.stack([center, center + 2 * radii, center + 2 * radii * torch.tensor([-1.0, 1.0])])
    return ellipse(center, radii, count)
