"""Operators one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from ..core.errors import InputError
from .base import Operator, Partial, Shape
from .separable import Separable


@dataclass(frozen=True)
class Composition:
    """A = A_n ... A_2 A_1, the first operator applied first. Make it with `compose`, which joins what it can."""

    parts: tuple[Operator, ...]

    def forward(self, x: Tensor) -> Tensor:
        """A x."""
        return reduce(lambda value, part: part.forward(value), self.parts, x)

    def adjoint(self, y: Tensor) -> Tensor:
        """A_1^T A_2^T ... y."""
        return reduce(lambda value, part: part.adjoint(value), reversed(self.parts), y)

    def measured(self, scene: Shape) -> Shape:
        """Shape after all operators."""
        return reduce(lambda shape, part: part.measured(shape), self.parts, scene)

    def scene(self, measured: Shape) -> Shape:
        """Shape before all operators."""
        return reduce(lambda shape, part: part.scene(shape), reversed(self.parts), measured)

    def support(self, y: Tensor) -> Tensor:
        """Return 0 where the masks at the end of the chain leave y unmeasured, 1 elsewhere."""
        support = torch.ones_like(y[:1, :1])
        for part in reversed(self.parts):
            if not isinstance(part, Partial):
                break
            support = support * part.support(y)
        return support


def compose(parts: Sequence[Operator]) -> Operator:
    """One operator out of several, the first applied first.

    Neighbors that are separable become a single separable operator, which keeps their proximal step in closed form.

    Raises:
        InputError: no operator given.

    Example:
        >>> from dreamsampler.operators import compose, downsample, gaussian_blur
        >>> compose([gaussian_blur(1.5), downsample(4, "box")]).measured((3, 64, 64))
        (3, 16, 16)
    """
    if not parts:
        raise InputError("operator: expected at least one, for example 'sr:factor=4'")
    joined: list[Operator] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(last, Separable) and isinstance(part, Separable):
            joined[-1] = last.then(part)
        else:
            joined.append(part)
    return joined[0] if len(joined) == 1 else Composition(tuple(joined))
