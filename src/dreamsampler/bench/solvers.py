"""What `bench restore` compares: methods for inverse problems with their options, and how one result is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from torch import Tensor

from ..core.errors import InputError
from ..core.settings import parse as parse_options
from ..core.types import Prior
from ..methods.registry import find, parse
from ..methods.run import restore_with
from ..operators.mask import paste, union
from ..tasks.inpaint import Inpaint, inpaint
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
        entry, rest = find(text, "inverse"), text.partition(":")[2]
        written = parse_options(entry.method, rest, f"method {text!r}")
        parse(text, "inverse")  # ranges that belong together
        return cls(text, entry.name, written.pop("steps", steps), written)

    def takes(self, given: Problem) -> bool:
        """Whether the method is made for such a problem."""
        return bool(given.holes) or self.method in REFERENCES or not find(self.method, "inverse").masks_only

    def __call__(self, prior: Prior, given: Problem, seed: int) -> tuple[Tensor, int]:
        """The raw picture and what it cost."""
        if self.method == "start":
            return given.measurement.first_guess(), 0
        if self.method == "truth":
            return given.truth, 0
        if self.method == "dreamsampler" and given.source is not None:
            known = {field.name for field in fields(Inpaint)}
            if unknown := set(self.options) - known:
                raise InputError(f"{self.name}: inpainting has no option {sorted(unknown)[0]!r}; leave it out")
            done = inpaint(
                prior,
                given.source,
                given.holes,
                given.prompts,
                settings=Inpaint(steps=self.steps, **self.options),
                composite=False,
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
