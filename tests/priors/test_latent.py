"""Predictions: how many evaluations, of what, differentiable or not, in which precision."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dreamsampler.core.errors import InputError, ModelError, OutOfMemory
from dreamsampler.core.parameterization import from_prediction, to_prediction
from dreamsampler.core.schedule import FlowSchedule
from dreamsampler.priors.condition import TextCondition
from dreamsampler.priors.latent import LatentDiffusionPrior
from dreamsampler.priors.load import load


@pytest.fixture
def prior(sd1_folder: Path) -> LatentDiffusionPrior:
    return load(sd1_folder)


@pytest.fixture
def seen(prior: LatentDiffusionPrior) -> Iterator[list[int]]:
    """Batch sizes that the network was called with, seen from outside."""
    sizes: list[int] = []
    handle = prior.unet.register_forward_pre_hook(lambda _, args: sizes.append(args[0].shape[0]))
    yield sizes
    handle.remove()


def latent(n: int = 2, h: int = 8, w: int = 8) -> Tensor:
    return torch.randn(n, 4, h, w, generator=torch.Generator().manual_seed(n))


def test_all_branches_go_into_one_call_and_are_counted(prior: LatentDiffusionPrior, seen: list[int]) -> None:
    z, step = latent(), prior.schedule.visits(10)[5]
    conds = [prior.embed([""]), prior.embed(["a red cat"]), prior.embed(["a dog", "a circle"])]
    assert len(prior.predict([z, z, z], step, conds)) == 3
    assert seen == [6]
    assert (prior.evaluations, prior.calls) == (6, 1)
    prior.reset_counters()
    assert (prior.evaluations, prior.calls) == (0, 0)


def test_max_batch_splits_a_call_without_changing_its_result(
    sd1_folder: Path, prior: LatentDiffusionPrior, seen: list[int]
) -> None:
    z, step = latent(3), prior.schedule.visits(10)[5]
    conds = [prior.embed([""]), prior.embed(["a dog", "a cat", "a red circle"])]
    whole = prior.predict([z, z], step, conds)
    prior.max_batch = 4
    parts = prior.predict([z, z], step, conds)
    assert seen == [6, 4, 2]
    assert prior.calls == 3
    for a, b in zip(whole, parts, strict=True):
        torch.testing.assert_close(a.z0, b.z0, rtol=1e-5, atol=1e-5)


def test_an_item_of_a_batch_equals_the_single_run(folders: dict[str, Path]) -> None:
    for family, folder in folders.items():
        prior = load(folder)
        z, step = latent(3), prior.schedule.visits(10)[5]
        both = prior.predict([z], step, [prior.embed(["a dog", "a cat", ""])])[0]
        one = prior.predict([z[1:2]], step, [prior.embed(["a cat"])])[0]
        torch.testing.assert_close(both.z0[1:2], one.z0, rtol=1e-5, atol=1e-5, msg=family)


def test_a_single_prompt_serves_every_item(prior: LatentDiffusionPrior) -> None:
    z, step = latent(2), prior.schedule.visits(10)[5]
    one = prior.predict([z], step, [prior.embed(["a dog"])])[0]
    each = prior.predict([z], step, [prior.embed(["a dog", "a dog"])])[0]
    torch.testing.assert_close(one.eps, each.eps)
    other = prior.predict([z], step, [prior.embed(["a red cat"])])[0]
    assert not torch.allclose(one.eps, other.eps, atol=1e-4)


def test_remembered_conditions_are_not_mixed_up(prior: LatentDiffusionPrior) -> None:
    """The same conditions in another order, over other row counts, or a new object in an old place."""
    step = prior.schedule.visits(10)[5]
    a, b = prior.embed(["a dog"]), prior.embed(["a red cat"])
    z, y = latent(1), latent(2)
    first = prior.predict([z, y], step, [a, b])
    swapped = prior.predict([y, z], step, [b, a])
    torch.testing.assert_close(first[0].eps, swapped[1].eps, rtol=1e-5, atol=1e-5)
    again = prior.predict([z, y], step, [b, b])
    assert not torch.allclose(again[0].eps, first[0].eps, atol=1e-4)


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_a_prediction_solves_the_level_it_was_made_at(folders: dict[str, Path], family: str) -> None:
    """z = a z0 + b eps, and the pair answers with what the network said."""
    prior = load(folders[family])
    z, step = latent(), prior.schedule.visits(10)[5]
    said: list[Tensor] = []
    handle = prior.unet.register_forward_hook(lambda *call: said.append(call[2][0]))
    pred = prior.predict([z], step, [prior.embed(["a dog"])])[0]
    handle.remove()
    torch.testing.assert_close(step.a * pred.z0 + step.b * pred.eps, z, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(from_prediction(pred, step.a, step.b, prior.kind), said[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_predictions_are_differentiable_in_the_latent_and_in_nothing_else(
    folders: dict[str, Path], family: str
) -> None:
    prior = load(folders[family])
    step, cond = prior.schedule.visits(10)[5], prior.embed(["a dog"])
    z = latent(1).requires_grad_(True)
    direction = latent(1, 8, 8).roll(1)
    grad = torch.autograd.grad((prior.predict([z], step, [cond])[0].z0 * direction).sum(), z)[0]
    h = 1e-2
    with torch.no_grad():
        up, down = (prior.predict([z + s * h * direction], step, [cond])[0].z0 for s in (1, -1))
    slope = ((up - down) / (2 * h) * direction).sum()
    torch.testing.assert_close((grad * direction).sum(), slope, rtol=2e-2, atol=1e-2)
    assert not any(p.requires_grad for p in prior.unet.parameters())
    assert not prior.predict([z.detach()], step, [cond])[0].z0.requires_grad
    with torch.no_grad():
        assert not prior.predict([z], step, [cond])[0].z0.requires_grad


def test_checkpointed_gradients_are_the_same(prior: LatentDiffusionPrior) -> None:
    step, cond = prior.schedule.visits(10)[5], prior.embed(["a dog"])
    grads = []
    calls: list[int] = []
    handle = prior.unet.mid_block.resnets[1].register_forward_pre_hook(lambda *_: calls.append(1))
    for on in (False, True):
        prior.checkpoint_gradients(on)
        z = latent(1).requires_grad_(True)
        grads.append(torch.autograd.grad(prior.predict([z], step, [cond])[0].z0.square().sum(), z)[0])
    handle.remove()
    torch.testing.assert_close(grads[0], grads[1], rtol=1e-5, atol=1e-5)
    assert len(calls) == 3, "the second backward pass should have recomputed the block"


def test_the_condition_can_be_optimized_too(prior: LatentDiffusionPrior) -> None:
    step = prior.schedule.visits(10)[5]
    cond = prior.embed([""])
    text = cond.text.clone().requires_grad_(True)
    for _ in range(2):
        loss = prior.predict([latent(1)], step, [dataclasses.replace(cond, text=text)])[0].z0.square().sum()
        assert torch.autograd.grad(loss, text)[0].abs().sum() > 0


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_predictions_are_float32_whatever_the_network_computes_in(sd1_folder: Path, dtype: str) -> None:
    prior = load(sd1_folder, dtype=dtype)
    z, step = latent(), prior.schedule.visits(10)[8]
    pred = prior.predict([z], step, [prior.embed(["a dog"])])[0]
    assert pred.z0.dtype == pred.eps.dtype == torch.float32
    assert next(prior.unet.parameters()).dtype == getattr(torch, dtype)
    exact = load(sd1_folder, dtype="float32").predict([z], step, [load(sd1_folder).embed(["a dog"])])[0]
    torch.testing.assert_close(pred.eps, exact.eps, rtol=0.1, atol=0.1)
    # the level's algebra is exact although the network is not
    torch.testing.assert_close(step.a * pred.z0 + step.b * pred.eps, z, rtol=1e-5, atol=1e-5)


def test_size_conditioning_follows_the_latent_or_the_condition(sdxl_folder: Path) -> None:
    prior = load(sdxl_folder)
    taken: list[Tensor] = []
    handle = prior.unet.register_forward_pre_hook(
        lambda _, args, kwargs: taken.append(kwargs["added_cond_kwargs"]["time_ids"]), with_kwargs=True
    )
    step, cond = prior.schedule.visits(10)[5], prior.embed(["a dog"])
    prior.predict([latent(2, 8, 12)] * 2, step, [prior.embed([""]), cond])
    own = torch.tensor([[1024.0, 1000.0, 3.0, 5.0, 768.0, 777.0]])
    prior.predict([latent(2)], step, [dataclasses.replace(cond, time_ids=own)])
    handle.remove()
    assert taken[0].tolist() == [[64, 96, 0, 0, 64, 96]] * 4
    assert taken[1].tolist() == own.tolist() * 2


def test_the_null_branch_of_sdxl_is_all_zeros_and_only_that(sdxl_folder: Path) -> None:
    prior = load(sdxl_folder)
    cond = prior.embed(["", "a dog"])
    assert cond.pooled is not None
    assert cond.text[0].abs().max() == 0
    assert cond.pooled[0].abs().max() == 0
    assert cond.text[1].abs().max() > 0
    assert cond.pooled[1].abs().max() > 0
    encoded = load(sdxl_folder, zero_null=False).embed(["", "a dog"])
    assert encoded.text[0].abs().max() > 0
    torch.testing.assert_close(encoded.text[1], cond.text[1])


def test_wrong_use_is_refused_in_words(prior: LatentDiffusionPrior, sdxl_folder: Path) -> None:
    step, cond = prior.schedule.visits(10)[5], prior.embed(["a dog"])
    with pytest.raises(InputError, match="2 latents and 1 conditions"):
        prior.predict([latent(), latent()], step, [cond])
    with pytest.raises(InputError, match="all of one size"):
        prior.predict([latent(), latent(2, 4, 4)], step, [cond, cond])
    with pytest.raises(InputError, match="expected \\[B, 4, h, w\\]"):
        prior.predict([torch.zeros(1, 3, 8, 8)], step, [cond])
    with pytest.raises(InputError, match="2 prompts for a batch of 3"):
        prior.predict([latent(3)], step, [prior.embed(["a dog", "a cat"])])
    with pytest.raises(InputError, match="expected what prior"):
        prior.predict([latent(1)], step, ["a dog"])  # type: ignore[list-item]
    with pytest.raises(InputError, match="sequence of texts"):
        prior.embed("a dog")
    xl = load(sdxl_folder)
    with pytest.raises(InputError, match="pooled vector"):
        xl.predict([latent(1)], step, [TextCondition(xl.embed(["a dog"]).text)])
    with pytest.raises(InputError, match="max_batch=0"):
        load(sdxl_folder, max_batch=0)


def test_running_out_of_memory_names_the_next_setting(prior: LatentDiffusionPrior) -> None:
    """The network asks the allocator for far more than the machine has: the error is the allocator's own."""
    step, cond = prior.schedule.visits(10)[5], prior.embed(["a dog"])
    handle = prior.unet.register_forward_pre_hook(lambda *_: torch.empty(2**48))
    with pytest.raises(OutOfMemory, match="2 latents of 64x64 pixels at once; use max_batch=1"):
        prior.predict([latent()], step, [cond])
    prior.max_batch = 1
    with pytest.raises(OutOfMemory, match="use dtype='bfloat16'"):
        prior.predict([latent()], step, [cond])
    handle.remove()


