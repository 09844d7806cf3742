"""The pieces of score distillation: visits, gradient steps, resuming."""

import pytest
import torch

from dreamsampler.core.loop import dream_sample
from dreamsampler.core.noise import Noise
from dreamsampler.core.schedule import FlowSchedule
from dreamsampler.core.state import State
from dreamsampler.generators.latent import TensorGenerator
from dreamsampler.methods.editing.distil import Difference, GradientStep, in_flow, random_visits
from dreamsampler.methods.editing.flowedit import Riding, relaxation
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.steering.optimize import Descend, sds_weight
from dreamsampler.steering.renoise import fresh
from dreamsampler.steering.solve import Solve


def test_visits_are_uniform_seeded_and_end_clean(gaussian):
    visits = random_visits(gaussian.schedule, 4000, 0.1, 0.5, seed=3)
    times = torch.tensor([step.t for step in visits])
    assert (times.min(), times.max()) == (100, 500)
    assert abs(times.mean() - 300) < 5
    assert (visits[-1].a_next, visits[-1].b_next) == (1.0, 0.0)
    assert all((v.a, v.b) == gaussian.schedule.ab(v.t) for v in visits)
    assert visits == random_visits(gaussian.schedule, 4000, 0.1, 0.5, seed=3)
    assert visits != random_visits(gaussian.schedule, 4000, 0.1, 0.5, seed=4)


def test_a_gradient_step_is_descent_on_the_generator_that_is_its_own_parameter(gaussian, latent):
    """GradientStep on the latent equals Descend with SGD on a TensorGenerator."""
    visits = random_visits(gaussian.schedule, 10, 0.1, 0.9)
    ours = _distil(gaussian, latent, visits, GradientStep(0.1, sds_weight()))
    generator = TensorGenerator(latent)
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.1)
    descend = Descend(generator, lambda image: image, optimizer, weight=sds_weight())
    guide = Difference(latent, ("target",), ("source",), ("",), (2.0, 2.0))
    theirs = dream_sample(_noised(latent, visits), gaussian, visits, guide, descend, fresh)
    torch.testing.assert_close(ours.z0, theirs.z0, atol=1e-12, rtol=0)


@pytest.mark.parametrize("kind", ["distillation", "flow"])
def test_a_run_resumes_from_its_state_alone(kind, gaussian, latent):
    if kind == "flow":
        visits = gaussian.schedule.visits(10)
        guide = Difference(latent, ("target",), ("source",), ("",), (3.0, 1.0), in_flow)
        parts = (guide, Solve((GradientStep(1.0, relaxation),)), Riding(latent))
    else:
        visits = random_visits(gaussian.schedule, 10, 0.1, 0.9)
        guide = Difference(latent, ("target",), ("source",), ("",), (3.0, 1.0))
        parts = (guide, Solve((GradientStep(0.1, sds_weight()),)), fresh)
    saved = {}

    def save(state, step):
        if step.index == 4:
            saved.update({name: tensor.clone() for name, tensor in state.tensors().items()})

    whole = dream_sample(_noised(latent, visits), gaussian, visits, *parts, on_step=save)
    resumed = dream_sample(State.from_tensors(saved), gaussian, visits, *parts)
    assert torch.equal(whole.z0, resumed.z0)


def test_flow_relaxation_is_the_published_euler_step():
    for step in FlowSchedule(shift=3.0).visits(7):
        assert relaxation(step) == pytest.approx((step.b - step.b_next) / step.b, abs=1e-14)


def test_dds_finds_the_target_where_the_answer_is_known(latent):
    """Equal spreads: the difference of two Gaussian scores moves psi by exactly the difference of their means."""
    names, drawn = ("", "source", "target"), Noise([0]).normal(torch.empty(1, 3, 4, 6, 6, dtype=torch.float64))
    means = dict(zip(names, drawn[0].unbind(), strict=True))
    prior = GaussianPrior(means, 0.5)
    visits = random_visits(prior.schedule, 400, 0.3, 0.7)
    done = _distil(prior, latent, visits, GradientStep(0.1, sds_weight()), scale=1.0)
    torch.testing.assert_close(
        done.z0 - latent, (means["target"] - means["source"]).expand_as(latent), atol=1e-6, rtol=0
    )


def _noised(latent, visits):
    noise = Noise([1, 2])
    return State.start(visits[0].a * latent + visits[0].b * noise.normal(latent), noise, z0=latent)


def _distil(prior, latent, visits, term, scale=2.0):
    guide = Difference(latent, ("target",), ("source",), ("",), (scale, scale))
    return dream_sample(_noised(latent, visits), prior, visits, guide, Solve((term,)), fresh)
