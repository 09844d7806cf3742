"""Guidance, solve, terms, renoise: what the loop relies on."""

import pytest
import torch

from dreamsampler.core.noise import Noise
from dreamsampler.core.state import State
from dreamsampler.core.types import Prediction
from dreamsampler.generators.latent import TensorGenerator
from dreamsampler.steering.guidance import CFG, Branches, Single
from dreamsampler.steering.inversion import Refined
from dreamsampler.steering.optimize import Descend
from dreamsampler.steering.renoise import Mix, Replay, fresh, keep
from dreamsampler.steering.solve import Solve, When
from dreamsampler.steering.strength import Constant, GuidanceScale, PaperStrength, Strength
from dreamsampler.steering.text import TextPull

SHAPE = (2, 4, 6, 6)

GUIDANCE = {
    "single": Single(("target",)),
    "cfg": CFG(("target",), ("",), 5.0),
    "cfg++": CFG(("target",), ("",), 0.5, renoise="uncond"),
    "branches": Branches(("",), (("target",), ("other",))),
    "two-step": Refined(("",), 1, warm=True),
    "fixed-point": Refined(("",), 2, warm=False),
}
TERMS = {
    "text": TextPull((Constant(0.4),) * 2),
    "masked text": TextPull((Constant(0.4),) * 2, (torch.ones(1, 1, 6, 6), torch.zeros(1, 1, 6, 6))),
    "when": When(lambda step: True, TextPull((Constant(0.4),) * 2)),
}
RENOISE = {
    "keep": keep,
    "fresh": fresh,
    "mix": Mix(0.5),
    "scheduled mix": Mix(lambda step: step.a),
    "replay": Replay([torch.zeros(SHAPE, dtype=torch.float64)] * 10),
}
WEIGHTS = {
    "paper": PaperStrength(0.2),
    "scale": GuidanceScale(4.0),
    "constant": Constant(0.3),
    "strength": None,
}


@pytest.fixture
def state(latent):
    return State.start(latent, [3, 4], z0=0.5 * latent)


@pytest.fixture
def step(gaussian):
    return gaussian.schedule.visits(10)[5]


def item(state: State, k: int) -> State:
    return State.start(state.z[k : k + 1], [3 + k], z0=state.z0[k : k + 1])


def prediction(prior, state, step) -> Prediction:
    return Branches(("",), (("target",), ("other",)))(prior, state, step)


@pytest.mark.parametrize("guide", GUIDANCE.values(), ids=GUIDANCE)
def test_guidance(gaussian, state, step, guide):
    pred = guide(gaussian, state, step)
    assert pred.z0.shape == pred.eps.shape == SHAPE
    assert all(target.shape == SHAPE for target in pred.targets)
    for k in range(2):
        alone = guide(gaussian, item(state, k), step)
        torch.testing.assert_close(alone.z0[0], pred.z0[k], atol=1e-12, rtol=0)
    again = guide(gaussian, state, step)
    assert torch.equal(again.z0, pred.z0)


@pytest.mark.parametrize("term", TERMS.values(), ids=TERMS)
def test_terms(gaussian, state, step, term):
    pred = prediction(gaussian, state, step)
    before = pred.z0.clone()
    out = term(pred.z0, pred, state, step)
    assert out.shape == SHAPE
    assert torch.equal(pred.z0, before), "a term must not change its input"
    assert term.needs_prior_grad(step) in (True, False)
    alone = term(pred.z0[:1], prediction(gaussian, item(state, 0), step), item(state, 0), step)
    torch.testing.assert_close(alone[0], out[0], atol=1e-12, rtol=0)
    # chained in a Solve it is the same answer
    assert torch.equal(Solve((term,))(pred, state, step), out)


def test_empty_solve_accepts_the_estimate(gaussian, state, step):
    pred = prediction(gaussian, state, step)
    assert torch.equal(Solve()(pred, state, step), pred.z0)


def test_descend_moves_towards_the_estimate(gaussian, state, step):
    pred = prediction(gaussian, state, step)
    generator = TensorGenerator(torch.zeros(SHAPE, dtype=torch.float64))
    solve = Descend(generator, lambda x: x, torch.optim.SGD(generator.parameters(), lr=0.25))
    out = solve(pred, state, step)
    torch.testing.assert_close(out, 0.25 * pred.z0, atol=1e-12, rtol=0)
    assert not out.requires_grad
    assert out.data_ptr() != generator.psi.data_ptr(), "the answer must not change with later steps"
    assert solve.loss == pytest.approx(0.5 * float(pred.z0.square().sum()))


@pytest.mark.parametrize("renoise", RENOISE.values(), ids=RENOISE)
def test_renoise(gaussian, state, step, renoise):
    pred = prediction(gaussian, state, step)
    streams = [State.start(state.z, [3, 4], z0=state.z0) for _ in range(2)]
    first, second = (renoise(pred, pred.z0, s, step) for s in streams)
    assert first.shape == SHAPE
    assert torch.equal(first, second), "the same streams give the same noise"
    alone = renoise(prediction(gaussian, item(state, 1), step), pred.z0[1:], item(state, 1), step)
    torch.testing.assert_close(alone[-1], first[1], atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_are_finite_and_not_negative(gaussian, name):
    for schedule_steps in (5, 50, 200):
        weight = WEIGHTS[name] or Strength(1.0)
        values = [weight(step) for step in gaussian.schedule.visits(schedule_steps)]
        assert all(0.0 <= value < 100.0 for value in values)


def test_streams_of_a_batch_are_independent():
    noise = Noise([1, 2])
    draws = noise.normal(torch.empty(2, 1000))
    assert abs(float(torch.corrcoef(draws)[0, 1])) < 0.1
