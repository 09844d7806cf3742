"""The exact prior answers as a network does: from the time that it is told and the latent, whatever level is meant."""

import dataclasses

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.core.parameterization import KINDS
from dreamsampler.core.schedule import FlowSchedule, TableSchedule
from dreamsampler.core.types import Step


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("schedule", [TableSchedule.scaled_linear(), FlowSchedule(shift=3.0)])
def test_every_kind_of_output_gives_the_exact_estimates(mixture, latent, kind, schedule):
    prior = dataclasses.replace(mixture, kind=kind, schedule=schedule)
    for step in schedule.visits(7, start=0.8):
        pred = prior.predict([latent], step, [("",)])[0]
        torch.testing.assert_close(step.a * pred.z0 + step.b * pred.eps, latent, atol=1e-10, rtol=0)
        expected = torch.stack([prior.clean_mean(z, step.a, step.b, "") for z in latent])
        torch.testing.assert_close(pred.z0, expected, atol=1e-10, rtol=0)


def test_the_estimate_is_that_of_the_time_it_was_told(gaussian, latent):
    """A latent that stands lower than the time: an epsilon network's output is that of the time."""
    step = gaussian.schedule.visits(10)[4]
    there = gaussian.predict([latent], step, [("",)])[0].eps
    below = gaussian.predict([latent], step._replace(a=step.a_next, b=step.b_next), [("",)])[0]
    torch.testing.assert_close(below.eps, there, atol=1e-12, rtol=0)
    torch.testing.assert_close(below.z0, (latent - step.b_next * there) / step.a_next, atol=1e-12, rtol=0)


@pytest.mark.parametrize("kind", ["eps", "v", "flow"])
def test_a_clean_latent_is_its_own_estimate(gaussian, latent, kind):
    prior = dataclasses.replace(gaussian, kind=kind, schedule=FlowSchedule())
    pred = prior.predict([latent], Step(0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0), [("",)])[0]
    torch.testing.assert_close(pred.z0, latent, atol=1e-12, rtol=0)
    assert float(pred.eps.abs().max()) < 1e-12


def test_a_clean_latent_leaves_the_noise_open_for_x0_prediction(gaussian, latent):
    prior = dataclasses.replace(gaussian, kind="x0", schedule=FlowSchedule())
    with pytest.raises(InputError, match="does not determine the noise"):
        prior.predict([latent], Step(0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0), [("",)])
