"""The small tokenizer and text encoder, in CLIP's own form.

The merges are those that byte-pair encoding learns from the vocabulary when it is run to the end, so every word of
the vocabulary is one token and every other word falls back to pieces, at worst to its letters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

START, END, SUFFIX = "<|startoftext|>", "<|endoftext|>", "</w>"


def words_of(captions: Iterable[str]) -> list[str]:
    """The distinct words of captions, sorted; a word is a run of letters, as CLIP's tokenizer splits."""
    return sorted({word for caption in captions for word in re.findall(r"[a-z]+", caption.lower())})


def learn_merges(words: Sequence[str]) -> list[tuple[str, str]]:
    """Byte-pair merges, most frequent pair first (ties alphabetically), until every word is one piece."""
    pieces = [[*word[:-1], word[-1] + SUFFIX] for word in sorted(set(words))]
    merges: list[tuple[str, str]] = []
    while True:
        pairs = Counter(pair for word in pieces for pair in zip(word, word[1:]))
        if not pairs:
            return merges
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        pieces = [_merge(word, best) for word in pieces]


def _merge(word: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    for piece in word:
        if merged and (merged[-1], piece) == pair:
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged


def build_tokenizer(words: Sequence[str], max_length: int = 32) -> CLIPTokenizer:
    """A CLIPTokenizer that knows ``words`` as single tokens.

    Args:
        words: lower-case ASCII words.
        max_length: tokens of a prompt, start and end included; longer ones are cut.

    Example:
        >>> tokenizer = build_tokenizer(["cat", "blue"])
        >>> len(tokenizer("blue cat").input_ids)  # with start and end
        4
    """
    letters = sorted(bytes_to_unicode().values())
    merges = learn_merges(words)
    pieces = [*letters, *(letter + SUFFIX for letter in letters), *(a + b for a, b in merges), START, END]
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=max_length)


def text_config(tokenizer: CLIPTokenizer, width: int, layers: int) -> CLIPTextConfig:
    """The configuration of a CLIP text tower over ``tokenizer``."""
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=max(1, width // 48),
        max_position_embeddings=tokenizer.model_max_length,
        projection_dim=width,
        hidden_act="gelu",
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def build_text_encoder(tokenizer: CLIPTokenizer, width: int, layers: int) -> CLIPTextModel:
    """A new CLIPTextModel whose last hidden states condition the UNet."""
    return CLIPTextModel(text_config(tokenizer, width, layers))
