"""The tokenizer: every word of the vocabulary is one token, and nothing is lost."""

import pytest
from transformers import CLIPTokenizer

from iconworld.scenes.vocabulary import WORDS
from iconworld.training.text import build_text_encoder, build_tokenizer, words_of


@pytest.fixture(scope="module")
def words():
    return words_of([*WORDS, "an octopus", "french fries", "cat catfish at a"])


@pytest.fixture(scope="module")
def tokenizer(words, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    build_tokenizer(words).save_pretrained(folder)
    return CLIPTokenizer.from_pretrained(folder)


def test_every_word_is_one_token_and_comes_back(tokenizer, words):
    for word in words:
        ids = tokenizer(word).input_ids
        assert len(ids) == 3, word
        assert tokenizer.decode(ids, skip_special_tokens=True).strip() == word


def test_an_unknown_word_falls_back_to_pieces_and_comes_back(tokenizer):
    ids = tokenizer("a zqxj cat").input_ids
    assert len(ids) > 5
    assert tokenizer.decode(ids, skip_special_tokens=True).strip() == "a zqxj cat"
    assert tokenizer.unk_token_id not in ids[1:-1]


def test_a_long_prompt_is_cut_to_the_models_length(tokenizer):
    ids = tokenizer("cat " * 50, truncation=True).input_ids
    assert len(ids) == tokenizer.model_max_length == 32


def test_the_pooled_state_ignores_padding(tokenizer):
    encoder = build_text_encoder(tokenizer, 48, 1).eval()
    short = encoder(tokenizer("a cat", return_tensors="pt").input_ids).pooler_output
    padded = encoder(tokenizer("a cat", padding="max_length", return_tensors="pt").input_ids).pooler_output
    assert (short - padded).abs().max() < 1e-5
