"""Noise paths out of scheduler configurations, against diffusers' own tables."""

import math
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, FlowMatchEulerDiscreteScheduler, PNDMScheduler

from dreamsampler.core.errors import ModelError
from dreamsampler.core.schedule import TableSchedule
from dreamsampler.priors.schedules import schedule_of

SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "clip_sample": False}


@pytest.mark.parametrize(
    "config",
    [
        SD,
        {"beta_schedule": "linear", "beta_start": 1e-4, "beta_end": 0.02},
        {"beta_schedule": "squaredcos_cap_v2"},
        {"beta_schedule": "linear", "num_train_timesteps": 250},
        {"trained_betas": [0.01 * i for i in range(1, 50)], "num_train_timesteps": 49},
        SD | {"rescale_betas_zero_snr": True},
    ],
)
def test_levels_equal_diffusers_table(config: dict[str, Any]) -> None:
    theirs = DDIMScheduler(**config)
    ours = schedule_of(theirs.config)
    assert ours.length == len(theirs.alphas_cumprod)
    torch.testing.assert_close(torch.tensor(ours.abar), theirs.alphas_cumprod, rtol=2e-4, atol=2e-7)


def test_levels_are_float64() -> None:
    """The product over 1000 float32 factors would be off in the sixth digit."""
    ours = schedule_of(DDIMScheduler(**SD).config)
    roots = [math.sqrt(0.00085) + (math.sqrt(0.012) - math.sqrt(0.00085)) * i / 999 for i in range(1000)]
    exact = math.exp(math.fsum(math.log1p(-r * r) for r in roots))
    assert ours.abar[-1] == pytest.approx(exact, rel=1e-12)
    assert ours.abar == pytest.approx(TableSchedule.scaled_linear().abar, rel=1e-12)


@pytest.mark.parametrize("spacing", ["leading", "trailing"])
@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("steps", [10, 50, 125])
def test_visits_equal_diffusers_timesteps(spacing: str, offset: int, steps: int) -> None:
    theirs = DDIMScheduler(**SD, timestep_spacing=spacing, steps_offset=offset)
    theirs.set_timesteps(steps)
    assert [step.t for step in schedule_of(theirs.config).visits(steps)] == theirs.timesteps.tolist()


@pytest.mark.parametrize("to_one", [True, False])
def test_the_level_after_the_last_step(to_one: bool) -> None:
    theirs = DDIMScheduler(**SD, set_alpha_to_one=to_one)
    last = schedule_of(theirs.config).visits(10)[-1]
    assert last.a_next == pytest.approx(math.sqrt(float(theirs.final_alpha_cumprod)), rel=1e-6)


def test_the_schedule_of_another_sampler() -> None:
    """PNDM's configuration (that of Stable Diffusion 1.5) has the same table; "linspace" grids become leading."""
    ours = schedule_of(PNDMScheduler(**{k: SD[k] for k in SD if k != "clip_sample"}, steps_offset=1).config)
    assert ours.abar == schedule_of(DDIMScheduler(**SD).config).abar
    assert ours.offset == 1
    assert schedule_of(DDIMScheduler(**SD, timestep_spacing="linspace").config).spacing == "leading"


def test_zero_terminal_snr_ends_in_pure_noise() -> None:
    config = DDIMScheduler(**SD, rescale_betas_zero_snr=True, timestep_spacing="trailing").config
    first = schedule_of(config).visits(10)[0]
    assert (first.t, first.a, first.b) == (999.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (dict(FlowMatchEulerDiscreteScheduler().config), "flow-matching"),
        ({"num_train_timesteps": 10, "beta_schedule": "sigmoid"}, "beta_schedule='sigmoid' is not supported"),
        ({"num_train_timesteps": 3, "trained_betas": [0.1, 2.0, 0.1]}, "within"),
        ({"num_train_timesteps": 1, "beta_schedule": "linear"}, "at least two"),
        ({"num_train_timesteps": 10, "beta_schedule": "linear", "beta_start": float("nan")}, "within"),
    ],
)
def test_other_paths_are_refused_in_words(config: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        schedule_of(config)
