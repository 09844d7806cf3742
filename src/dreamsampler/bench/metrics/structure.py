"""Structure distance (Splice, Tumanyan et al., CVPR 2022): does the output keep the source's layout?

Mean squared difference of two self-similarity matrices: cosines between the keys of the last attention block of a ViT,
all heads side by side, all tokens. Published numbers use DINO ViT-B/8 at 224 pixels.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from .base import Sample
from .encoder import VisionEncoder


def self_similarity(keys: Tensor) -> Tensor:
    """Cosines between all tokens: [B, T, D] to [B, T, T]."""
    unit = torch.nn.functional.normalize(keys.double(), dim=-1)
    return unit @ unit.transpose(-1, -2)


@dataclass(frozen=True)
class StructureDistance:
    """0 for the same structure, up to 4. Undefined without the source.

    Args:
        encoder: a ViT or a CLIP vision tower.
        range: "unit" normalizes pictures in [0, 1], as Splice does; "bytes" feeds 0 .. 255 into the same
            normalization, as PIE-Bench's code does. Numbers of the two are not comparable, so their names differ.
    """

    encoder: VisionEncoder
    range: Literal["unit", "bytes"] = "unit"
    higher_is_better: bool = False

    @property
    def name(self) -> str:
        return "structure distance" if self.range == "unit" else "structure distance (PIE, 0..255 input)"

    def __call__(self, sample: Sample) -> float | None:
        if sample.source is None:
            return None
        scale = 1.0 if self.range == "unit" else 255.0
        encoder = VisionEncoder(self.encoder.model, dataclasses.replace(self.encoder.preprocess, scale=scale))
        output, source = self_similarity(encoder.keys(torch.stack([sample.output, sample.source])))
        return float((output - source).square().mean())
