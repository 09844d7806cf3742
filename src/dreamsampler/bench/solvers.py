"""What `bench restore` compares: methods for inverse problems with their options, and how one result is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from torch import Tensor

from ..core.errors import InputError
from ..core.types import Prior
from ..methods.inverse.registry import MASKS_ONLY, restore_with
from ..methods.rehearsal import rehearsed
from ..operators.mask import paste, union
from ..tasks.inpaint import InpaintSettings, inpaint
from .metrics.base import Sample
from .metrics.clip import ClipAccuracy
from .metrics.encoder import ClipEncoder
from .metrics.psnr import decibels
from .metrics.ssim import ssim
from .problems import Problem

REFERENCES = ("start", "truth")
"""Rows that no method makes: what a method begins with, and the right answer, whose CLIP-Acc is the judge's own."""


@dataclass(frozen=True)
class Solver:
    """A method with its options, as one row of a table."""

    name: str
    method: str
    steps: int
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, steps: int) -> Solver:
        """ "name" or "name:option=value,..."; `steps` is an option too.

        Raises:
            InputError: an unknown method or option, or a value of the wrong kind or out of range.
        """
        if text in REFERENCES:
            return cls(text, text, 0)
        name, _, rest = text.partition(":")
        parts = [part for part in rest.split(",") if part]
        own = [part for part in parts if not part.startswith("steps=")]
        chosen = [part.removeprefix("steps=") for part in parts if part.startswith("steps=")]
        if any(not value.isdigit() or int(value) < 1 for value in chosen):
            raise InputError(f"{text}: steps={chosen[-1]!r}; expected a whole number above 0")
        method, options = rehearsed(f"{name}:{','.join(own)}" if own else name)
        return cls(text, method, int(chosen[-1]) if chosen else steps, options)

    def takes(self, given: Problem) -> bool:
        """Whether the method is made for such a problem."""
        return bool(given.holes) or self.method not in MASKS_ONLY

    def __call__(self, prior: Prior, given: Problem, seed: int) -> tuple[Tensor, int]:
        """The raw picture and what it cost."""
        if self.method == "start":
            return given.measurement.first_guess(), 0
        if self.method == "truth":
            return given.truth, 0
        if self.method == "dreamsampler" and given.source is not None:
            known = {field.name for field in fields(InpaintSettings)}
            if unknown := set(self.options) - known:
                raise InputError(f"{self.name}: inpainting has no option {sorted(unknown)[0]!r}; leave it out")
            done = inpaint(
                prior,
                given.source,
                given.holes,
                given.prompts,
                steps=self.steps,
                settings=InpaintSettings(**self.options),
                raw=True,
                seeds=[seed],
            )
            return done.raw, done.receipt.evaluations
        result = restore_with(
            self.method, prior, given.measurement, given.prompt, steps=self.steps, seeds=[seed], **self.options
        )
        return result.images, result.receipt.evaluations


def judge_result(raw: Tensor, given: Problem, judge: ClipEncoder) -> dict[str, float | None]:
    """The measures of one raw picture [1, 3, H, W]."""
    if given.source is None:
        return {
            "PSNR": decibels(raw[0], given.truth[0]),
            "SSIM": ssim(raw[0], given.truth[0]),
            "misfit": given.measurement.misfit(raw)[0],
        }
    inside = union(given.holes)
    image, hole = paste(given.source, raw, inside)[0], inside[0, 0] > 0
    sample = Sample(image, source_text=given.other, target_text=given.prompt)
    return {
        "PSNR": decibels(image, given.truth[0]),
        "SSIM": ssim(image, given.truth[0]),
        "PSNR in the hole": decibels(image[:, hole], given.truth[0][:, hole]),
        "CLIP-Acc in the hole": ClipAccuracy(judge)(sample),
        "PSNR outside, raw": decibels(raw[0][:, ~hole], given.source[0][:, ~hole]),
        "misfit": given.measurement.misfit(raw)[0],
    }
