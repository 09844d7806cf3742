"""A run that begins with finished weights keeps the words they know."""

from dataclasses import replace

import pytest
import torch
from tests.tiny import seeded

from dreamsampler.core.errors import InputError
from iconworld.training import presets
from iconworld.training.diffusion import TextToLatent, tokenize
from iconworld.training.evaluator import build_evaluator, encode_text
from iconworld.training.start import start_diffusion, start_evaluator
from iconworld.training.text import build_tokenizer

UNET, EVALUATOR = presets.DIFFUSION["tiny"], presets.EVALUATOR["tiny"]
OLD, NEW = ["cat", "sphere", "red", "a"], ["cat", "sphere", "red", "a", "here", "thick", "lines"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder, tokenizer = tmp_path_factory.mktemp("prior"), build_tokenizer(OLD)
    with seeded(0):
        model, evaluator = TextToLatent(tokenizer, UNET, 4), build_evaluator(tokenizer, EVALUATOR)
    model.text_encoder.save_pretrained(folder / "text_encoder")
    model.unet.save_pretrained(folder / "unet")
    tokenizer.save_pretrained(folder / "tokenizer")
    evaluator.save_pretrained(folder / "judge")
    tokenizer.save_pretrained(folder / "judge")
    return folder, tokenizer, model, evaluator


def test_what_was_known_means_the_same_among_more_words(finished):
    folder, old, model, evaluator = finished
    wider = build_tokenizer(NEW)
    with seeded(1):
        other, second = TextToLatent(wider, UNET, 4), build_evaluator(wider, EVALUATOR)
    fresh = other.text_encoder.get_input_embeddings().weight.detach().clone()
    start_diffusion(other.text_encoder, wider, other.unet, folder)
    start_evaluator(second, wider, folder / "judge")
    texts = ["a red cat", "a sphere", ""]
    with torch.no_grad():
        for kept, learned in ((other, model), (second, evaluator)):
            name = "text_encoder" if kept is other else "text_model"
            states = getattr(kept, name)(tokenize(wider, texts)).last_hidden_state
            torch.testing.assert_close(states, getattr(learned, name)(tokenize(old, texts)).last_hidden_state)
        torch.testing.assert_close(
            encode_text(second, tokenize(wider, texts)), encode_text(evaluator, tokenize(old, texts))
        )
    thick = wider.get_vocab()["thick</w>"]
    assert torch.equal(other.text_encoder.get_input_embeddings().weight[thick], fresh[thick])


def test_a_word_that_would_be_lost_is_named(finished):
    folder = finished[0]
    fewer = build_tokenizer(["cat", "red", "a"])
    model = TextToLatent(fewer, UNET, 4)
    with pytest.raises(InputError, match="learned the word 'sphere'"):
        start_diffusion(model.text_encoder, fewer, model.unet, folder)


def test_another_width_is_refused(finished):
    folder, old, *_ = finished
    model = TextToLatent(old, replace(UNET, text_width=96), 4)
    with pytest.raises(InputError, match="another shape"):
        start_diffusion(model.text_encoder, old, model.unet, folder)