def test_another_schedule_shares_the_network(prior: LatentDiffusionPrior) -> None:
    shifted = dataclasses.replace(prior.schedule, index_shift=-1)
    other = prior.with_schedule(shifted)
    assert other.unet is prior.unet
    assert other.schedule.ab(501) == prior.schedule.ab(500)
    other.predict([latent()], other.schedule.visits(10)[5], [other.embed([""])])
    assert (prior.evaluations, other.evaluations) == (0, 2)
    assert other.with_schedule(FlowSchedule()).schedule.ab(500.0) == (0.5, 0.5)


def test_a_network_that_repeats_the_noise_is_no_v_network(prior: LatentDiffusionPrior, sd2_folder: Path) -> None:
    """At t = 951 there is hardly any signal; a network that answers with its input predicts epsilon."""
    v_prior = load(sd2_folder)
    step = v_prior.schedule.visits(20)[0]
    repeat = v_prior.unet.register_forward_hook(lambda _, args, out: (args[0],))
    with pytest.raises(ModelError, match="pass prediction_type='eps'"):
        v_prior.predict([latent()], step, [v_prior.embed([""])])
    trusted = load(sd2_folder, prediction_type="v")
    trusted.unet.register_forward_hook(lambda _, args, out: (args[0],))
    trusted.predict([latent()], step, [trusted.embed([""])])
    assert "predicts epsilon" in trusted.notes[0]
    repeat.remove()

    # random weights do not repeat the noise: said once, not refused
    for _ in range(2):
        prior.predict([latent()], step, [prior.embed([""])])
    assert len(prior.notes) == 1
    assert "untrained" in prior.notes[0]
    good = load(sd2_folder, prediction_type="eps")
    good.unet.register_forward_hook(lambda _, args, out: (args[0],))
    good.predict([latent()], step, [good.embed([""])])
    assert not any("noisiest" in note for note in good.notes)


def test_the_global_random_state_is_left_alone(sdxl_folder: Path) -> None:
    before = torch.get_rng_state()
    prior = load(sdxl_folder)
    z = prior.space.encode(torch.zeros(1, 3, 64, 64))
    prior.predict([z], prior.schedule.visits(10)[5], [prior.embed(["a dog"])])
    prior.space.decode(z)
    assert torch.equal(before, torch.get_rng_state())


def test_level_without_signal_under_epsilon_is_refused(prior: LatentDiffusionPrior) -> None:
    step = prior.schedule.visits(10)[0]._replace(a=0.0, b=1.0)
    with pytest.raises(InputError, match="does not determine"):
        prior.predict([latent()], step, [prior.embed([""])])
    assert to_prediction(latent(1), latent(1), 0.0, 1.0, "v").z0.isfinite().all()
