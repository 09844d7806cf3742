"""Prompts: padding, masks, cuts, textual inversion."""

import logging
from pathlib import Path

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.priors.condition import TextCondition, join
from dreamsampler.priors.load import load
from tests import tiny


def test_shapes(folders: dict[str, Path]) -> None:
    cond = load(folders["sd1"]).embed(["a dog", ""])
    assert cond.text.shape == (2, 77, 16)
    assert cond.pooled is None
    xl = load(folders["sdxl"]).embed(["a dog", ""])
    assert xl.pooled is not None
    assert (xl.text.shape, xl.pooled.shape) == ((2, 77, 40), (2, 20))
    assert not xl.text.requires_grad


def test_long_prompts_are_cut_and_said_once(folders: dict[str, Path], caplog: pytest.LogCaptureFixture) -> None:
    prior = load(folders["sdxl"])
    fits = " ".join(["cat"] * 75)
    with caplog.at_level(logging.WARNING, logger="dreamsampler"):
        prior.embed([fits])
        assert prior.notes == []
        for _ in range(2):
            cut = prior.embed([fits + " red dog"])
    assert len(prior.notes) == 1
    assert "79 tokens" in prior.notes[0]
    assert "ignored: 'red dog'" in prior.notes[0]
    assert len(caplog.records) == 1
    assert torch.equal(cut.text, prior.embed([fits]).text)


@pytest.mark.parametrize("prompts", ["a dog", [], [3], [None]])
def test_what_is_no_prompt(folders: dict[str, Path], prompts: object) -> None:
    with pytest.raises(InputError, match="expected a sequence of texts"):
        load(folders["sd1"]).embed(prompts)  # type: ignore[arg-type]


@pytest.mark.parametrize("prompt", ["犬", "🙂 émoji", "<|endoftext|>", "a" * 5000, "\x00\n\t", "  "])
def test_odd_prompts_are_just_prompts(folders: dict[str, Path], prompt: str) -> None:
    assert load(folders["sd1"]).embed([prompt]).text.isfinite().all()


def test_textual_inversion_of_a_ready_pipeline(tmp_path: Path) -> None:
    """A concept of two vectors stands for two tokens in the text."""
    pipe = tiny.make_sd(tmp_path)
    before = load(pipe).embed(["a <toy>"])
    embedding = {"<toy>": torch.randn(2, 16, generator=torch.Generator().manual_seed(0))}
    pipe.load_textual_inversion(embedding, token="<toy>")
    after = load(pipe).embed(["a <toy>"])
    theirs = pipe.encode_prompt(["a <toy>"], "cpu", 1, False)[0]
    torch.testing.assert_close(after.text, theirs)
    assert not torch.allclose(before.text, after.text)


def test_conditions_of_different_kinds_are_not_mixed() -> None:
    plain, pooled = TextCondition(torch.zeros(1, 2, 3)), TextCondition(torch.zeros(1, 2, 3), torch.zeros(1, 4))
    assert join([pooled, pooled], [2, 1]).pooled.shape == (3, 4)  # type: ignore[union-attr]
    with pytest.raises(InputError, match="some conditions have a pooled vector"):
        join([plain, pooled], [1, 1])
    with pytest.raises(InputError, match="at least one condition"):
        join([], [])
