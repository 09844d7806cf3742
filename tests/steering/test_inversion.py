import dataclasses

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.core.loop import dream_sample
from dreamsampler.core.noise import Noise
from dreamsampler.core.parameterization import KINDS
from dreamsampler.core.schedule import FlowSchedule, TableSchedule
from dreamsampler.core.state import State
from dreamsampler.steering.guidance import Single
from dreamsampler.steering.inversion import METHODS, invert
from dreamsampler.steering.renoise import keep
from dreamsampler.steering.solve import Solve


def round_trip(prior, z0, n, method, rounds=2):
    steps = prior.schedule.visits(n)
    top = invert(prior, State.start(z0, [0, 1]), steps, ("",), method, rounds)
    back = dream_sample(State.start(top.z, [0, 1]), prior, steps, Single(("",)), Solve(), keep)
    return float((back.z0 - z0).norm() / z0.norm())


@pytest.fixture
def picture(mixture):
    """A draw from the null prompt's own distribution."""
    noise = Noise([1, 2]).normal(torch.empty(2, 4, 6, 6, dtype=torch.float64))
    return mixture.means[""][torch.tensor([0, 1])] + mixture.std * noise


def test_released_inversion(mixture, picture):
    """e = eps(z at t', t); z_t = a (z - b' e) / a' + b e, longhand, from the released script's level."""
    z = picture
    steps = mixture.schedule.visits(20)
    for s in reversed(steps):
        e = mixture.predict([z], s, [("",)])[0].eps
        z = s.a * (z - s.b_next * e) / s.a_next + s.b * e
    top = invert(mixture, State.start(picture, [0, 1]), steps, ("",), "plain", clean=False)
    torch.testing.assert_close(top.z, z, atol=1e-12, rtol=0)


def test_a_clean_picture_is_inverted_from_a_clean_level(mixture, picture):
    """Taken to lie at the table's last level, a picture keeps an error that no refinement removes."""
    steps = mixture.schedule.visits(20)
    lost = {}
    for clean in (False, True):
        top = invert(mixture, State.start(picture, [0, 1]), steps, ("",), "fixed-point", 40, clean=clean)
        back = dream_sample(State.start(top.z, [0, 1]), mixture, steps, Single(("",)), Solve(), keep)
        lost[clean] = float((back.z0 - picture).norm() / picture.norm())
    assert lost[False] > 1e-3
    assert lost[True] < 1e-9


PATHS = {
    "table": TableSchedule.scaled_linear(),
    "table with a clean end": TableSchedule.scaled_linear(final=1.0),
    "flow": FlowSchedule(),
    "shifted flow": FlowSchedule(shift=3.0),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_inversion_does_not_depend_on_what_the_network_predicts(mixture, picture, path, method):
    """An exact prior gives one answer whichever output it is read from, on every path and from a clean latent."""
    tops = {}
    for kind in KINDS:
        prior = dataclasses.replace(mixture, kind=kind, schedule=PATHS[path])
        # at sigma = 1 the noise says nothing of the picture: begin below it
        steps = PATHS[path].visits(20, start=0.9)
        top = invert(prior, State.start(picture, [0, 1]), steps, ("",), method)
        back = dream_sample(State.start(top.z, [0, 1]), prior, steps, Single(("",)), Solve(), keep)
        assert float((back.z0 - picture).norm() / picture.norm()) < (0.3 if method == "plain" else 0.1)
        tops[kind] = top.z
    for kind in KINDS:
        torch.testing.assert_close(tops[kind], tops["eps"], atol=1e-9, rtol=0)


@pytest.mark.parametrize("kind", ["x0", "v", "flow"])
def test_inversion_reaches_pure_noise_where_the_output_allows_it(mixture, picture, kind):
    prior = dataclasses.replace(mixture, kind=kind, schedule=FlowSchedule())
    assert round_trip(prior, picture, 60, "two-step") < 0.02


def test_better_methods_lose_less(mixture, picture):
    plain, two_step = (round_trip(mixture, picture, 20, m) for m in ("plain", "two-step"))
    fixed = [round_trip(mixture, picture, 20, "fixed-point", r) for r in (1, 3, 30)]
    assert two_step < 0.5 * plain
    assert fixed[0] < 0.5 * plain
    assert fixed[1] < fixed[0]
    assert fixed[2] < 1e-9, "at its fixed point inversion is the exact inverse of sampling"


def test_two_step_is_of_second_order(mixture, picture):
    plain = [round_trip(mixture, picture, n, "plain") for n in (50, 100)]
    second = [round_trip(mixture, picture, n, "two-step") for n in (50, 100)]
    assert plain[0] / plain[1] == pytest.approx(2.0, rel=0.35)
    assert second[0] / second[1] > 3.0


@pytest.mark.parametrize(("method", "each"), [("plain", 1), ("two-step", 1), ("fixed-point", 3)])
def test_evaluations(mixture, picture, method, each):
    before = mixture.evaluations
    invert(mixture, State.start(picture, [0, 1]), mixture.schedule.visits(12), ("",), method, rounds=2)
    assert mixture.evaluations - before == 12 * each * 2


@pytest.mark.parametrize("method", METHODS)
def test_resumes_bit_for_bit(mixture, picture, method):
    from dreamsampler.core.schedule import ascending
    from dreamsampler.steering.inversion import upward

    up = ascending(mixture.schedule.visits(10))
    start = State.start(picture, [0, 1])
    whole = dream_sample(start, mixture, up, upward(("",), method), Solve(), keep)
    half = dream_sample(start, mixture, up[:4], upward(("",), method), Solve(), keep)
    rest = dream_sample(State.from_tensors(half.tensors()), mixture, up, upward(("",), method), Solve(), keep)
    assert torch.equal(rest.z, whole.z)


def test_unknown_method_is_refused(mixture, picture):
    with pytest.raises(InputError, match="inversion='magic'"):
        invert(mixture, State.start(picture, [0, 1]), mixture.schedule.visits(5), ("",), "magic")
    with pytest.raises(InputError, match="rounds=0"):
        invert(mixture, State.start(picture, [0, 1]), mixture.schedule.visits(5), ("",), "fixed-point", 0)
