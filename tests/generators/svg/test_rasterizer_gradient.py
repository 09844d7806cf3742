"""Gradients of the rasterizer: central differences, and the traps of exact-area coverage."""

import pytest
import torch
from torch import Tensor

from dreamsampler.generators.svg.fill import Gradient
from dreamsampler.generators.svg.flatten import Flattening
from dreamsampler.generators.svg.rasterizer import rasterize
from dreamsampler.generators.svg.shapes import ellipse, rectangle
from dreamsampler.generators.svg.structure import FillRule, Structure

from .scenes import FIXED, ONE, blobs, colors, solid

WEIGHT = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(8), dtype=torch.float64) - 0.5
POINT = ellipse(torch.tensor([12.0, 11.6]).double(), torch.tensor([6.3, 7.1]).double())


def _difference(function, argument: Tensor, step: float = 1e-5) -> Tensor:
    """Central differences of a scalar function, entry by entry."""
    result = torch.zeros_like(argument)
    for entry in range(argument.numel()):
        shift = torch.zeros_like(argument).view(-1)
        shift[entry] = step
        shift = shift.view_as(argument)
        result.view(-1)[entry] = (function(argument + shift) - function(argument - shift)) / (2 * step)
    return result


def _check(function, argument: Tensor, tolerance: float = 1e-7) -> None:
    argument = argument.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(function(argument), argument)
    with torch.no_grad():
        expected = _difference(function, argument)
    assert float(expected.abs().max()) > 1e-3
    assert float((gradient - expected).abs().max()) < tolerance * max(1, float(expected.abs().max()))


SCENES = {
    "inside": (POINT, ONE),
    "off the left": (POINT - torch.tensor([11.4, 0]), ONE),
    "off the right": (POINT + torch.tensor([10.7, 0]), ONE),
    "off the top": (POINT - torch.tensor([0, 10.9]), ONE),
    "off the bottom": (POINT + torch.tensor([0, 12.2]), ONE),
    "larger than the canvas": ((POINT - 12) * 2.2 + 12, ONE),
    "self-crossing": (blobs(1, 24, 13) + torch.tensor([3.0, -4.0]), ONE),
    "ring": (torch.cat([POINT, ((POINT - 12) * 0.5 + 12).flip(0).roll(1, 0)]), Structure(((4, 4),))),
    "even-odd": (torch.cat([POINT, POINT * 0.7 + 2]), Structure(((4, 4),), (FillRule.EVENODD,))),
    "three over each other": (blobs(3, 24, 21), Structure.uniform(3)),
}


@pytest.mark.parametrize("name", SCENES)
def test_control_points_equal_central_differences(name: str) -> None:
    points, structure = SCENES[name]
    rgba = colors(structure.path_count, 6)

    def loss(moved: Tensor) -> Tensor:
        return (rasterize(moved, structure, rgba, (24, 24), flattening=FIXED) * WEIGHT).sum()

    _check(loss, points.double())


def test_colors_and_opacities_equal_central_differences() -> None:
    points, structure = blobs(4, 24, 3), Structure(((4,), (2, 2), (4,), (4,)))
    _check(lambda rgba: (rasterize(points, structure, rgba, (24, 24)) * WEIGHT).sum(), colors(4, 4))


@pytest.mark.parametrize("shape", [(3,), (3, 24, 24)])
def test_background_equals_central_differences(shape: tuple[int, ...]) -> None:
    points, rgba = blobs(2, 24, 3), colors(2, 4)
    ground = torch.full(shape, 0.4, dtype=torch.float64)

    def loss(value: Tensor) -> Tensor:
        return (rasterize(points, Structure.uniform(2), rgba, (24, 24), value)[..., :2, :3] * 0.3).sum()

    leaf = ground.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(leaf), leaf)
    where = (0,) if len(shape) == 1 else (0, 1, 2)
    shift = torch.zeros(shape, dtype=torch.float64)
    shift[where] = 1e-5
    expected = (loss(ground + shift) - loss(ground - shift)) / 2e-5
    assert float(gradient[where]) == pytest.approx(float(expected), abs=1e-9)
    assert float(expected) > 0.1


