"""The start by patches of colour: large ones below, each a circle of its area at its place, in its colour."""

from __future__ import annotations

import math

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.generators.svg.components import component_circles


def picture() -> torch.Tensor:
    """A blue ground with a large red square, a small green one on it, and a yellow one in a corner's distance."""
    image = torch.zeros(3, 48, 64)
    image[2] = 1.0
    image[:, 10:34, 10:34] = torch.tensor([1.0, 0.0, 0.0])[:, None, None]
    image[:, 20:26, 16:22] = torch.tensor([0.0, 1.0, 0.0])[:, None, None]
    image[:, 36:44, 50:60] = torch.tensor([1.0, 1.0, 0.0])[:, None, None]
    return image


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_patches_become_circles_of_their_area_largest_first() -> None:
    made = component_circles(picture(), 3, rng())
    assert made.size == (48, 64)
    assert made.background is not None
    assert made.background.tolist() == pytest.approx([0, 0, 1], abs=0.02)
    shapes = made.shapes()
    assert [shape.rgba for shape in shapes] == [
        pytest.approx(rgba, abs=0.02) for rgba in ((1, 0, 0, 1), (1, 1, 0, 1), (0, 1, 0, 1))
    ]
    for shape, area, centre in zip(shapes, (24 * 24 - 36, 80, 36), ((22, 22), (55, 40), (19, 23)), strict=True):
        anchors = shape.contours[0][::3]
        middle = anchors.mean(0)
        assert float((anchors - middle).norm(dim=1).mean()) == pytest.approx(math.sqrt(area / math.pi), rel=0.01)
        assert middle.tolist() == pytest.approx(centre, abs=2.5)


def test_too_few_patches_are_filled_up_with_small_circles_of_the_seed() -> None:
    made, again = component_circles(picture(), 8, rng(), segments=5), component_circles(picture(), 8, rng(), segments=5)
    assert made.structure.segments == ((5,),) * 8
    assert torch.equal(made.points, again.points)
    other = component_circles(picture(), 8, torch.Generator().manual_seed(1), segments=5)
    assert torch.equal(made.points[:45], other.points[:45]), "the patches do not depend on the seed"
    assert not torch.equal(made.points[45:], other.points[45:])
    flat = component_circles(torch.full((3, 16, 16), 0.5), 2, rng())
    assert flat.structure.path_count == 2


@pytest.mark.parametrize("swap", [False, True])
def test_many_specks_of_one_colour_do_not_hide_a_large_patch_of_another(swap: bool) -> None:
    image = torch.ones(3, 40, 60)
    specks, large = torch.tensor([0.9, 0.0, 0.0])[:, None, None], torch.tensor([0.0, 0.6, 0.1])[:, None, None]
    if swap:
        specks, large = large, specks
    for k in range(24):
        row, column = 2 + 4 * (k // 6), 2 + 4 * (k % 6)
        image[:, row : row + 2, column : column + 2] = specks
    image[:, 22:36, 34:56] = large
    (only,) = component_circles(image, 1, rng()).shapes()
    assert only.rgba[:3] == pytest.approx(large.flatten().tolist(), abs=0.02)


def test_fewer_paths_than_patches_keep_the_largest() -> None:
    (only,) = component_circles(picture(), 1, rng()).shapes()
    assert only.rgba[:3] == pytest.approx((1, 0, 0), abs=0.02)


@pytest.mark.parametrize(
    ("image", "count", "message"),
    [
        (torch.zeros(1, 8, 8), 2, "picture"),
        (torch.full((3, 8, 8), float("nan")), 2, "picture"),
        (torch.zeros(3, 8, 8), 0, "paths"),
        (torch.zeros(3, 8, 8), 10**6, "paths"),
    ],
)
def test_bad_arguments_are_named(image: torch.Tensor, count: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        component_circles(image, count, rng())
