import numpy as np
import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.generators.svg.live import largest_component, live_seeds


def _flood(mask: np.ndarray) -> set[tuple[int, int]]:
    """Largest component by flooding, pixel by pixel."""
    left = set(map(tuple, np.argwhere(mask).tolist()))
    best: set[tuple[int, int]] = set()
    while left:
        stack, seen = [left.pop()], set()
        while stack:
            y, x = stack.pop()
            seen.add((y, x))
            near = {(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)} & left
            left -= near
            stack += near
        best = max(best, seen, key=len)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_the_largest_component_is_that_of_a_flood(seed: int) -> None:
    mask = np.random.default_rng(seed).random((23, 31)) < 0.58
    found = largest_component(mask)
    assert len(found) == len(_flood(mask))
    assert bool(mask[found[:, 0], found[:, 1]].all())
    only = np.zeros_like(mask)
    only[found[:, 0], found[:, 1]] = True
    assert len(_flood(only)) == len(found)


def test_seeds_lie_in_the_largest_wrong_area_and_take_its_color() -> None:
    target = torch.ones(3, 40, 60)
    target[:, 5:30, 10:50] = torch.tensor([0.1, 0.6, 0.2]).view(3, 1, 1)
    target[:, 33:37, 2:8] = torch.tensor([0.9, 0.0, 0.0]).view(3, 1, 1)
    first, second = live_seeds(torch.ones(3, 40, 60), target, 5)
    assert first.center == (29.5, 17.5)
    assert first.color == pytest.approx((0.1, 0.6, 0.2))
    assert 2 <= second.center[0] < 8
    assert 33 <= second.center[1] < 37
    assert second.color == pytest.approx((0.9, 0, 0))


def test_a_ring_gets_its_path_on_the_ring() -> None:
    y, x = torch.meshgrid(torch.arange(41.0) - 20, torch.arange(41.0) - 20, indexing="ij")
    ring = ((x * x + y * y).sqrt() - 12).abs() < 4
    target = torch.where(ring, 0.0, 1.0).expand(3, 41, 41)
    (seed,) = live_seeds(torch.ones(3, 41, 41), target)
    assert bool(ring[int(seed.center[1]), int(seed.center[0])])


def test_small_errors_need_no_path_and_bad_pictures_are_refused() -> None:
    target = torch.full((3, 8, 8), 0.5)
    assert live_seeds(target + 0.1, target, 3) == []
    with pytest.raises(InputError, match="shape"):
        live_seeds(torch.ones(3, 8, 8), torch.ones(3, 8, 9))
    with pytest.raises(InputError, match="NaN"):
        live_seeds(torch.full((3, 8, 8), float("nan")), target)
