"""How much of a picture a prior takes for noise, and what is said of one that it was not made for."""

from dataclasses import replace

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.priors.world import BUNDLED, World, outside, refusal, sentences, taken_for_noise, world_of
from dreamsampler.tasks.edit import InversionReport


@pytest.fixture
def prior():
    return GaussianPrior({"": torch.full((3, 8, 8), 0.5)}, 0.25)


def test_what_is_taken_for_noise_is_the_distance_to_what_is_expected(prior):
    a, b = prior.schedule.ab(125.0)
    latents = 0.5 + torch.stack([torch.zeros(3, 8, 8), 2.0 * torch.ones(3, 8, 8)])
    # eps of N(0.5, 0.25 ** 2) at level (a, b): b (z - a m) / (a^2 s^2 + b^2), here z - a m = a (0 or 2)
    expected = (b * a * 2.0 / (a**2 * 0.25**2 + b**2)) ** 2
    assert taken_for_noise(prior, latents) == pytest.approx((0.0, expected), rel=1e-5)


def test_only_a_picture_beyond_the_limit_is_refused(prior):
    latents = 0.5 + torch.stack([torch.zeros(3, 8, 8), 2.0 * torch.ones(3, 8, 8)])
    within, beyond = outside(prior, latents, World(0.5, "grey squares"))
    assert within is None
    assert "grey squares" in beyond
    assert "-m " in beyond
    assert refusal(BUNDLED.taken, BUNDLED) is None


def test_a_prior_without_limits_is_not_evaluated(prior, monkeypatch):
    monkeypatch.setattr(GaussianPrior, "predict", None)
    assert world_of(prior) is None
    assert outside(prior, torch.zeros(2, 3, 8, 8)) == (None, None)
    with pytest.raises(InputError, match=r"\[3, 8, 8\]"):
        outside(prior, torch.zeros(3, 8, 8))


def test_the_report_says_which_item():
    report = InversionReport((30.0, 30.0), None, torch.zeros(2, 3, 8, 8), (None, "it is strange"))
    assert report.warnings() == sentences((None, "it is strange")) == ("item 1: it is strange",)
    assert replace(report, outside=()).warnings() == ()