def test_transparent_output_has_the_gradient_of_its_composition() -> None:
    ground = torch.tensor([0.2, 0.9, 0.5], dtype=torch.float64)
    found = []
    for alpha in (False, True):
        points, rgba = blobs(3, 24, 5).requires_grad_(), colors(3, 5).requires_grad_()
        image = rasterize(points, Structure.uniform(3), rgba, (24, 24), None if alpha else ground, alpha=alpha)
        if alpha:
            image = image[:, :3] + (1 - image[:, 3:]) * ground.view(3, 1, 1)
        found.append(torch.autograd.grad((image * WEIGHT).sum(), [points, rgba]))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


def _fills() -> tuple[Gradient | None, ...]:
    stops = ((0.9, 0.1, 0.3, 1.0), (0.2, 0.8, 0.5, 0.4))
    ramp = Gradient(False, (0.05, 0.01, -0.02, 0.03, 0.1, 0.0), (0.0, 1.0), stops, "reflect")
    disc = Gradient(True, (0.1, 0.0, 0.0, 0.1, -1.0, -1.2), (0.1, 0.9), stops, focus=(0.3, 0.2))
    return None, ramp, None, disc


def test_gradients_flow_through_fills_to_points_and_opacities() -> None:
    points, rgba, structure = blobs(4, 24, 3), colors(4, 4), Structure.uniform(4)

    def picture(moved: Tensor, painted: Tensor) -> Tensor:
        return (rasterize(moved, structure, painted, (24, 24), flattening=FIXED, fills=_fills()) * WEIGHT).sum()

    _check(lambda moved: picture(moved, rgba), points)
    _check(lambda painted: picture(points, painted), rgba)


def test_edges_within_rounding_of_a_pixel_side_are_counted_once() -> None:
    """A piece assigned by comparing rounded coordinates is counted in two columns here: off by almost 1."""
    for base in (40.0, 79.0):
        for left in range(-3, 4):
            for right in range(-3, 4):
                x0 = base * (1 + left * 6e-8)
                x1 = (base + 8) * (1 + right * 6e-8)
                points = rectangle(x0, x0, x1, x1)
                points[3:7, 0] = torch.nextafter(points[3:7, 0], torch.tensor(0.0))
                image = rasterize(points, ONE, solid(1, 0.0, torch.float32), (96, 96))[0, 0]
                expected = torch.ones(96, 96)
                expected[int(base) : int(base) + 8, int(base) : int(base) + 8] = 0
                assert float((image - expected).abs().max()) < 1e-3


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_pixel_aligned_edges_have_their_full_gradient(side: str, dtype: torch.dtype) -> None:
    """A clamp's mask and sign(0) give 0 here; an edge of 48 px moved by one pixel changes 48 pixels."""
    points = rectangle(8, 8, 24, 56, dtype) if side in ("left", "right") else rectangle(8, 8, 56, 24, dtype)
    axis = 0 if side in ("left", "right") else 1
    at = 8 if side in ("left", "top") else 24
    mine = points[:, axis] == at
    points.requires_grad_()
    rasterize(points, ONE, solid(1, 0.0, dtype), (64, 64))[:, 0].sum().backward()
    # Handles next to the corners lie on the neighboring edges, but move along them: no area.
    total = float(points.grad[mine, axis].sum())
    handles = float(points.grad[~mine, axis].abs().sum())
    assert abs(total) == pytest.approx(48, rel=0.03)
    assert (total < 0) == (side in ("right", "bottom"))
    assert handles < 64


def test_pixel_aligned_gradient_is_one_sided_difference_point_by_point() -> None:
    step = 1e-6
    points = rectangle(5, 6, 15, 17, torch.float64)

    def image(moved: Tensor) -> Tensor:
        return (rasterize(moved, ONE, solid(1), (24, 24), flattening=FIXED) * WEIGHT).sum()

    leaf = points.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(image(leaf), leaf)
    for row in range(12):
        for axis in range(2):
            shift = torch.zeros_like(points)
            shift[row, axis] = step
            ahead = float((image(points + shift) - image(points)) / step)
            behind = float((image(points) - image(points - shift)) / step)
            error = min(abs(float(gradient[row, axis]) - ahead), abs(float(gradient[row, axis]) - behind))
            assert error < 1e-4


