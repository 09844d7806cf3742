import math

import pytest
import torch
from torch import Tensor

from dreamsampler.generators.svg.crossing import crossing_loss, self_intersections
from dreamsampler.generators.svg.shapes import ellipse, polygon, rectangle
from dreamsampler.generators.svg.structure import Structure


def _longhand(points: Tensor, structure: Structure) -> float:
    """The definition with loops, segment by segment."""
    per_path, start = [], 0
    for path in structure.segments:
        losses = []
        for count in path:
            contour = points[start : start + 3 * count].tolist()
            start += 3 * count
            for s in range(count):
                a, b, c, d = (contour[(3 * s + k) % (3 * count)] for k in range(4))
                legs = [(q[0] - p[0], q[1] - p[1]) for p, q in ((a, b), (b, c), (c, d))]

                def sine(i: int, j: int, legs: list = legs) -> float:
                    (x, y), (u, v) = legs[i], legs[j]
                    return (x * v - y * u) / (math.hypot(x, y) * math.hypot(u, v))

                losses.append(max(0.0, -sine(0, 2)) if sine(0, 1) >= 0 else max(0.0, sine(0, 2)))
        per_path.append(sum(losses) / len(losses))
    return sum(per_path) / len(per_path)


def test_the_loss_is_its_definition() -> None:
    structure = Structure(((4,), (2, 3), (6,)))
    points = torch.randn(structure.point_count, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 9
    assert float(crossing_loss(points, structure, eps=0)) == pytest.approx(_longhand(points, structure), abs=1e-12)
    batch = torch.stack([points, points.flip(0)])
    mean = (float(crossing_loss(points, structure)) + float(crossing_loss(points.flip(0), structure))) / 2
    assert float(crossing_loss(batch, structure)) == pytest.approx(mean)


def test_the_loss_vanishes_on_a_circle_and_its_gradient_opens_a_loop() -> None:
    circle = ellipse(torch.tensor([9.0, 9.0]), torch.tensor([5.0, 5.0]))
    assert float(crossing_loss(circle, Structure(((4,),)))) == 0
    loop = torch.tensor([[0.0, 0], [10, 8], [-6, 8], [4, 0], [4, -3], [0, -3]]).requires_grad_()
    structure = Structure(((2,),))
    assert int(self_intersections(loop, structure)[0]) == 1
    optimizer = torch.optim.Adam([loop], lr=0.2)
    before = float(crossing_loss(loop, structure).detach())
    for _ in range(60):
        optimizer.zero_grad()
        crossing_loss(loop, structure).backward()
        optimizer.step()
    assert before > 0.4
    assert float(crossing_loss(loop, structure).detach()) < 0.01


def test_coinciding_points_have_no_nan() -> None:
    points = torch.zeros(12, 2, requires_grad=True)
    crossing_loss(points, Structure(((4,),))).backward()
    assert bool(torch.isfinite(points.grad).all())


def test_crossings_are_counted() -> None:
    star = torch.tensor([[math.sin(4 * math.pi * k / 5), math.cos(4 * math.pi * k / 5)] for k in range(5)]) * 30 + 40
    bow = torch.tensor([[0.0, 0], [10, 10], [10, 0], [0, 10]])
    overlapping = torch.cat([rectangle(0, 0, 8, 8), rectangle(4, 4, 12, 12)])
    points = torch.cat([polygon(star), polygon(bow), rectangle(0, 0, 9, 9), overlapping])
    assert self_intersections(points, Structure(((5,), (4,), (4,), (4, 4)))).tolist() == [5, 1, 0, 2]
