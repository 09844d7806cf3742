"""What all inverse-problem methods promise: independence of the batch, resuming, counts, errors."""

import dataclasses

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.methods.bent import (  # noqa: F401
    SIZE,
    BentSpace,
    N,
    TokenPrior,
    bent_world,
    drawn_scenes,
    half_size,
    plan_of,
    with_hole,
)

from dreamsampler.core.errors import InputError, OutOfMemory
from dreamsampler.core.state import State
from dreamsampler.methods.registry import names
from dreamsampler.methods.run import restore_with
from dreamsampler.operators import Measurement
from dreamsampler.tasks.plan import walk


def settings(name):
    return {"every": 4, "pixel_iterations": 9, "latent_iterations": 6} if name == "resample" else {}


def prepared(name, world, small, masked):
    prior = TokenPrior(world) if name == "p2l" else world
    if name == "flowdps":
        # the top of a flow holds no picture: begin below it
        prior = dataclasses.replace(world, kind="v")
    return prior, masked if name == "repaint" else small


ZERO_SHOT = [name for name in names("inverse") if name != "stable-inpaint"]


@pytest.mark.parametrize("name", ZERO_SHOT)
def test_an_item_does_not_depend_on_the_batch_and_global_noise_is_untouched(name, world, small, masked):
    prior, m = prepared(name, world, small, masked)
    before = torch.get_rng_state()
    together = restore_with(name, prior, m, "cat", steps=N, seeds=[3, 4], **settings(name))
    single = Measurement(m.operator, m.y[1:], m.sigma)
    alone = restore_with(name, prior, single, "cat", steps=N, seeds=[4], **settings(name))
    torch.testing.assert_close(together.images[1:], alone.images, atol=1e-9, rtol=0)
    assert together.misfit[1] == pytest.approx(alone.misfit[0], abs=1e-9)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", [*ZERO_SHOT, "treg with adaptive negation"])
def test_a_run_resumes_from_its_saved_state_alone(name, world, small, masked, tmp_path):
    """Interrupted, written to a file, and continued by parts that were made anew: the same bytes."""
    name, _, adaptive = name.partition(" with ")
    prior, m = prepared("p2l" if adaptive else name, world, small, masked)
    own = settings(name)
    if adaptive:
        own |= {"features": lambda picture: picture.flatten(1)[:, :4] + 1, "rate": 0.05, "guidance_scale": 3.0}
    if name == "p2l":
        own |= {"rate": 0.05, "tune": 2}
    stops = (2, 4, 6) if name == "dreamsampler" else (4, 5, 9)

    def save(phase, done, total, state):
        if done in stops:
            save_file(state.tensors(), tmp_path / f"{phase}{done}.safetensors")

    plan = plan_of(name, prior, m, "cat", steps=N, seeds=[3, 4], **own)
    whole = walk(prior, plan, save)
    for number, leg in enumerate(plan.legs):
        for stop in stops:
            again = plan_of(name, prior, m, "cat", steps=N, seeds=[3, 4], **own)
            saved = State.from_tensors(load_file(tmp_path / f"{leg.phase}{stop}.safetensors"))
            resumed = walk(prior, again, resume=(number, saved))
            assert torch.equal(resumed.z0, whole.z0)
            assert resumed.tensors().keys() == whole.tensors().keys()
            assert all(torch.equal(value, whole.tensors()[key]) for key, value in resumed.tensors().items())
    assert torch.equal(walk(prior, plan).z0, whole.z0)  # a plan holds nothing of a run
    assert any(key.startswith("learned.") for key in whole.tensors()) == (name == "p2l" or bool(adaptive))


@pytest.mark.parametrize("name", ZERO_SHOT)
def test_progress_and_receipt(name, world, small, masked):
    prior, m = prepared(name, world, small, masked)
    told = []
    before = prior.evaluations
    result = restore_with(
        name,
        prior,
        m,
        "cat",
        steps=N,
        on_progress=lambda phase, k, n, state: told.append((phase, k, n)),
        **settings(name),
    )
    assert told[-1][1] == told[-1][2]
    assert result.receipt.evaluations == prior.evaluations - before > 0
    assert result.images.shape == (2, 3, SIZE, SIZE)


class Huge(BentSpace):
    """A space whose gradients do not fit into memory."""

    def decode(self, z):
        x = super().decode(z)
        if x.requires_grad:
            x.register_hook(lambda gradient: torch.empty(2**48))
        return x


def test_running_out_of_memory_on_the_way_back_names_a_remedy(world, small):
    with pytest.raises(OutOfMemory, match=r"way back .* work on a smaller size, or call prior.checkpoint_gradients"):
        restore_with("latent-dps", dataclasses.replace(world, space=Huge()), small, "cat", steps=2)


@pytest.mark.parametrize(
    ("name", "bad", "message"),
    [
        ("latent-dps", {"zeta": -1.0}, "zeta=-1"),
        ("latent-dps", {"eta": 2.0}, "eta=2"),
        ("psld", {"gamma": -1.0}, "gamma=-1"),
        ("diffpir", {"lam": 0.0}, "lam=0"),
        ("diffpir", {"zeta": 1.5}, "zeta=1.5"),
        ("repaint", {}, "masks only"),
        ("resample", {"every": 0}, "every=0"),
        ("flowdps", {"rate": -1.0}, "rate=-1"),
        ("flowdps", {"back": "up"}, "back='up'"),
        ("treg", {"iterations": 0}, "iterations=0"),
        ("dreamsampler", {"begin": "middle"}, "begin='middle'"),
        ("dreamsampler", {"rho": -1.0}, "rho=-1"),
        ("dreamsampler", {"prompt": ["cat"] * 3}, "3 for a batch of 2"),
        ("walk", {}, "method='walk'"),
    ],
)
def test_bad_arguments_are_named(name, bad, message, world, small):
    with pytest.raises(InputError, match=message):
        restore_with(name, world, small, **{"prompt": "cat", "steps": 4, **bad})
