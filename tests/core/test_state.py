import pytest
import torch

from dreamsampler.core.errors import InputError, NonFinite
from dreamsampler.core.loop import dream_sample
from dreamsampler.core.noise import Noise
from dreamsampler.core.state import State
from dreamsampler.core.types import Prediction
from dreamsampler.steering.guidance import CFG
from dreamsampler.steering.renoise import Mix, keep
from dreamsampler.steering.solve import Solve


def test_item_of_a_batch_draws_as_it_would_alone():
    batch, alone = Noise([3, 4, 5]), Noise([4])
    like = torch.empty(3, 2, 5)
    for _ in range(3):
        assert torch.equal(batch.normal(like)[1:2], alone.normal(like[:1]))


def test_draws_are_made_in_float32():
    double, single = Noise([9]).normal(torch.empty(1, 50, dtype=torch.float64)), Noise([9]).normal(torch.empty(1, 50))
    assert torch.equal(double.float(), single)


def test_seed_zero_is_a_seed():
    like = torch.empty(1, 8)
    assert torch.equal(Noise([0]).normal(like), Noise([0]).normal(like))
    assert not torch.equal(Noise([0]).normal(like), Noise([1]).normal(like))


def test_global_generator_is_untouched(gaussian, latent):
    before = torch.get_rng_state()
    guide = CFG(gaussian.embed(["target"]), gaussian.embed([""]), 3.0)
    dream_sample(State.start(latent, [0, 1]), gaussian, gaussian.schedule.visits(5), guide, Solve(), Mix(0.5))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("stop", [1, 7, 19])
def test_resuming_is_bit_identical(gaussian, latent, stop):
    guide = CFG(gaussian.embed(["target"]), gaussian.embed([""]), 3.0)
    steps = gaussian.schedule.visits(20)
    start = State.start(latent, [3, 4])
    whole = dream_sample(start, gaussian, steps, guide, Solve(), Mix(lambda s: s.a))
    kept = {}

    def save(state, step):
        if state.next == stop:
            kept.update({k: v.clone() for k, v in state.tensors().items()})

    dream_sample(State.start(latent, [3, 4]), gaussian, steps[:stop], guide, Solve(), Mix(lambda s: s.a), save)
    rest = dream_sample(State.from_tensors(kept), gaussian, steps, guide, Solve(), Mix(lambda s: s.a))
    assert torch.equal(rest.z, whole.z)
    assert torch.equal(rest.z0, whole.z0)


def test_what_a_part_learns_reaches_later_steps_files_and_no_earlier_state(gaussian, latent):
    """A guidance that counts its steps in `State.learned`."""
    seen = []

    def guide(prior, state, step):
        count = state.learned.get("count")
        seen.append(0 if count is None else int(count))
        state.learned.put("count", torch.tensor(seen[-1] + 1))
        return prior.predict([state.z], step, [("",)])[0]

    start, states = State.start(latent, [3, 4]), []
    steps = gaussian.schedule.visits(6)
    dream_sample(start, gaussian, steps, guide, Solve(), keep, lambda state, step: states.append(state))
    assert seen == [0, 1, 2, 3, 4, 5]
    assert start.learned.get("count") is None
    assert [int(state.learned.get("count")) for state in states] == [1, 2, 3, 4, 5, 6]
    dream_sample(State.from_tensors(states[3].tensors()), gaussian, steps, guide, Solve(), keep)
    assert seen[6:] == [4, 5]
    assert not State.start(latent, [3, 4]).tensors().keys() - {"z", "z0", "noise", "next"}


def test_damaged_state_is_refused(latent):
    tensors = State.start(latent, [0, 1]).tensors()
    del tensors["noise"]
    with pytest.raises(InputError, match="lacks noise"):
        State.from_tensors(tensors)


@pytest.mark.parametrize("bad", ["guide", "solve", "renoise"])
def test_non_finite_values_name_step_stage_and_dtype(gaussian, latent, bad):
    def poison(x, step, stage):
        return torch.where(torch.ones_like(x) > 0, torch.nan, x) if (step.index == 3 and stage == bad) else x

    def guide(prior, state, step):
        pred = prior.predict([state.z], step, [("",)])[0]
        return Prediction(poison(pred.z0, step, "guide"), pred.eps)

    class Poisoned:
        def needs_prior_grad(self, step):
            return False

        def __call__(self, pred, state, step):
            return poison(pred.z0, step, "solve")

    def renoise(pred, z0, state, step):
        return poison(pred.eps, step, "renoise")

    with pytest.raises(NonFinite, match=f"step 3, stage '{bad}', dtype float64") as caught:
        dream_sample(State.start(latent, [0, 1]), gaussian, gaussian.schedule.visits(5), guide, Poisoned(), renoise)
    assert (caught.value.step, caught.value.stage) == (3, bad)


def test_seeds_must_match_the_batch(latent):
    with pytest.raises(InputError, match="got 3 for a batch of 2"):
        State.start(latent, [1, 2, 3])


def test_on_step_sees_every_step(gaussian, latent):
    seen = []
    steps = gaussian.schedule.visits(6)
    guide = CFG(gaussian.embed(["target"]), gaussian.embed([""]), 1.0)
    dream_sample(
        State.start(latent, [0, 1]), gaussian, steps, guide, Solve(), keep, lambda state, step: seen.append(step)
    )
    assert seen == steps
