"""Prompt-to-prompt against its published update: source and target in one batch, maps copied by row number."""

import math

import pytest
import torch
from tests import tiny

from dreamsampler.core.errors import InputError
from dreamsampler.core.state import State
from dreamsampler.methods.editing.p2p import PromptToPrompt
from dreamsampler.methods.editing.words import replacement, spans, word_weights
from dreamsampler.methods.run import edit_with
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.priors.load import load
from dreamsampler.tasks.cases import EditCase
from dreamsampler.tasks.plan import walk

SOURCE, TARGET, N, W = "a red cat", "a red zebra", 6, 4.0
OPTIONS = {"steps": N, "guidance_scale": W, "cross": 0.6, "own": 0.4, "own_side": 0.5, "weight": 2.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.write_sd1(tmp_path_factory.mktemp("p2p") / "sd1")


@pytest.fixture
def prior(folder):
    return load(folder)


@pytest.fixture(scope="module")
def pictures():
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(5)) * 2 - 1


class Longhand:
    """A diffusers processor over rows [source, null, target] that writes the source's maps over the target's."""

    def __init__(self, table, weights, cross, own):
        self.table, self.weights, self.cross, self.own = table, weights, cross, own

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None):
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        q, k, v = (
            attn.head_to_batch_dim(x) for x in (attn.to_q(hidden_states), attn.to_k(context), attn.to_v(context))
        )
        maps = attn.get_attention_scores(q, k)
        source, null, target = maps.split(attn.heads)
        if encoder_hidden_states is not None and self.cross:
            target = torch.einsum("hnt,ts->hns", source, self.table) * self.weights
        if encoder_hidden_states is None and self.own and source.shape[1] <= 4 * 4:
            target = source
        return attn.to_out[0](attn.batch_to_head_dim(torch.cat([source, null, target]) @ v))


def longhand(prior, z):
    """One picture: z [1, 4, 8, 8] -> the clean estimate at the end."""
    steps = prior.schedule.visits(N)
    source, null, target = (prior.embed([text]).text for text in (SOURCE, "", TARGET))
    path = [z]
    for s in reversed([*steps[:-1], steps[-1]._replace(a_next=1.0, b_next=0.0)]):
        eps = prior.unet(path[-1], torch.tensor(s.t), source).sample
        path.append(s.a * (path[-1] - s.b_next * eps) / s.a_next + s.b * eps)
    path.reverse()
    # "zebra" has a token a letter, "cat" has one: a fifth each; all behind them moves on by four
    table = torch.zeros(77, 77)
    table[[0, 1, 2], [0, 1, 2]] = 1.0
    table[3, 3:8] = 0.2
    table[range(4, 73), range(8, 77)] = 1.0
    weights = torch.ones(77)
    weights[3:8] = 2.0
    here = path[0]
    for i, s in enumerate(steps):
        cross, own = i < math.floor(0.6 * (N + 1)), i < math.floor(0.4 * N)
        prior.unet.set_attn_processor(Longhand(table, weights, cross, own))
        eps = prior.unet(torch.cat([path[i], here, here]), torch.tensor(s.t), torch.cat([source, null, target])).sample
        e = eps[1:2] + W * (eps[2:] - eps[1:2])
        z0 = (here - s.b * e) / s.a
        here = s.a_next * z0 + s.b_next * e
    return z0


@pytest.mark.parametrize("most", [None, 1])
def test_the_published_update_and_its_exact_cost(folder, prior, pictures, most):
    prior.max_batch = most
    done = edit_with(PromptToPrompt(**OPTIONS), prior, pictures, TARGET, source_prompt=SOURCE)
    assert done.receipt.evaluations == 2 * (N + 4 + 2 * N)
    with torch.no_grad():
        for z0, z in zip(done.state.z0, prior.space.encode(pictures), strict=True):
            torch.testing.assert_close(z0[None], longhand(load(folder), z[None]), rtol=1e-4, atol=1e-4)


def test_each_part_matters(prior, pictures):
    def edited(**changed):
        made = PromptToPrompt(**(OPTIONS | changed))
        return edit_with(made, prior, pictures[:1], TARGET, source_prompt=SOURCE).state.z0

    full = edited()
    for changed in ({"cross": 0.0}, {"own": 0.0}, {"own_side": 0.25}, {"weight": 1.0}, {"word": "red"}):
        assert (edited(**changed) - full).abs().max() > 1e-5, changed


def test_prompts_of_each_picture_keep_to_it_and_a_run_resumes(prior, pictures):
    method, targets, sources = PromptToPrompt(**OPTIONS), ["a red zebra", "a blue dog"], ["a red cat", "the blue cat"]
    case = EditCase.of(prior, pictures, targets, source_prompt=sources, seeds=[0, 1])
    states = []
    both = walk(prior, method(case), lambda phase, done, total, state: states.append((phase, state)))
    for k in range(2):
        alone = EditCase.of(prior, pictures[k : k + 1], targets[k], source_prompt=sources[k], seeds=[k])
        torch.testing.assert_close(walk(prior, method(alone)).z0[0], both.z0[k], rtol=1e-4, atol=1e-4)
    phase, saved = states[N + 1]
    assert phase == "edit"
    again = walk(prior, method(case), resume=(1, State.from_tensors(saved.tensors())))
    # a saved state is contiguous and an encoded picture is not: convolutions round them differently
    torch.testing.assert_close(again.z0, both.z0, rtol=1e-4, atol=1e-4)


def test_nothing_is_evaluated_for_a_weight_of_zero(prior, pictures):
    for changed, cost in (({"cross": 0.0, "own": 0.0}, 3 * N), ({"guidance_scale": 0.0}, 2 * N)):
        method = PromptToPrompt(**(OPTIONS | changed))
        done = edit_with(method, prior, pictures[:1], TARGET, source_prompt=SOURCE)
        assert done.receipt.evaluations == cost


def test_words_and_their_tokens(prior):
    tokenizer = prior.prompts.tokenizers[0]
    assert spans(tokenizer, "a zebra on white", 77)[1:3] == (("zebra", 2, 7), ("on", 7, 8))
    assert torch.equal(replacement(tokenizer, "a red cat", "a blue dog", 77), torch.eye(77))
    back = replacement(tokenizer, "a zebra on", "a cat on", 77)
    assert torch.equal(back[2:7, 2], torch.ones(5))
    assert back[7, 3] == back[8, 4] == 1
    assert torch.equal(word_weights(tokenizer, "a cat", "a dog", 6, "", 3.0), torch.tensor([1.0, 1, 3, 1, 1, 1]))


def test_what_cannot_be_done_is_named(prior, pictures):
    bad = [
        (TARGET, {}, "a cat", "3 words, source_prompt has 2"),
        (TARGET, {"word": "cow"}, SOURCE, "word='cow': is no word of the prompt"),
        ("z" * 90, {}, "cat", "tokens, the model takes 77; shorten it"),
    ]
    for prompt, options, source, words in bad:
        with pytest.raises(InputError, match=words):
            edit_with(PromptToPrompt(**options), prior, pictures, prompt, source_prompt=source)
    assert prior.evaluations == 0
    exact = GaussianPrior({"": torch.zeros(3, 4, 4), "a": torch.ones(3, 4, 4)})
    with pytest.raises(InputError, match="GaussianPrior has none"):
        edit_with("p2p", exact, torch.zeros(1, 3, 4, 4), "a")
