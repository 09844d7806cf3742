"""The start by patches of color: wide ones below, each in its outline and color; spare paths are parked."""

from __future__ import annotations

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.generators.svg.components import component_outlines


def picture() -> torch.Tensor:
    """A blue ground with a large red square, a small green one on it, and a yellow one in a corner's distance."""
    image = torch.zeros(3, 48, 64)
    image[2] = 1.0
    image[:, 10:34, 10:34] = torch.tensor([1.0, 0.0, 0.0])[:, None, None]
    image[:, 20:26, 16:22] = torch.tensor([0.0, 1.0, 0.0])[:, None, None]
    image[:, 36:44, 50:60] = torch.tensor([1.0, 1.0, 0.0])[:, None, None]
    return image


def test_patches_become_paths_of_their_outline_widest_first() -> None:
    made = component_outlines(picture(), 3)
    assert made.size == (48, 64)
    assert made.background is not None
    assert made.background.tolist() == pytest.approx([0, 0, 1], abs=0.02)
    shapes = made.shapes()
    assert [shape.rgba for shape in shapes] == [
        pytest.approx(rgba, abs=0.02) for rgba in ((1, 0, 0, 1), (1, 1, 0, 1), (0, 1, 0, 1))
    ]
    assert float((made.render()[0] - picture()).abs().mean()) < 0.02


def test_what_a_ring_surrounds_lies_above_it_though_it_is_larger() -> None:
    image = torch.ones(3, 40, 40)
    image[:, 6:34, 6:34] = torch.tensor([0.0, 0.0, 1.0])[:, None, None]
    image[:, 9:31, 9:31] = torch.tensor([1.0, 0.0, 0.0])[:, None, None]
    assert [shape.rgba[2] for shape in component_outlines(image, 2).shapes()] == pytest.approx([1.0, 0.0], abs=0.02)


def test_seams_of_one_pixel_get_no_path() -> None:
    image = torch.zeros(3, 40, 40)
    image[:, 20] = 0.5
    image[:, 21:] = 1.0
    made = component_outlines(image, 4)
    assert [shape.rgba[3] for shape in made.shapes()].count(1.0) == 1


def test_paths_that_are_left_over_are_parked() -> None:
    made = component_outlines(picture(), 8, segments=5)
    assert made.structure.segments == ((5,),) * 8
    assert made.rgba[3:, 3].tolist() == [0.0] * 5
    assert torch.equal(made.points[45:], torch.tensor([32.0, 24.0]).expand(75, 2))
    flat = component_outlines(torch.full((3, 16, 16), 0.5), 2)
    assert flat.structure.path_count == 2
    assert float(flat.rgba[:, 3].sum()) == 0


@pytest.mark.parametrize("swap", [False, True])
def test_many_specks_of_one_color_do_not_hide_a_large_patch_of_another(swap: bool) -> None:
    image = torch.ones(3, 40, 60)
    specks, large = torch.tensor([0.9, 0.0, 0.0])[:, None, None], torch.tensor([0.0, 0.6, 0.1])[:, None, None]
    if swap:
        specks, large = large, specks
    for k in range(24):
        row, column = 2 + 4 * (k // 6), 2 + 4 * (k % 6)
        image[:, row : row + 2, column : column + 2] = specks
    image[:, 22:36, 34:56] = large
    (only,) = component_outlines(image, 1).shapes()
    assert only.rgba[:3] == pytest.approx(large.flatten().tolist(), abs=0.02)


def test_fewer_paths_than_patches_keep_the_largest() -> None:
    (only,) = component_outlines(picture(), 1).shapes()
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
        component_outlines(image, count)


def test_soft_shades_of_one_color_are_one_patch() -> None:
    image = picture()
    image += 0.01 * torch.sin(torch.arange(64.0) / 3) + 0.01 * torch.cos(torch.arange(48.0) / 2)[:, None]
    made = component_outlines(image.clamp(0, 1), 8)
    assert made.rgba[:, 3].tolist() == [1.0] * 3 + [0.0] * 5
