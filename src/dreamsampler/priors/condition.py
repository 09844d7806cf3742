"""What the networks of Stable Diffusion take beside the latent and the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..core.errors import InputError


@dataclass(frozen=True)
class TextCondition:
    """Prompts as a network takes them; a batch of one stands for any number of items.

    Attributes:
        text: hidden states of the text encoders, [B, L, D].
        pooled: pooled text (SDXL), [B, P].
        time_ids: size conditioning (SDXL): original height and width, top and left of the crop, target height and width
            in pixels, [B, 6]. None: an uncropped picture of the size of the latent.

    Each condition carries its own pooled vector, so the null branch gets the null's and a target branch the target's.
    """

    text: Tensor
    pooled: Tensor | None = None
    time_ids: Tensor | None = None

    def __len__(self) -> int:
        return self.text.shape[0]


def join(conds: Sequence[TextCondition], rows: Sequence[int]) -> TextCondition:
    """One condition for all rows of a call, each spread over its number of rows.

    Raises:
        InputError: a condition for neither one item nor as many as its latent has, or conditions of different kinds.
    """
    for cond, n in zip(conds, rows, strict=True):
        if not isinstance(cond, TextCondition):
            raise InputError(f"condition: expected what prior.embed() returns, got {type(cond).__name__}")
        if len(cond) not in (1, n):
            raise InputError(f"{len(cond)} prompts for a batch of {n}; expected one, or one an item")

    def stack(parts: list[Tensor | None], name: str) -> Tensor | None:
        given = [part for part in parts if part is not None]
        if not given:
            return None
        if len(given) < len(parts):
            raise InputError(f"some conditions have {name} and some have none; embed all prompts with the same prior")
        spread = [part.expand(n, *part.shape[1:]) for part, n in zip(given, rows, strict=True)]
        return torch.cat(spread) if len(spread) > 1 else spread[0]

    text = stack([cond.text for cond in conds], "text")
    if text is None:
        raise InputError("conds: expected at least one condition")
    return TextCondition(
        text,
        stack([cond.pooled for cond in conds], "a pooled vector"),
        stack([cond.time_ids for cond in conds], "size conditioning"),
    )
