"""Noise that is not given is estimated: known noise on drawn scenes, cut off and rounded as files do it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dreamsampler.core.noise import Noise
from dreamsampler.io.tensors import to_pixels, to_tensor
from dreamsampler.operators import Mask, Operator, degrade, downsample, gaussian_blur, identity
from dreamsampler.tasks.vectorize.noise import estimate_noise_std
from iconworld import sample_scene

SCENE = (3, 128, 128)


def picture(number: int) -> Tensor:
    return to_tensor(sample_scene(number, "dev").picture(128))


@pytest.mark.parametrize("std", [0.02, 0.1, 0.2])
@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("operator", [identity(), gaussian_blur(3.0)], ids=["none", "blur"])
def test_known_noise_is_found(operator: Operator, as_file: bool, std: float) -> None:
    for number in range(3):
        y = degrade(picture(number), operator, std, seeds=[number]).y
        if as_file:
            y = to_tensor(to_pixels(y.clamp(-1, 1)))
        assert estimate_noise_std(operator, y, SCENE) == pytest.approx(std, rel=0.2)


@pytest.mark.parametrize("std", [0.05, 0.1])
def test_dense_edges_count_as_some_noise(std: float) -> None:
    for number in range(3):
        y = degrade(picture(number), downsample(4), std, seeds=[number]).y
        assert 0.9 * std < estimate_noise_std(downsample(4), y, SCENE) < 1.8 * std


@pytest.mark.parametrize("operator", [identity(), gaussian_blur(3.0), gaussian_blur(1.0)], ids=["none", "blur", "soft"])
def test_clean_pictures_have_none(operator: Operator) -> None:
    for number in range(3):
        y = operator.forward(picture(number))
        assert estimate_noise_std(operator, y, SCENE) == 0
        assert estimate_noise_std(operator, to_tensor(to_pixels(y)), SCENE) == 0


def test_what_was_not_measured_is_no_evidence() -> None:
    seen = torch.zeros(1, 1, 128, 128)
    seen[..., ::8, :] = seen[..., 1::8, :] = 1.0
    mask = Mask(seen)
    y = mask.forward(picture(1)) + 0.1 * seen * Noise([1]).normal(torch.empty(1, 3, 128, 128))
    assert estimate_noise_std(mask, y, SCENE) == pytest.approx(0.1, rel=0.2)
    assert estimate_noise_std(identity(), y, SCENE) == 0, "most of it is black or exactly alike"


def test_the_least_noisy_item_counts_and_few_blocks_tell_nothing() -> None:
    y = torch.cat([degrade(picture(2), identity(), std, seeds=[2]).y for std in (0.2, 0.05)])
    assert estimate_noise_std(identity(), y, SCENE) == pytest.approx(0.05, rel=0.16)
    small = 0.1 * Noise([0]).normal(torch.empty(1, 3, 24, 24))
    assert estimate_noise_std(identity(), small, (3, 24, 24)) == 0
