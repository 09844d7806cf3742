"""Restoration where the right answer is known: samples of the posterior of a Gaussian prior."""

import pytest
import torch

from dreamsampler.bench.posterior import run
from dreamsampler.operators import Mask, Measurement, degrade
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.tasks.restore import restore


@pytest.mark.parametrize("method", ["dreamsampler", "dreamsampler:begin=noise"])
def test_without_a_prompt_it_samples_the_posterior(method):
    """The inversion of a first guess is undone where y says nothing: bias 0.9 to 1.7, no spread."""
    table = run([method], samples=200, steps=100)
    assert len(table.rows) == 3
    for labels, cells in table.rows:
        bias, spread, misfit, _ = (float(cell.mean) for cell in cells)
        assert bias < 0.25, labels
        assert 0.85 < spread < 1.1, labels
        assert 0.85 < misfit < 1.2, labels


def test_a_hole_is_filled_from_the_prior_and_not_with_the_first_guess():
    """In the hole the posterior is the prior: its mean and its spread, nothing of the grey that A^+ y has there."""
    mean = torch.full((3, 6, 6), 0.5, dtype=torch.float64)
    prior = GaussianPrior({"": mean}, std=0.2)
    hole = torch.zeros(1, 1, 6, 6, dtype=torch.float64)
    hole[..., 1:4, 1:5] = 1.0
    scene = mean + 0.2 * torch.randn(1, 3, 6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    one = degrade(scene, Mask.hole(hole), 0.02, seeds=[0])
    many = Measurement(one.operator, one.y.expand(100, -1, -1, -1), 0.02)
    inside = restore(prior, many, steps=100).images[..., 1:4, 1:5]
    assert float(inside.mean()) == pytest.approx(0.5, abs=0.02)
    assert float(inside.std()) == pytest.approx(0.2, rel=0.15)
    still = restore(prior, one, steps=100, begin="inversion").images[..., 1:4, 1:5]
    assert float(still.abs().mean()) < 0.1, "the deterministic rule stays near the first guess, 0 in the hole"


def test_a_sample_is_its_seeds_own_and_costs_no_inversion():
    prior = GaussianPrior({"": torch.zeros(3, 6, 6, dtype=torch.float64)}, std=0.3)
    hole = torch.zeros(1, 1, 6, 6, dtype=torch.float64)
    hole[..., 2:, :] = 1.0
    measurement = degrade(torch.zeros(2, 3, 6, 6, dtype=torch.float64), Mask.hole(hole), 0.05, seeds=[0, 1])
    both = restore(prior, measurement, steps=20, seeds=[3, 4])
    assert both.receipt.evaluations == 2 * 12
    alone = restore(prior, Measurement(measurement.operator, measurement.y[1:], 0.05), steps=20, seeds=[4])
    assert torch.equal(both.images[1:], alone.images)
    assert not torch.equal(both.images[0], both.images[1])
