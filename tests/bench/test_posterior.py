"""Against the posterior in closed form: the exact method converges to it, the others' errors are what they are."""

import pytest
import torch

from dreamsampler.bench.posterior import OPERATORS, SIGMA, exact_posterior, run, true_variance
from dreamsampler.core.errors import InputError
from dreamsampler.core.loop import dream_sample
from dreamsampler.core.schedule import FlowSchedule
from dreamsampler.core.state import State
from dreamsampler.methods.inverse.diffpir import DiffPIR
from dreamsampler.operators import Measurement, degrade
from dreamsampler.priors.gaussian import GaussianPrior, IdentitySpace
from dreamsampler.tasks.cases import InverseCase

SIDE, STD = 6, 0.3


def errors(name, steps):
    """Relative errors of mean and covariance of DiffPIR with the true variance, without sampling.

    The sampler is affine in its starting noise there, so a basis of starts gives the distribution of its results.
    """
    draw = torch.Generator().manual_seed(0)
    mean = 0.4 * torch.randn(1, SIDE, SIDE, generator=draw, dtype=torch.float64)
    # a flow's levels go evenly down to the clean picture; Stable Diffusion's end in a jump that loses variance
    prior = GaussianPrior({"": mean}, STD, "v", FlowSchedule(), IdentitySpace(channels=1))
    scene = mean[None] + STD * torch.randn(1, 1, SIDE, SIDE, generator=draw, dtype=torch.float64)
    one = degrade(scene, OPERATORS[name], SIGMA)
    truth = exact_posterior(OPERATORS[name], one.y, SIGMA, mean, STD)
    n = SIDE * SIDE
    many = Measurement(OPERATORS[name], one.y.expand(n + 1, -1, -1, -1), SIGMA)
    (leg,) = DiffPIR(steps=steps, zeta=0.0, variance=true_variance(STD))(InverseCase.of(prior, many)).legs
    basis = torch.cat([torch.zeros(1, n, dtype=torch.float64), torch.eye(n, dtype=torch.float64)])
    visits = prior.schedule.visits(steps, start=0.95)  # at the very top there is nothing to divide by
    state = State.start(basis.reshape(-1, 1, SIDE, SIDE), list(range(n + 1)))
    ends = dream_sample(state, prior, visits, leg.guide, leg.solve, leg.renoise).z0.flatten(1)
    offset, linear = ends[0], (ends[1:] - ends[0]).T
    # what the posterior looks like at the top of the trajectory
    a, b = visits[0].a, visits[0].b
    mean_top, cov_top = a * truth.mean, a * a * truth.covariance + b * b * torch.eye(n, dtype=torch.float64)
    mean_end, cov_end = linear @ mean_top + offset, linear @ cov_top @ linear.T
    shift = (mean_end - truth.mean) / truth.covariance.diagonal().sqrt()
    return float(shift.square().mean().sqrt()), float((cov_end - truth.covariance).norm() / truth.covariance.norm())


@pytest.mark.parametrize("name", OPERATORS)
def test_diffpir_with_the_true_variance_converges_to_the_posterior(name):
    coarse, fine = errors(name, 100), errors(name, 400)
    assert fine[0] < 1e-10
    assert fine[1] < 0.015
    # first order in the step: a quarter of the step, about a quarter of the error
    assert fine[1] < 0.4 * coarse[1]


def test_the_closed_form_equals_regression_on_many_draws():
    """Linear regression of scenes on measurements finds the same mean."""
    draw = torch.Generator().manual_seed(1)
    operator, mean = OPERATORS["sr x2"], 0.4 * torch.randn(1, SIDE, SIDE, generator=draw, dtype=torch.float64)
    scenes = mean + STD * torch.randn(40000, 1, SIDE, SIDE, generator=draw, dtype=torch.float64)
    noise = SIGMA * torch.randn(40000, 1, SIDE // 2, SIDE // 2, generator=draw, dtype=torch.float64)
    y = (operator.forward(scenes) + noise).flatten(1)
    design = torch.cat([y, torch.ones(len(y), 1, dtype=torch.float64)], 1)
    weights = torch.linalg.lstsq(design, scenes.flatten(1)).solution
    truth = exact_posterior(operator, y[:1].reshape(1, 1, 3, 3), SIGMA, mean, STD)
    torch.testing.assert_close(design[0] @ weights, truth.mean, atol=0.02, rtol=0)
    rest = scenes.flatten(1) - design @ weights
    torch.testing.assert_close(rest.T @ rest / len(y), truth.covariance, atol=0.003, rtol=0)


def test_the_table_tells_the_exact_method_from_the_others():
    table = run(("diffpir-exact", "ddnm", "repaint"), operators=("mask", "blur"), samples=60, steps=60)
    rows = {labels: [cell.mean for cell in cells] for labels, cells in table.rows}
    assert set(rows) == {
        ("mask", "diffpir-exact"), ("mask", "ddnm"), ("mask", "repaint"), ("blur", "diffpir-exact"), ("blur", "ddnm")
    }  # fmt: skip
    for (_operator, method), (bias, spread, misfit, _evaluations) in rows.items():
        if method == "diffpir-exact":
            assert bias < 0.2
            assert spread == pytest.approx(1.0, abs=0.25)
            assert misfit == pytest.approx(1.0, abs=0.3)
    assert rows["blur", "ddnm"][0] < 1.0, "DDNM+ does not turn noise into picture"
    assert rows["mask", "ddnm"][3] == 60


def test_diffpir_as_published_is_near_the_posterior():
    """With sigma of pictures in [0, 1]: rho is a quarter of what [-1, 1] would give (0.78, 1.51, 1.75)."""
    table = run(("diffpir",), samples=200, steps=100)
    for _, cells in table.rows:
        bias, spread, misfit, _ = (cell.mean for cell in cells)
        assert bias < 0.2
        assert spread == pytest.approx(0.95, abs=0.1)
        assert misfit == pytest.approx(1.0, abs=0.12)


def test_bad_arguments():
    with pytest.raises(InputError, match="smear"):
        run(operators=("smear",))
    with pytest.raises(InputError, match="samples=1"):
        run(samples=1)
