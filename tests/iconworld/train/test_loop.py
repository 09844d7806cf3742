"""The shared loop: budgets, resuming after a kill, equal runs."""

import numpy as np
import pytest
import torch
from torch import nn

from dreamsampler.core.errors import InputError, ModelError, NonFinite
from iconworld.training.checkpoint import TrainState, load_state, save_state, start_ema
from iconworld.training.loop import Budget, LoopOptions, initial_weights, learning_rate, train_loop

OPTIONS = LoopOptions(peak_rate=0.05, warm_up=2)


class Killed(BaseException):
    """Stands for the process dying between two steps."""


def new_state(seed: int = 0) -> TrainState:
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
    with torch.no_grad():
        for i, parameter in enumerate(model.parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(i)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.05)
    return TrainState(model, optimizer, start_ema(model), settings={"seed": seed})


def run(path, state, *, steps=12, die_at=None, resume=False, seed=0):
    def loss_of_step(rng, done):
        if state.step == die_at:
            raise Killed
        x = torch.from_numpy(rng.normal(size=(4, 3)).astype(np.float32))
        return (state.model(x) - x.sum(1, keepdim=True)).square().mean()

    return train_loop(state, loss_of_step, Budget(steps=steps, save_every=0.0), OPTIONS, path, seed=seed, resume=resume)


def weights(state):
    return torch.cat([p.detach().flatten() for p in (*state.model.parameters(), *state.ema.values())])


@pytest.mark.parametrize("die_at", [1, 5, 11])
def test_a_killed_and_resumed_run_equals_an_uninterrupted_one(tmp_path, die_at):
    whole = run(tmp_path / "whole.safetensors", new_state())
    with pytest.raises(Killed):
        run(tmp_path / "killed.safetensors", new_state(), die_at=die_at)
    resumed = run(tmp_path / "killed.safetensors", new_state(), resume=True)
    assert resumed.step == whole.step == 12
    assert torch.equal(weights(whole), weights(resumed))


def test_two_runs_with_one_seed_agree_and_another_seed_differs(tmp_path):
    first = run(tmp_path / "a.safetensors", new_state())
    second = run(tmp_path / "b.safetensors", new_state())
    other = run(tmp_path / "c.safetensors", new_state(1), seed=1)
    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(other))


def test_a_half_written_checkpoint_is_never_seen(tmp_path):
    path = tmp_path / "state.safetensors"
    state = run(path, new_state(), steps=3)
    (tmp_path / "state.tmp").write_bytes(b"torn")  # what a kill in the middle of writing leaves behind
    again = new_state()
    load_state(path, again)
    assert torch.equal(weights(state), weights(again))
    save_state(path, again)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["state.safetensors"]


def test_an_existing_checkpoint_is_not_overwritten(tmp_path):
    path = tmp_path / "state.safetensors"
    run(path, new_state(), steps=2)
    with pytest.raises(InputError, match="--resume"):
        run(path, new_state(), steps=2)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    path = tmp_path / "state.safetensors"
    run(path, new_state(), steps=2)
    with pytest.raises(InputError, match="seed"):
        run(path, new_state(1), steps=4, resume=True)


def test_a_budget_is_minutes_or_steps():
    for minutes, steps in ((None, None), (1.0, 2)):
        with pytest.raises(InputError, match="exactly one of"):
            Budget(minutes, steps)
    for minutes in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="--minutes"):
            Budget(minutes)
    for steps in (0, -1):
        with pytest.raises(InputError, match="--steps"):
            Budget(steps=steps)
    with pytest.raises(InputError, match="--save-every"):
        Budget(steps=1, save_every=float("nan"))


def test_the_rate_rises_then_falls_to_one_percent():
    options = LoopOptions(peak_rate=1.0, warm_up=10, decay_from=0.5)
    rates = [learning_rate(options, step, step / 100) for step in (0, 9, 50, 75, 100)]
    assert rates == pytest.approx([0.1, 1.0, 1.0, 0.505, 0.01])


@pytest.mark.parametrize(
    ("stage", "loss_of"),
    [("loss", lambda weights: weights.sum() * float("inf")), ("gradient", lambda weights: (weights * 0).sqrt().sum())],
)
def test_what_is_not_finite_stops_the_run_before_it_reaches_the_weights(tmp_path, stage, loss_of):
    state = new_state()
    before = weights(state)

    def loss_of_step(rng, done):
        return loss_of(torch.cat([p.flatten() for p in state.model.parameters()]))

    with pytest.raises(NonFinite, match=f"step 0, stage '{stage}'"):
        train_loop(state, loss_of_step, Budget(steps=2), OPTIONS, tmp_path / "s.safetensors", seed=0, resume=False)
    assert torch.equal(weights(state), before)


def test_a_full_disk_is_named_and_leaves_the_state_before(tmp_path, small_files):
    path = tmp_path / "state.safetensors"
    state = run(path, new_state(), steps=3)
    before = path.read_bytes()
    with small_files(100), pytest.raises(InputError, match=r"state.safetensors: cannot be written .*--resume"):
        save_state(path, state)
    assert path.read_bytes() == before


def test_a_damaged_checkpoint_is_named(tmp_path):
    path = tmp_path / "state.safetensors"
    run(path, new_state(), steps=2)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ModelError, match="cut short"):
        run(path, new_state(), steps=4, resume=True)


def test_initial_weights_are_those_of_the_seed_and_leave_the_generator_alone():
    before = torch.random.get_rng_state()
    made = []
    for seed in (3, 3, 4):
        with initial_weights(seed):
            made.append(nn.Linear(4, 4).weight)
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])
    assert torch.equal(torch.random.get_rng_state(), before)
