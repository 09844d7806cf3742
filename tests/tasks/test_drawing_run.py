"""Optimizing drawings by the engine: rates, new starts of paths, checkpoints, items of a batch."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from dreamsampler.core.errors import InputError
from dreamsampler.generators.svg.drawing import Drawing
from dreamsampler.generators.svg.initialize import random_circles
from dreamsampler.generators.svg.rates import warm_up
from dreamsampler.operators import Measurement, identity
from dreamsampler.steering.control import RunControl, StepInfo
from dreamsampler.steering.stages import optimize
from dreamsampler.tasks.vectorize.drawing import DrawingProblem, DrawingRun, fit_stage, run_of
from dreamsampler.tasks.vectorize.settings import VectorSettings

SIZE = (20, 24)
SETTINGS = VectorSettings(paths=5, steps=9)


def circles(seed: int, count: int = 5, opacity: float | None = None) -> Drawing:
    made = random_circles(count, SIZE, torch.Generator().manual_seed(seed), radius=4)
    if opacity is not None:
        made.rgba[:2, 3] = opacity
    return made


def target(*seeds: int) -> Measurement:
    return Measurement(identity(), torch.cat([2 * circles(seed, 3).render() - 1 for seed in seeds]))


def fitted(
    starts: list[Drawing],
    seeds: list[int],
    goal: Measurement,
    control: RunControl | None = None,
    steps: int = 9,
    **numbers: float,
) -> DrawingRun:
    settings = replace(SETTINGS, **{"rate": 0.5 * 128 / 20, "color_rate": 0.025, "prune_every": 2, **numbers})
    run = run_of(starts, seeds, settings, steps)
    problem = DrawingProblem(goal, settings=settings, seeds=seeds)
    optimize(None, [fit_stage(problem, run, steps)], control)
    return run


def test_rates_follow_the_schedule_and_colors_stay_in_range() -> None:
    seen: list[tuple[float, ...]] = []
    run = run_of([circles(0)], [0], replace(SETTINGS, rate=4.0 * 128 / 20, color_rate=0.9, prune_every=0), 9)

    def observe(now: StepInfo) -> None:
        seen.append(tuple(group["lr"] for group in run.optimization.optimizer.param_groups))

    stage = fit_stage(DrawingProblem(target(7), settings=SETTINGS), run, 9)
    optimize(None, [stage], RunControl(callback=observe))
    factors = [warm_up(k, 9, warm=1) for k in range(9)]
    assert [rates[0] for rates in seen] == pytest.approx([4.0 * f for f in factors])
    assert [rates[1] for rates in seen] == pytest.approx([0.9 * f for f in factors])
    assert [rates[2] for rates in seen] == pytest.approx([0.09 * f for f in factors])
    assert float(run.generator.rgba.detach().min()) >= 0
    assert float(run.generator.rgba.detach().max()) <= 1


def test_the_papers_warm_up_is_one_number() -> None:
    long = replace(SETTINGS, **VectorSettings.PRESETS["paper"])
    run = run_of([circles(0)], [0], long, long.steps)
    assert run.optimization.schedule is not None
    rates = [0.05 * 512 / 128 * run.optimization.schedule(k) for k in (0, 250, 500, 999)]
    assert rates == pytest.approx([0.02, 0.11, 0.2, 0.05]), "pixels of a canvas of 512"


def test_the_loss_falls_and_the_observer_sees_it() -> None:
    losses: list[float] = []
    fitted([circles(0)], [0], target(7), RunControl(callback=lambda now: losses.append(now.loss)), steps=25)
    assert len(losses) == 25
    assert losses[-1] < 0.7 * losses[0]


def test_dead_paths_are_reseeded_alike_every_time_until_late() -> None:
    runs = [fitted([circles(0, opacity=0.0)], [3], target(7)) for _ in range(2)]
    assert runs[0].pruning.reseeded == runs[1].pruning.reseeded >= 2
    assert torch.equal(runs[0].generator.points, runs[1].generator.points)
    assert not torch.equal(
        fitted([circles(0, opacity=0.0)], [4], target(7)).generator.points, runs[0].generator.points
    ), "another seed puts them elsewhere"
    assert fitted([circles(0, opacity=0.0)], [3], target(7), prune_every=8).pruning.reseeded == 0, (
        "none in the last fifth"
    )


def test_an_item_of_a_batch_is_what_it_is_alone() -> None:
    starts = [circles(0, opacity=0.0), circles(1), circles(2, opacity=0.0)]
    both = fitted(starts, [3, 4, 5], target(7, 8, 9))
    for item, seed in enumerate((3, 4, 5)):
        alone = fitted([starts[item]], [seed], target(7 + item))
        for one, all_ in zip(alone.generator.parameters(), both.generator.parameters(), strict=True):
            torch.testing.assert_close(one[0], all_[item], rtol=0, atol=1e-3)
    assert both.pruning.reseeded >= 4


@pytest.mark.parametrize("killed", [1, 2, 5, 8, 9])
def test_a_killed_run_goes_on_to_the_same_bytes(killed: int) -> None:
    saved: list[dict[str, Tensor]] = []
    start, goal = [circles(0, opacity=0.0), circles(1)], target(7, 8)
    whole = fitted(start, [3, 4], goal, RunControl(on_checkpoint=saved.append))
    assert len(saved) == 9
    assert whole.pruning.reseeded > 0
    again: list[dict[str, Tensor]] = []
    resumed = fitted(start, [3, 4], goal, RunControl(saved[killed - 1], on_checkpoint=again.append))
    assert len(again) == 9 - killed
    assert (resumed.pruning.reseeded, resumed.optimization.taken) == (whole.pruning.reseeded, 9)
    for a, b in zip(resumed.generator.parameters(), whole.generator.parameters(), strict=True):
        assert torch.equal(a, b)


def test_checkpoints_of_other_runs_are_refused() -> None:
    saved: list[dict[str, Tensor]] = []
    fitted([circles(0)], [0], target(7), RunControl(on_checkpoint=saved.append))
    last = saved[-1]
    with pytest.raises(InputError, match="another generator"):
        fitted([circles(0, count=4)], [0], target(7), RunControl(last))
    with pytest.raises(InputError, match=r"lacks taken"):
        fitted([circles(0)], [0], target(7), RunControl({k: v for k, v in last.items() if k != "taken"}))
    with pytest.raises(InputError, match="stage 3 of a run of 1"):
        fitted([circles(0)], [0], target(7), RunControl(last | {"stage": torch.tensor(2)}))
