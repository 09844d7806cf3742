"""Does the output show what the text says? CLIP similarity and CLIP accuracy (pix2pix-zero's protocol)."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Sample
from .encoder import ClipEncoder


@dataclass(frozen=True)
class ClipSimilarity:
    """Cosine between the output and the target text, -1 to 1. Undefined without the text."""

    encoder: ClipEncoder
    name: str = "CLIP similarity"
    higher_is_better: bool = True

    def __call__(self, sample: Sample) -> float | None:
        if sample.target_text is None:
            return None
        image = self.encoder.images(sample.output[None])
        return float((image @ self.encoder.texts([sample.target_text]).T)[0, 0])


@dataclass(frozen=True)
class ClipAccuracy:
    """1 if the output is nearer to the target text than to the source text, else 0; its mean is CLIP-Acc.

    Undefined without both texts, and where they say the same.
    """

    encoder: ClipEncoder
    name: str = "CLIP-Acc"
    higher_is_better: bool = True

    def __call__(self, sample: Sample) -> float | None:
        if sample.target_text is None or sample.source_text is None or sample.target_text == sample.source_text:
            return None
        image = self.encoder.images(sample.output[None])
        target, source = (image @ self.encoder.texts([sample.target_text, sample.source_text]).T)[0].tolist()
        return float(target > source)
