"""Where a prompt's words lie among its tokens, and which word of one prompt stands in another's place."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...core.errors import InputError


class Span(NamedTuple):
    """A word and its tokens, [start, stop) behind the opening token."""

    word: str
    start: int
    stop: int


def spans(tokenizer: Any, prompt: str, length: int) -> tuple[Span, ...]:
    """Return the tokens of each word of a prompt, words being split at blanks.

    Words are tokenized one by one: positions found by counting decoded letters shift behind the first word that the
    tokenizer writes differently.

    Args:
        tokenizer: a CLIP tokenizer: one token opens a prompt, one ends it.
        length: tokens of a padded prompt.

    Raises:
        InputError: the prompt is too long, or its words do not make its tokens.
    """
    found, start = [], 1
    tokens: list[int] = []
    for word in prompt.split():
        ids = tokenizer(word, add_special_tokens=False).input_ids
        found.append(Span(word, start, start + len(ids)))
        tokens, start = tokens + list(ids), start + len(ids)
    if start >= length:
        raise InputError(f"prompt={prompt!r}: {start + 1} tokens, the model takes {length}; shorten it")
    if tokens != list(tokenizer(prompt, add_special_tokens=False).input_ids):
        raise InputError(f"prompt={prompt!r}: its words taken one by one have other tokens; write it more plainly")
    return tuple(found)


def replacement(tokenizer: Any, source: str, target: str, length: int) -> Tensor:
    """Return M [T, T] of prompt-to-prompt's word replacement: the target's maps are the source's times M.

    Each word's tokens feed those of the word in its place: one to one where both have as many, else each of k target
    tokens takes 1/k of every source token's map. What is behind the words follows in its order; the release keeps
    positions there, which tears end from end where the numbers of tokens differ.

    Raises:
        InputError: the prompts have different numbers of words; also as `spans`.
    """
    old, new = spans(tokenizer, source, length), spans(tokenizer, target, length)
    if len(old) != len(new):
        raise InputError(
            f"prompt={target!r}: {len(new)} words, source_prompt has {len(old)}; write both with as many words"
        )
    table = torch.zeros(length, length)
    table[0, 0] = 1.0
    for a, b in zip(old, new, strict=True):
        if a.stop - a.start == b.stop - b.start:
            for k in range(a.stop - a.start):
                table[a.start + k, b.start + k] = 1.0
        else:
            table[a.start : a.stop, b.start : b.stop] = 1.0 / (b.stop - b.start)
    after, behind = (old[-1].stop, new[-1].stop) if old else (1, 1)
    for k in range(length - behind):
        table[min(after + k, length - 1), behind + k] = 1.0
    return table


def word_weights(tokenizer: Any, source: str, target: str, length: int, word: str, weight: float) -> Tensor:
    """Return w [T]: `weight` at the tokens of a word of the target prompt, 1 elsewhere.

    Args:
        word: a word of the target; "" stands for those that differ from the source's.

    Raises:
        InputError: the target has no such word; also as `spans`.
    """
    new = spans(tokenizer, target, length)
    changed = [b for a, b in zip(source.split(), new, strict=True) if a != b.word]
    chosen = [span for span in new if span.word == word] if word else changed
    if word and not chosen:
        raise InputError(f"word={word!r}: is no word of the prompt {target!r}")
    weights = torch.ones(length)
    for span in chosen:
        weights[span.start : span.stop] = weight
    return weights
