"""Paths that do not pay are laid aside, and come back where the picture is wrong."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dreamsampler.generators.svg.drawing import Drawing, Shape
from dreamsampler.generators.svg.generator import SvgGenerator
from dreamsampler.generators.svg.growth import idle_paths, park, plant, without_parked, wrong_places
from dreamsampler.generators.svg.shapes import ellipse

SIZE = (32, 40)
RED, BLUE = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0)


def disc(x: float, y: float, radius: float, rgba: tuple[float, float, float, float]) -> Shape:
    return Shape((ellipse(torch.tensor([float(x), float(y)]), torch.full((2,), float(radius))),), rgba)


def drawing(*shapes: Shape) -> Drawing:
    return Drawing.of(list(shapes), SIZE, torch.ones(3))


def loss_to(target: Tensor) -> object:
    return lambda images: (images - target).square().flatten(1).sum(1)


def test_paths_that_save_less_than_their_price_go_and_of_two_that_do_one_work_one_stays() -> None:
    shapes = (disc(10, 10, 6, RED), disc(10, 10, 6, RED), disc(30, 20, 6, BLUE), disc(30, 6, 2, (1.0, 1.0, 1.0, 1.0)))
    generator = SvgGenerator.of([drawing(*shapes)])
    target = 2 * drawing(shapes[0], shapes[2]).render() - 1
    before = generator.rgba.detach().clone()
    gone = idle_paths(generator, loss_to(target), torch.tensor([1.0]))  # type: ignore[arg-type]
    assert torch.equal(generator.rgba, before), "nothing is changed by looking"
    assert gone[0].tolist() in ([True, False, False, True], [False, True, False, True])
    assert not idle_paths(generator, loss_to(-target), torch.tensor([-1e9])).any()  # type: ignore[arg-type]
    assert idle_paths(generator, loss_to(target), torch.tensor([1e9])).all()  # type: ignore[arg-type]


def test_each_item_has_its_own_price_and_picture() -> None:
    shapes = (disc(10, 10, 6, RED), disc(30, 20, 6, BLUE))
    generator = SvgGenerator.of([drawing(*shapes)] * 2)
    target = torch.cat([2 * drawing(shapes[0]).render() - 1, 2 * drawing(shapes[1]).render() - 1])
    gone = idle_paths(generator, loss_to(target), torch.ones(2))  # type: ignore[arg-type]
    assert gone.tolist() == [[False, True], [True, False]]


def test_parked_paths_go_on_top_with_their_moments_and_paint_nothing() -> None:
    shapes = (disc(10, 10, 6, RED), disc(30, 20, 6, BLUE), disc(20, 16, 3, RED))
    generator = SvgGenerator.of([drawing(*shapes)])
    optimizer = torch.optim.Adam(generator.parameters(), lr=0.0)
    generator.render().square().sum().backward()
    optimizer.step()
    moments = optimizer.state[generator.points]["exp_avg"].clone()
    shown = drawing(shapes[0], shapes[2]).render()
    park(generator, torch.tensor([[False, True, False]]), optimizer)
    torch.testing.assert_close((generator.render().detach() + 1) / 2, shown)
    now = optimizer.state[generator.points]["exp_avg"]
    assert torch.equal(now[0, :12], moments[0, :12])
    assert torch.equal(now[0, 12:24], moments[0, 24:])
    assert float(now[0, 24:].abs().max()) == 0
    assert without_parked(generator.drawing()).structure.path_count == 2
    optimizer.zero_grad()
    generator.render().square().sum().backward()
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
    assert plant(generator, 0, seeds) == 0, "no path is free"
    park(generator, torch.tensor([[False, True]]))
    error = (generator.render().detach() + 1 - 2 * wanted).square().sum()
    assert plant(generator, 0, seeds * 2) == 1
    assert (generator.render().detach() + 1 - 2 * wanted).square().sum() < 0.8 * error
    assert generator.rgba[0, 1].tolist() == pytest.approx([0, 0, 1, 1], abs=1e-5)


def test_a_drawing_of_parked_paths_alone_keeps_one() -> None:
    generator = SvgGenerator.of([drawing(disc(10, 10, 6, RED), disc(30, 20, 6, BLUE))])
    park(generator, torch.ones(1, 2, dtype=torch.bool))
    assert without_parked(generator.drawing()).structure.path_count == 1
