"""PSNR and SSIM against known answers and another implementation."""

import math

import numpy as np
import pytest
import torch

from dreamsampler.bench.metrics.base import Metric, Sample, measure
from dreamsampler.bench.metrics.psnr import CEILING, PSNR, PSNROutside, decibels
from dreamsampler.bench.metrics.ssim import SSIM, ssim
from dreamsampler.core.errors import InputError


def test_psnr_is_in_decibels_of_full_range():
    black, grey = torch.full((3, 5, 7), -1.0), torch.full((3, 5, 7), -0.8)
    assert PSNR()(Sample(grey, truth=black)) == pytest.approx(20.0, abs=1e-5)
    assert decibels(black - 5.0, black) == CEILING, "values beyond the range are cut first"


def test_psnr_to_the_source_is_another_number(pictures):
    sample = Sample(pictures[0], source=pictures[1], truth=pictures[2])
    to_source, to_truth = PSNR("source", "PSNR to source")(sample), PSNR()(sample)
    assert to_source == decibels(pictures[0], pictures[1]) != to_truth


def test_psnr_outside_counts_outside_pixels_only(pictures):
    output = pictures[0].clone()
    output[:, :10] = -output[:, :10]
    output[:, 10:] += 0.02
    changed = torch.zeros(48, 48, dtype=torch.bool)
    changed[:10] = True
    expected = decibels(output[:, 10:], pictures[0][:, 10:])
    assert PSNROutside()(Sample(output, source=pictures[0], changed=changed)) == pytest.approx(expected, abs=1e-9)
    # the published protocol averages over the blackened region too
    inflated = 10 * math.log10(1 - changed.double().mean())
    both = [torch.where(changed, -1.0, image) for image in (output, pictures[0])]
    assert decibels(*both) + inflated == pytest.approx(expected, abs=1e-6)


def test_undefined_values_are_none_and_never_nan(pictures):
    everywhere = torch.ones(48, 48, dtype=torch.bool)
    alone, whole = Sample(pictures[0]), Sample(pictures[0], source=pictures[1], changed=everywhere)
    metrics = [PSNR(), PSNROutside(), SSIM()]
    assert all(isinstance(metric, Metric) for metric in metrics)
    assert measure(metrics, alone) == {"PSNR": None, "PSNR outside": None, "SSIM": None}
    assert PSNROutside()(whole) is None
    assert SSIM()(Sample(torch.zeros(3, 10, 48), truth=torch.zeros(3, 10, 48))) is None

    class Broken:
        name, higher_is_better = "broken", True

        def __call__(self, sample):
            return math.nan

    assert measure([Broken()], alone) == {"broken": None}


def test_ssim_is_scikit_images(pictures):
    metrics = pytest.importorskip("skimage.metrics")
    x, y = ((p.double().permute(1, 2, 0).numpy() + 1) / 2 for p in (pictures[0], 0.7 * pictures[0] + 0.3 * pictures[1]))
    theirs = metrics.structural_similarity(
        x, y, channel_axis=2, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    ours = ssim(*(torch.from_numpy(np.ascontiguousarray(p)).permute(2, 0, 1) * 2 - 1 for p in (x, y)))
    assert ours == pytest.approx(theirs, abs=1e-10)
    assert ssim(pictures[0], pictures[0]) == pytest.approx(1.0, abs=1e-12)


def test_a_sample_names_what_does_not_fit(pictures):
    with pytest.raises(InputError, match="truth"):
        Sample(pictures[0], truth=pictures[1][:, :10])
    with pytest.raises(InputError, match="output"):
        Sample(pictures)
    with pytest.raises(InputError, match="changed"):
        Sample(pictures[0], changed=torch.ones(3, 3, dtype=torch.bool))
