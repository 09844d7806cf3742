"""Optimizing a drawing through the loop: rates, renewals, checkpoints, items of a batch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dreamsampler.core.errors import InputError
from dreamsampler.generators.svg.drawing import Drawing
from dreamsampler.generators.svg.initialize import random_circles
from dreamsampler.generators.svg.rates import warm_up
from dreamsampler.operators import Measurement, identity
from dreamsampler.tasks.canvas import Canvas, Course, Look, clean_visits, run_phases
from dreamsampler.tasks.sketch import VectorSettings, fit_phase

SIZE = (20, 24)
SETTINGS = VectorSettings(paths=5, steps=9, prune_every=2)


def circles(seed: int, count: int = 5, opacity: float | None = None) -> Drawing:
    made = random_circles(count, SIZE, torch.Generator().manual_seed(seed), radius=4)
    if opacity is not None:
        made.rgba[:2, 3] = opacity
    return made


def target(*seeds: int) -> Measurement:
    return Measurement(identity(), torch.cat([2 * circles(seed, 3).render() - 1 for seed in seeds]))


def fitted(
    starts: list[Drawing], seeds: list[int], goal: Measurement, course: Course | None = None, **settings: float
) -> Canvas:
    canvas = Canvas(starts, seeds, **{"rate": 0.5, "total": 9, "renew_every": 2, **settings})
    run_phases(None, canvas, [fit_phase(goal, SETTINGS, canvas, canvas.total)], course)
    return canvas


def test_rates_follow_the_schedule_and_colors_stay_in_range() -> None:
    seen: list[tuple[float, ...]] = []

    def look(now: Look) -> None:
        seen.append(tuple(group["lr"] for group in now.canvas.optimizer.param_groups))

    canvas = fitted([circles(0)], [0], target(7), Course(on_look=look), rate=4.0, color_rate=0.9, renew_every=0)
    factors = [warm_up(k, 9, warm=1) for k in range(9)]
    assert [rates[0] for rates in seen] == pytest.approx([4.0 * f for f in factors])
    assert [rates[1] for rates in seen] == pytest.approx([0.9 * f for f in factors])
    assert [rates[2] for rates in seen] == pytest.approx([0.09 * f for f in factors])
    assert float(canvas.generator.rgba.detach().min()) >= 0
    assert float(canvas.generator.rgba.detach().max()) <= 1


def test_the_loss_falls_and_the_observer_sees_it() -> None:
    losses: list[float] = []
    fitted([circles(0)], [0], target(7), Course(on_look=lambda now: losses.append(now.loss)), total=25)
    assert len(losses) == 25
    assert losses[-1] < 0.7 * losses[0]


def test_dead_paths_are_renewed_alike_every_time_until_late() -> None:
    runs = [fitted([circles(0, opacity=0.0)], [3], target(7)) for _ in range(2)]
    assert runs[0].renewed == runs[1].renewed >= 2
    assert torch.equal(runs[0].generator.points, runs[1].generator.points)
    assert not torch.equal(
        fitted([circles(0, opacity=0.0)], [4], target(7)).generator.points, runs[0].generator.points
    ), "another seed puts them elsewhere"
    assert fitted([circles(0, opacity=0.0)], [3], target(7), renew_every=8).renewed == 0, "none in the last fifth"


def test_an_item_of_a_batch_is_what_it_is_alone() -> None:
    starts = [circles(0, opacity=0.0), circles(1), circles(2, opacity=0.0)]
    both = fitted(starts, [3, 4, 5], target(7, 8, 9))
    for item, seed in enumerate((3, 4, 5)):
        alone = fitted([starts[item]], [seed], target(7 + item))
        for one, all_ in zip(alone.generator.parameters(), both.generator.parameters(), strict=True):
            torch.testing.assert_close(one[0], all_[item], rtol=0, atol=1e-3)
    assert both.renewed >= 4


@pytest.mark.parametrize("killed", [1, 2, 5, 8, 9])
def test_a_killed_run_goes_on_to_the_same_bytes(killed: int) -> None:
    saved: list[dict[str, Tensor]] = []
    start, goal = [circles(0, opacity=0.0), circles(1)], target(7, 8)
    whole = fitted(start, [3, 4], goal, Course(on_checkpoint=saved.append))
    assert len(saved) == 9
    assert whole.renewed > 0
    again: list[dict[str, Tensor]] = []
    resumed = fitted(start, [3, 4], goal, Course(saved[killed - 1], on_checkpoint=again.append))
    assert len(again) == 9 - killed
    assert (resumed.renewed, resumed.taken) == (whole.renewed, 9)
    for a, b in zip(resumed.generator.parameters(), whole.generator.parameters(), strict=True):
        assert torch.equal(a, b)


def test_checkpoints_of_other_runs_are_refused() -> None:
    saved: list[dict[str, Tensor]] = []
    fitted([circles(0)], [0], target(7), Course(on_checkpoint=saved.append))
    last = saved[-1]
    with pytest.raises(InputError, match="another generator"):
        fitted([circles(0, count=4)], [0], target(7), Course(last))
    with pytest.raises(InputError, match=r"lacks canvas\.taken"):
        fitted([circles(0)], [0], target(7), Course({k: v for k, v in last.items() if k != "canvas.taken"}))
    with pytest.raises(InputError, match="phase 3 of a run of 1"):
        fitted([circles(0)], [0], target(7), Course(last | {"phase": torch.tensor(2)}))


@pytest.mark.parametrize(("name", "value"), [("total", 0), ("rate", 0.0), ("rate", float("nan"))])
def test_bad_numbers_are_named(name: str, value: float) -> None:
    with pytest.raises(InputError, match="steps" if name == "total" else name):
        Canvas([circles(0)], [0], **{"rate": 1.0, "total": 3, name: value})


def test_visits_without_a_prior_are_clean() -> None:
    visits = clean_visits(3)
    assert [(step.index, step.a, step.b, step.a_next, step.b_next) for step in visits] == [
        (k, 1.0, 0.0, 1.0, 0.0) for k in range(3)
    ]
