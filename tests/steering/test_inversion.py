import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.core.loop import dream_sample
from dreamsampler.core.noise import Noise
from dreamsampler.core.state import State
from dreamsampler.steering.guidance import Single
from dreamsampler.steering.inversion import METHODS, invert
from dreamsampler.steering.renoise import keep
from dreamsampler.steering.solve import Solve


def round_trip(prior, z0, n, method, rounds=2):
    steps = prior.schedule.visits(n)
    top = invert(prior, State.start(z0, [0, 1]), steps, ("",), method, rounds)
    back = dream_sample(State.start(top.z, [0, 1]), prior, steps, Single(("",)), Solve(), keep)
    # both ends at the final level (a, b), which still holds a little noise
    return float((back.z - z0).norm() / z0.norm())


@pytest.fixture
def picture(mixture):
    """A draw from the null prompt's own distribution."""
    noise = Noise([1, 2]).normal(torch.empty(2, 4, 6, 6, dtype=torch.float64))
    return mixture.means[""][torch.tensor([0, 1])] + mixture.std * noise


def test_released_inversion(mixture, picture):
    """e = eps(z at t', t); z_t = a (z - b' e) / a' + b e, longhand."""
    z = picture
    steps = mixture.schedule.visits(20)
    for s in reversed(steps):
        e = mixture.predict([z], s._replace(a=s.a_next, b=s.b_next), [("",)])[0].eps
        z = s.a * (z - s.b_next * e) / s.a_next + s.b * e
    top = invert(mixture, State.start(picture, [0, 1]), steps, ("",), "plain")
    torch.testing.assert_close(top.z, z, atol=1e-12, rtol=0)


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
