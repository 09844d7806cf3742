"""Paths that do not pay are removed, and come back where the picture is wrong."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dreamsampler.generators.svg.drawing import Drawing, Shape
from dreamsampler.generators.svg.generator import SvgGenerator
from dreamsampler.generators.svg.prune import (
    PruneRule,
    idle_paths,
    prune,
    remove,
    reseed,
    start_paths,
    without_removed,
    wrong_places,
)
from dreamsampler.generators.svg.shapes import ellipse

SIZE = (32, 40)
RED, BLUE = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0)


def disc(x: float, y: float, radius: float, rgba: tuple[float, float, float, float]) -> Shape:
    return Shape((ellipse(torch.tensor([float(x), float(y)]), torch.full((2,), float(radius))),), rgba)


def drawing(*shapes: Shape) -> Drawing:
    return Drawing.of(list(shapes), SIZE, torch.ones(3))


def rule(target: Tensor, *penalties: float) -> PruneRule:
    def loss(images: Tensor) -> Tensor:
        return (images - target).square().flatten(1).sum(1)

    return PruneRule(loss, torch.tensor(penalties), lambda shown: target)


def test_paths_that_save_less_than_their_penalty_go_and_of_two_that_do_one_work_one_stays() -> None:
    shapes = (disc(10, 10, 6, RED), disc(10, 10, 6, RED), disc(30, 20, 6, BLUE), disc(30, 6, 2, (1.0, 1.0, 1.0, 1.0)))
    generator = SvgGenerator.of([drawing(*shapes)])
    target = 2 * drawing(shapes[0], shapes[2]).render() - 1
    before = generator.rgba.detach().clone()
    gone = idle_paths(generator, rule(target, 1.0))
    assert torch.equal(generator.rgba, before), "nothing is changed by measuring"
    assert gone[0].tolist() in ([True, False, False, True], [False, True, False, True])
    assert not idle_paths(generator, rule(-target, -1e9)).any()
    assert idle_paths(generator, rule(target, 1e9)).all()


def test_each_item_has_its_own_penalty_and_picture() -> None:
    shapes = (disc(10, 10, 6, RED), disc(30, 20, 6, BLUE))
    generator = SvgGenerator.of([drawing(*shapes)] * 2)
    target = torch.cat([2 * drawing(shapes[0]).render() - 1, 2 * drawing(shapes[1]).render() - 1])
    gone = idle_paths(generator, rule(target, 1.0, 1.0))
    assert gone.tolist() == [[False, True], [True, False]]


def test_removed_paths_go_on_top_with_their_moments_and_paint_nothing() -> None:
    shapes = (disc(10, 10, 6, RED), disc(30, 20, 6, BLUE), disc(20, 16, 3, RED))
    generator = SvgGenerator.of([drawing(*shapes)])
    optimizer = torch.optim.Adam(generator.parameters(), lr=0.0)
    generator.render().image.square().sum().backward()
    optimizer.step()
    moments = optimizer.state[generator.points]["exp_avg"].clone()
    shown = drawing(shapes[0], shapes[2]).render()
    remove(generator, torch.tensor([[False, True, False]]), optimizer)
    torch.testing.assert_close((generator.render().image.detach() + 1) / 2, shown)
    now = optimizer.state[generator.points]["exp_avg"]
    assert torch.equal(now[0, :12], moments[0, :12])
    assert torch.equal(now[0, 12:24], moments[0, 24:])
    assert float(now[0, 24:].abs().max()) == 0
    assert without_removed(generator.drawing()).structure.path_count == 2
    optimizer.zero_grad()
    generator.render().image.square().sum().backward()
    assert float(generator.points.grad[0, 24:].abs().max()) == 0


def test_new_paths_start_where_the_picture_is_most_wrong_in_the_color_wanted_there() -> None:
    wanted = drawing(disc(10, 10, 6, RED), disc(30, 22, 4, BLUE)).render()[0]
    shown = drawing(disc(10, 10, 6, RED)).render()[0]
    seeds = wrong_places(shown, wanted, 5)
    assert len(seeds) == 1
    assert abs(seeds[0].center[0] - 30) <= 1.5
    assert abs(seeds[0].center[1] - 22) <= 1.5
    assert seeds[0].color == pytest.approx((0.0, 0.0, 1.0), abs=1e-5)
    generator = SvgGenerator.of([drawing(disc(10, 10, 6, RED), disc(30, 20, 6, BLUE))])
    assert start_paths(generator, 0, seeds) == 0, "no path is free"
    remove(generator, torch.tensor([[False, True]]))
    error = (generator.render().image.detach() + 1 - 2 * wanted).square().sum()
    assert start_paths(generator, 0, seeds * 2) == 1
    assert (generator.render().image.detach() + 1 - 2 * wanted).square().sum() < 0.8 * error
    assert generator.rgba[0, 1].tolist() == pytest.approx([0, 0, 1, 1], abs=1e-5)


def test_a_drawing_of_removed_paths_alone_keeps_one() -> None:
    generator = SvgGenerator.of([drawing(disc(10, 10, 6, RED), disc(30, 20, 6, BLUE))])
    remove(generator, torch.ones(1, 2, dtype=torch.bool))
    assert without_removed(generator.drawing()).structure.path_count == 1


def test_a_round_removes_what_is_idle_and_starts_it_where_the_target_differs() -> None:
    shapes = (disc(10, 10, 6, RED), disc(30, 22, 4, BLUE), disc(20, 16, 3, (1.0, 1.0, 1.0, 1.0)))
    generator = SvgGenerator.of([drawing(shapes[0], shapes[2])])
    goal = rule(2 * drawing(*shapes[:2]).render() - 1, 1.0)
    before = goal.cost(generator)
    assert prune(generator, goal).tolist() == [[False, True]]
    assert float(before - goal.cost(generator)) == pytest.approx(1.0, abs=1e-3), "one penalty less, the same picture"
    assert reseed(generator, goal) == 1
    center = generator.points[0, 12:].detach().view(4, 3, 2)[:, 0].mean(0)
    assert (center - torch.tensor([30.0, 22.0])).abs().max() < 1.5
