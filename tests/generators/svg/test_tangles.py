"""Steps that would tangle an outline are shortened or refused; small loops are drawn out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dreamsampler.generators.svg.crossing import self_intersections
from dreamsampler.generators.svg.drawing import Drawing, Shape
from dreamsampler.generators.svg.generator import SvgGenerator
from dreamsampler.generators.svg.shapes import ellipse, polygon
from dreamsampler.generators.svg.structure import Structure
from dreamsampler.generators.svg.tangles import (
    TangleRejection,
    find_self_intersections,
    reject_tangled_steps,
    without_small_loops,
)

TWO = Structure(((4,), (4,)))


def disc(x: float = 10.0) -> Tensor:
    return ellipse(torch.tensor([x, 10.0]), torch.tensor([6.0, 4.0]))


def tangled() -> Tensor:
    """A bow tie."""
    return polygon(torch.tensor([[2.0, 2.0], [12.0, 12.0], [12.0, 1.0], [2.0, 9.0]]))


def test_crossings_and_areas_are_those_of_each_path() -> None:
    found = find_self_intersections(torch.cat([disc(), tangled()])[None], TWO)
    assert found.crossings.tolist() == [[0, 1]]
    assert float(found.area[0, 0]) == pytest.approx(torch.pi * 24, rel=0.02)
    assert float(found.area[0, 1]) == pytest.approx(-20, abs=1e-3)


@pytest.mark.parametrize("contours", [(4,), (3, 5), (6, 2, 4)])
def test_crossings_agree_with_the_exact_count_for_any_packing(contours: tuple[int, ...]) -> None:
    rng = torch.Generator().manual_seed(1)
    structure = Structure((contours, (4,), contours))
    points = 40 * torch.rand(2, structure.point_count, 2, generator=rng)
    found = find_self_intersections(points, structure).crossings
    for item in range(2):
        exact = self_intersections(points[item], structure)
        assert (found[item] - exact).abs().max() <= 0.15 * exact.max(), (found[item], exact)


def test_a_step_that_tangles_or_inverts_is_taken_back_and_others_are_not() -> None:
    before = torch.cat([disc(), disc(30.0)])[None]
    after = before.clone()
    after[0, 12:] += 1.5
    after[0, :12, 0] = 20 - before[0, :12, 0]
    whole = after.clone()
    found = reject_tangled_steps(after, before, find_self_intersections(before, TWO), TWO)
    assert torch.equal(after[0, 12:], whole[0, 12:])
    torch.testing.assert_close(after[0, :12], before[0, :12] + 0.4 * (whole - before)[0, :12])
    now = find_self_intersections(after, TWO)
    assert torch.equal(now.crossings, found.crossings)
    torch.testing.assert_close(now.area, found.area)
    # 0.4 of this one still crosses: nothing of it is taken
    after = before.clone()
    after[0, :12] = disc() + 8 * (tangled() - disc())
    reject_tangled_steps(after, before, find_self_intersections(before, TWO), TWO)
    assert torch.equal(after, before)


def test_a_path_that_crosses_itself_already_may_move() -> None:
    before = torch.cat([tangled(), disc(30.0)])[None]
    after = before + 1.0
    reject_tangled_steps(after, before, find_self_intersections(before, TWO), TWO)
    assert torch.equal(after, before + 1.0)


def test_small_loops_are_drawn_out_and_the_rest_is_left_alone() -> None:
    loop = disc()
    loop[1], loop[2] = loop[0] + torch.tensor([-9.0, 9.0]), loop[3] + torch.tensor([9.0, 9.0])
    drawing = Drawing.of(
        [Shape((contour,), (0.0, 0.0, 0.0, 1.0)) for contour in (loop, disc(30.0))], (20, 40), torch.ones(3)
    )
    assert self_intersections(drawing.points, drawing.structure).tolist() == [1, 0]
    drawn = without_small_loops(drawing)
    assert self_intersections(drawn.points, drawn.structure).tolist() == [0, 0]
    assert torch.equal(drawn.points[12:], drawing.points[12:])
    assert torch.equal(drawn.points[:12:3], drawing.points[:12:3]), "anchors stay"
    hopeless = Drawing.of([Shape((tangled(),), (0.0, 0.0, 0.0, 1.0))], (20, 40))
    assert torch.equal(without_small_loops(hopeless).points, hopeless.points)


def test_the_callback_knows_points_that_were_changed_between_two_steps() -> None:
    shapes = [Shape((contour,), (0.0, 0.0, 0.0, 1.0)) for contour in (disc(), disc(30.0))]
    generator = SvgGenerator.of([Drawing.of(shapes, (20, 40))])
    callback = TangleRejection(generator)

    def step(change: Tensor) -> None:
        callback.before(0)
        generator.points.data += change
        callback.after(1)

    step(torch.ones(1, 24, 2))
    with torch.no_grad():
        generator.points[0, :12] = tangled()
    callback.before(1)
    generator.points.data[0, :12] += 1.0
    callback.after(2)
    torch.testing.assert_close(generator.points[0, :12].detach(), tangled() + 1.0), "it crossed itself before the step"
    before = generator.points.detach().clone()
    change = torch.zeros(1, 24, 2)
    change[0, 12:] = 8 * (tangled() - disc())
    step(change)
    assert torch.equal(generator.points[0, 12:], before[0, 12:])
