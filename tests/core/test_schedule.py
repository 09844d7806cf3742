import math

import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.core.schedule import FlowSchedule, TableSchedule, ascending, clean_end


def test_stable_diffusion_grid_and_levels():
    schedule = TableSchedule.scaled_linear()
    steps = schedule.visits(200)
    assert [s.t for s in steps[:3]] == [996, 991, 986]
    assert steps[-1].t == 1
    # abar at t = 996 and below the table, as published for SD1.5
    assert steps[0].a ** 2 == pytest.approx(0.00483, abs=5e-6)
    assert steps[-1].a_next ** 2 == pytest.approx(0.99915, abs=1e-6)
    for here, there in zip(steps[:-1], steps[1:], strict=True):
        assert here[4:] == there[1:4]
        assert math.isclose(here.a**2 + here.b**2, 1.0)


def test_shifted_table_is_one_entry_earlier():
    plain, shifted = TableSchedule.scaled_linear(), TableSchedule.scaled_linear(index_shift=-1)
    assert shifted.ab(996) == plain.ab(995)
    # the released code's last step is a no-op: its level equals the final one
    last = shifted.visits(200)[-1]
    assert (last.a, last.b) == (last.a_next, last.b_next)
    assert last.a == plain.ab(0)[0]


def test_a_thousand_steps_stay_inside_the_table():
    steps = TableSchedule.scaled_linear().visits(1000)
    assert steps[0].t == 999


def test_trailing_spacing_starts_at_the_last_entry():
    assert [s.t for s in TableSchedule.scaled_linear(spacing="trailing").visits(4)] == [999, 749, 499, 249]


@pytest.mark.parametrize("schedule", [TableSchedule.scaled_linear(), FlowSchedule(), FlowSchedule(shift=3.0)])
def test_start_keeps_the_lowest_share(schedule):
    full, part = schedule.visits(20), schedule.visits(20, start=0.25)
    assert len(part) == 5
    assert [s[1:] for s in part] == [s[1:] for s in full[-5:]]
    assert [s.index for s in part] == list(range(5))


@pytest.mark.parametrize("schedule", [TableSchedule.scaled_linear(), FlowSchedule(shift=3.0)])
def test_ascending_visits_the_same_levels_backwards(schedule):
    down = schedule.visits(8)
    up = ascending(down)
    for rising, falling in zip(up, reversed(down), strict=True):
        assert (rising.a, rising.b, rising.a_next, rising.b_next) == (
            falling.a_next,
            falling.b_next,
            falling.a,
            falling.b,
        )
        assert rising.t == falling.t


@pytest.mark.parametrize("schedule", [TableSchedule.scaled_linear(), FlowSchedule(shift=3.0)])
def test_a_clean_end_changes_where_the_last_step_leads_and_nothing_else(schedule):
    down = schedule.visits(8)
    clean = clean_end(down)
    assert clean[:-1] == down[:-1]
    assert clean[-1] == down[-1]._replace(a_next=1.0, b_next=0.0)
    assert ascending(clean)[0][2:4] == (1.0, 0.0)


@pytest.mark.parametrize("n", [0, -1, 1001])
def test_impossible_step_counts_are_refused(n):
    with pytest.raises(InputError, match="steps="):
        TableSchedule.scaled_linear().visits(n)


@pytest.mark.parametrize("start", [0.0, -0.5, 1.5, float("nan")])
def test_impossible_starts_are_refused(start):
    with pytest.raises(InputError, match="start="):
        FlowSchedule().visits(10, start)


@pytest.mark.parametrize("abar", [(0.9,), (0.5, 0.9), (0.9, float("nan")), (1.2, 0.1)])
def test_tables_are_checked(abar):
    with pytest.raises(InputError, match="abar"):
        TableSchedule(abar)
