import math

import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.core.schedule import FlowSchedule, TableSchedule, ascending

SCHEDULES = {
    "scaled-linear": TableSchedule.scaled_linear(),
    "noise-free end": TableSchedule.scaled_linear(final=1.0),
    "shifted table": TableSchedule.scaled_linear(index_shift=-1),
    "trailing": TableSchedule.scaled_linear(spacing="trailing"),
    "short table": TableSchedule(tuple(0.99 - 0.0099 * i for i in range(100))),
    "flow": FlowSchedule(),
    "shifted flow": FlowSchedule(shift=3.0),
}
pytestmark = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)


def ratio(a: float, b: float) -> float:
    return math.inf if a == 0.0 else b / a


@pytest.mark.parametrize("n", [1, 2, 7, 50, 100])
def test_visits_are_n_linked_levels_from_noisy_to_clean(schedule, n):
    steps = schedule.visits(n)
    assert [s.index for s in steps] == list(range(n))
    for here, there in zip(steps[:-1], steps[1:], strict=True):
        assert (here.t_next, here.a_next, here.b_next) == (there.t, there.a, there.b)
    levels = [ratio(s.a, s.b) for s in steps] + [ratio(steps[-1].a_next, steps[-1].b_next)]
    assert all(earlier >= later for earlier, later in zip(levels[:-1], levels[1:], strict=True))
    assert all(s.b > 0 and s.a >= 0 for s in steps)


def test_levels_agree_with_ab(schedule):
    for s in schedule.visits(9):
        assert schedule.ab(s.t) == pytest.approx((s.a, s.b), abs=1e-12)
        assert schedule.ab(s.t_next) == pytest.approx((s.a_next, s.b_next), abs=1e-12)


def test_start_is_a_suffix(schedule):
    full, part = schedule.visits(10), schedule.visits(10, start=0.3)
    assert [s[1:] for s in part] == [s[1:] for s in full[-3:]]


def test_upward_steps_mirror_downward_ones(schedule):
    down, up = schedule.visits(6), ascending(schedule.visits(6))
    assert [(s.a_next, s.b_next) for s in up] == [(s.a, s.b) for s in reversed(down)]
    assert [s.t for s in up] == [s.t for s in reversed(down)]


@pytest.mark.parametrize(("n", "start"), [(0, 1.0), (-3, 1.0), (5, 0.0), (5, 1.1), (5, float("nan"))])
def test_impossible_requests_are_refused(schedule, n, start):
    with pytest.raises(InputError):
        schedule.visits(n, start)
