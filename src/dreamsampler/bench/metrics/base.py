"""What a metric is given and what it gives back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from ...core.errors import InputError


@dataclass(frozen=True)
class Sample:
    """One result and all that is known about it.

    Attributes:
        output: the picture that a method made, [3, H, W] in [-1, 1].
        source: the picture that it was given.
        truth: the right answer.
        changed: bool [H, W], where the right answer differs from the source.
        source_text, target_text: what the source shows, and what the output should show.
    """

    output: Tensor
    source: Tensor | None = None
    truth: Tensor | None = None
    changed: Tensor | None = None
    source_text: str | None = None
    target_text: str | None = None

    def __post_init__(self) -> None:
        for name in ("output", "source", "truth"):
            image = getattr(self, name)
            if image is None:
                continue
            if image.dim() != 3 or image.shape[0] != 3 or not image.is_floating_point():
                raise InputError(f"{name}: expected floats [3, H, W] in [-1, 1], got {image.dtype} {list(image.shape)}")
            if image.shape != self.output.shape:
                raise InputError(f"{name}: {list(image.shape)} beside an output of {list(self.output.shape)}")
        if self.changed is not None and self.changed.shape != self.output.shape[1:]:
            raise InputError(
                f"changed: {list(self.changed.shape)} beside an output of {list(self.output.shape)}; expected [H, W]"
            )


@runtime_checkable
class Metric(Protocol):
    """A number for one sample. None where it is undefined: tables count those and never see a NaN."""

    @property
    def name(self) -> str: ...

    @property
    def higher_is_better(self) -> bool: ...

    def __call__(self, sample: Sample) -> float | None: ...


@runtime_checkable
class SetMetric(Protocol):
    """A number for all samples together."""

    @property
    def name(self) -> str: ...

    @property
    def higher_is_better(self) -> bool: ...

    def __call__(self, samples: Sequence[Sample]) -> float | None: ...


def measure(metrics: Sequence[Metric], sample: Sample) -> dict[str, float | None]:
    """Every metric's value by its name; a value that is not finite becomes None."""
    values: dict[str, float | None] = {}
    for metric in metrics:
        value = metric(sample)
        values[metric.name] = value if value is not None and math.isfinite(value) else None
    return values
