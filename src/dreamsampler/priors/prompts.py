"""From prompts to `TextCondition`s: tokenizers and text encoders of Stable Diffusion 1, 2 and XL."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ..core.errors import InputError
from .condition import TextCondition

log = logging.getLogger(__name__)


class PromptEncoder:
    """Text encoders side by side.

    One encoder: its last hidden states (Stable Diffusion 1 and 2). Two: the last but one of each, joined along the
    features, and the pooled projection of the second (SDXL).

    Args:
        tokenizers, encoders: as many of each.
        device: where the network wants its conditions.
        dtype: the network's.
        zero_null: "" becomes zeros instead of the encoded empty prompt. SDXL was trained so.
        convert: (prompt, tokenizer) -> prompt, for textual inversion.
    """

    def __init__(
        self,
        tokenizers: Sequence[Any],
        encoders: Sequence[Any],
        device: torch.device,
        dtype: torch.dtype,
        zero_null: bool = False,
        convert: Callable[[str, Any], str] | None = None,
    ) -> None:
        self.tokenizers, self.encoders = tuple(tokenizers), tuple(encoders)
        self.device, self.dtype, self.zero_null, self._convert = device, dtype, zero_null, convert
        self.notes: list[str] = []

    def __call__(self, prompts: Sequence[str]) -> TextCondition:
        """Encode prompts, one an item.

        Raises:
            InputError: no prompt at all, or something that is not text.
        """
        if isinstance(prompts, str) or not prompts or not all(isinstance(p, str) for p in prompts):
            raise InputError(f"prompts={prompts!r}: expected a sequence of texts, [''] for the null prompt")
        with torch.no_grad():
            parts = [self._encode(t, e, prompts) for t, e in zip(self.tokenizers, self.encoders, strict=True)]
            text = torch.cat([hidden for hidden, _ in parts], dim=-1)
            pooled = parts[-1][1]
            if self.zero_null:
                null = torch.tensor([prompt == "" for prompt in prompts], device=text.device)
                text = text.masked_fill(null[:, None, None], 0.0)
                pooled = None if pooled is None else pooled.masked_fill(null[:, None], 0.0)
            return TextCondition(
                text.to(self.device, self.dtype), None if pooled is None else pooled.to(self.device, self.dtype)
            )

    def _encode(self, tokenizer: Any, encoder: Any, prompts: Sequence[str]) -> tuple[Tensor, Tensor | None]:
        # a tokenizer that names no limit reports an absurd one
        most = min(tokenizer.model_max_length, getattr(encoder.config, "max_position_embeddings", 77))
        ids, mask = self._tokens(tokenizer, prompts, most)
        where = self.device if encoder.device.type == "meta" else encoder.device
        # only encoders that were trained with a mask get one: CLIP's padding is part of what the networks know
        masked = getattr(encoder.config, "use_attention_mask", False)
        out = encoder(ids.to(where), attention_mask=mask.to(where) if masked else None, output_hidden_states=True)
        if len(self.encoders) == 1:
            return out[0].to(self.device), None
        pooled = getattr(out, "text_embeds", None)
        return out.hidden_states[-2].to(self.device), None if pooled is None else pooled.to(self.device)

    def _tokens(self, tokenizer: Any, prompts: Sequence[str], most: int) -> tuple[Tensor, Tensor]:
        if self._convert is not None:
            prompts = [self._convert(prompt, tokenizer) for prompt in prompts]
        encoded = tokenizer(list(prompts), padding="max_length", max_length=most, truncation=True, return_tensors="pt")
        # a full row has no padding left: only then is it worth counting what was cut off
        for prompt, row in zip(prompts, encoded.attention_mask, strict=True):
            if bool(row.all()):
                self._warn_if_cut(tokenizer, prompt, most)
        return encoded.input_ids, encoded.attention_mask

    def _warn_if_cut(self, tokenizer: Any, prompt: str, most: int) -> None:
        ids = tokenizer(prompt, truncation=False, verbose=False).input_ids
        if len(ids) <= most:
            return
        lost = tokenizer.decode(ids[most - 1 : -1]).strip()
        note = f"prompt is {len(ids)} tokens long, the text encoder takes {most}; ignored: {lost!r}"
        if note not in self.notes:
            self.notes.append(note)
            log.warning(note)