def test_aligned_edge_inside_a_doubly_wound_region_has_no_gradient() -> None:
    outer, inner = rectangle(2, 2, 20, 20, torch.float64), rectangle(6, 6, 12, 12, torch.float64)
    for points in (torch.cat([outer, inner]), torch.cat([outer, inner.flip(0).roll(1, 0)])):
        points = points.requires_grad_()
        image = rasterize(points, Structure(((4, 4),)), solid(1), (24, 24))[:, 0]
        (gradient,) = torch.autograd.grad(image.sum(), points)
        within = float(gradient[12:].abs().max())
        assert within == 0 if points[13, 0] == 8 else within > 1


def test_even_odd_pixel_aligned_edges_move_both_ways() -> None:
    points = torch.cat([rectangle(2, 2, 20, 20), rectangle(6, 6, 12, 12)]).double().requires_grad_()
    structure = Structure(((4, 4),), (FillRule.EVENODD,))
    image = rasterize(points, structure, solid(1, 1.0), (24, 24), torch.zeros(3, dtype=torch.float64))[:, 0]
    (gradient,) = torch.autograd.grad(image.sum(), points)
    right = points[:, 0] == 12
    assert float(gradient[right, 0].sum()) == pytest.approx(-6, rel=0.05)  # a wider hole paints less


def test_handles_of_straight_segments_get_their_own_gradients() -> None:
    """Two vertices a segment draw it exactly, but give both handles the same gradient (26-80 % wrong)."""
    points = rectangle(4.3, 5.2, 19.6, 18.7, torch.float64).requires_grad_()
    found = []
    for flattening in (None, Flattening(tolerance=1e9, least=256)):
        image = rasterize(points, ONE, solid(1), (24, 24), flattening=flattening)
        found.append(torch.autograd.grad((image * WEIGHT).sum(), points)[0])
    assert float((found[0] - found[1]).norm() / found[1].norm()) < 0.01


def test_pieces_beyond_the_sides_neither_leak_nor_pull() -> None:
    """A band across the canvas is covered from side to side; its ends, off the canvas, have no gradient."""
    points = rectangle(-30.5, 6.25, 60.5, 14.75, torch.float64).requires_grad_()
    image = rasterize(points, ONE, solid(1), (24, 24))
    expected = torch.ones(24, dtype=torch.float64)
    expected[7:14], expected[6], expected[14] = 0, 0.25, 0.25
    torch.testing.assert_close(image[0, 0], expected.unsqueeze(1).expand(24, 24), rtol=0, atol=1e-12)
    (gradient,) = torch.autograd.grad(image[:, 0].sum(), points)
    assert float(gradient[:, 0].abs().max()) == 0
    assert float(gradient[:, 1].abs().max()) > 1
    for shift in ([40.0, 0], [-70.0, 0], [0, 40.0], [0, -40.0]):
        away = (rectangle(4, 4, 20, 20, torch.float64) + torch.tensor(shift)).requires_grad_()
        image = rasterize(away, ONE, solid(1), (24, 24))
        assert float(image.detach().min()) == 1
        assert float(torch.autograd.grad(image.sum(), away)[0].abs().max()) == 0


def test_the_same_bytes_every_time() -> None:
    found = []
    for _ in range(2):
        points, rgba = blobs(8, 40, 1, dtype=torch.float32).requires_grad_(), colors(8, 1, torch.float32)
        image = rasterize(points, Structure.uniform(8), rgba, (40, 40))
        found.append((image.detach(), torch.autograd.grad(image.square().sum(), points)[0]))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_agrees_with_the_cpu() -> None:
    found = []
    for device in ("cpu", torch.accelerator.current_accelerator()):
        points = blobs(8, 64, 1).to(device).requires_grad_()
        rgba = colors(8, 1).to(device).requires_grad_()
        image = rasterize(points, Structure.uniform(8), rgba, (64, 64))
        found.append([t.cpu() for t in (image, *torch.autograd.grad(image.square().sum(), [points, rgba]))])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
