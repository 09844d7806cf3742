"""A prior's whole contract: answered by ours, and by a wrapper for priors that answer a part of it."""

import re
from pathlib import Path

import pytest
import torch

from dreamsampler.core.noise import Noise
from dreamsampler.core.types import Layout, Prediction
from dreamsampler.priors.base import CONTRACT, whole
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.priors.load import load
from dreamsampler.tasks.edit import edit
from dreamsampler.tasks.generate import generate

from ..tiny import write_sd1

SOURCE = Path(__file__).resolve().parents[2] / "src" / "dreamsampler"


class PlainSpace:
    """A latent space with what it must have and nothing else."""

    factor = 1

    def encode(self, images):
        return images

    def decode(self, z):
        return z

    def latent_shape(self, height, width):
        return 3, height, width


class Foreign:
    """Somebody else's prior: schedule, space, embed and predict."""

    def __init__(self, inner):
        self._inner, self.schedule, self.space = inner, inner.schedule, PlainSpace()

    def embed(self, prompts):
        return self._inner.embed(prompts)

    def predict(self, zs, step, conds):
        return self._inner.predict(zs, step, conds)


@pytest.fixture
def gaussian():
    return GaussianPrior({"": torch.zeros(3, 8, 8), "a dog": torch.ones(3, 8, 8)}, 0.5)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return load(write_sd1(tmp_path_factory.mktemp("tiny") / "sd1"), device="cpu", dtype="float32")


def test_ours_answer_the_whole_contract_themselves(gaussian, tiny):
    for prior in (gaussian, tiny):
        assert whole(prior) is prior
        assert all(hasattr(prior, name) for name in CONTRACT)
        assert prior.visits(5, 0.5, (64, 64)) == prior.schedule.visits(5, 0.5)
        assert prior.layout is None
        assert prior.describe().model
    assert (gaussian.native_size, gaussian.multiple) == (None, 1)
    assert (tiny.native_size, tiny.multiple) == (tiny.info.native_size, tiny.space.multiple)


def test_a_prior_with_four_members_works_everywhere_and_is_counted(gaussian):
    foreign = whole(Foreign(gaussian))
    assert (foreign.native_size, foreign.multiple, foreign.device) == (None, 1, torch.device("cpu"))
    assert (foreign.evaluations, foreign.notes, foreign.describe().model) == (0, (), "object:Foreign")
    assert foreign.visits(4) == gaussian.schedule.visits(4)
    assert whole(foreign) is foreign
    images = 0.3 * Noise([1, 2]).normal(torch.empty(2, 3, 8, 8))
    ours, theirs = edit(gaussian, images, ["a dog"], steps=6), edit(Foreign(gaussian), images, ["a dog"], steps=6)
    assert torch.equal(ours.images, theirs.images)
    assert ours.receipt.evaluations == theirs.receipt.evaluations == 2 * 3 * 6
    assert generate(Foreign(gaussian), ["a dog"], size=(8, 8), steps=5).receipt.evaluations == 2 * 5


def test_a_prior_is_asked_for_the_levels_of_a_size(gaussian):
    """Flow models shift their levels by the size of the picture."""

    class Shifting(Foreign):
        asked = ()

        def visits(self, steps, denoise=1.0, size=None):
            self.asked = (steps, denoise, size)
            return self.schedule.visits(steps, denoise)

    prior = Shifting(gaussian)
    edit(prior, torch.zeros(1, 3, 8, 8), ["a dog"], steps=6, denoise=0.5)
    assert prior.asked == (6, 0.5, (8, 8))


def test_the_layout_names_rows_of_a_split_call(tiny):
    seen = []
    hook = tiny.unet.register_forward_pre_hook(lambda module, args: seen.append((tiny.layout, args[0].clone())))
    z = Noise([1, 2, 3]).normal(torch.empty(3, *tiny.space.latent_shape(64, 64)))
    conds = [tiny.embed([""]), tiny.embed(["a cat"])]
    try:
        tiny.max_batch = 4
        tiny.predict([z, 2 * z], tiny.visits(4)[1], conds)
    finally:
        hook.remove()
        tiny.max_batch = None
    assert [(layout.branches, layout.items) for layout, _ in seen] == [
        ((0, 0, 0, 1), (0, 1, 2, 0)),
        ((1, 1), (1, 2)),
    ]
    for layout, given in seen:
        for row, branch, item in zip(given, layout.branches, layout.items, strict=True):
            assert torch.equal(row, (1 + branch) * z[item])
        assert layout.conds == tuple(conds)
    assert tiny.layout is None


def test_inputs_replace_what_the_network_is_given_and_are_taken_back(tiny):
    z, null = torch.zeros(2, *tiny.space.latent_shape(64, 64)), tiny.embed([""])
    step, plain = tiny.visits(4)[1], []
    before = tiny.predict([z], step, [null])[0].eps

    def noted(x, layout):
        plain.append(layout.items)
        return x + 1

    with tiny.inputs(noted):
        changed = tiny.predict([z], step, [null])[0].eps
    assert plain == [(0, 1)]
    assert not torch.allclose(before, changed)
    assert torch.equal(tiny.predict([z], step, [null])[0].eps, before)
    with pytest.raises(RuntimeError), tiny.inputs(lambda x, layout: x[:, :1]):
        tiny.predict([z], step, [null])
    assert torch.equal(tiny.predict([z], step, [null])[0].eps, before)
    assert tiny.layout is None


def test_layout_of_a_call_without_conditions():
    assert Layout.of([1, 2]).part(0, 2) == Layout((0, 1), (0, 0))


def test_nobody_asks_a_prior_for_an_attribute_that_it_may_lack():
    asking = re.compile(r"(getattr|hasattr)\((self\.)?_?prior(\.(space|schedule))?,")
    files = [path for path in SOURCE.rglob("*.py") if path.name != "base.py"]
    assert [str(path) for path in files if asking.search(path.read_text())] == []


def test_a_prediction_is_a_plain_record():
    assert Prediction(torch.zeros(1), torch.ones(1)).targets == ()
