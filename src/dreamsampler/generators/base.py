"""What every generator gives: a rendering of one view, differentiable in the generator's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from torch import Tensor


@dataclass(frozen=True)
class Rendering:
    """One view of a generator.

    Attributes:
        image: [B, 3, H, W] in [-1, 1].
        alpha: opacity [B, 1, H, W] in [0, 1], or None where everything is opaque.
        depth: expected distance along the ray [B, 1, H, W] in scene units, or None without geometry.
        extras: further tensors that losses of one kind of generator read, by name (ray weights, normals).
    """

    image: Tensor
    alpha: Tensor | None = None
    depth: Tensor | None = None
    extras: Mapping[str, Tensor] = field(default_factory=dict)


@runtime_checkable
class Generator(Protocol):
    """Something that draws: pixels, the paths of an SVG, a radiance field."""

    def render(self, view: Any = None) -> Rendering:
        """Render one view, differentiable in `parameters()`; `view` is a camera, or None for a single view."""
        ...

    def parameters(self) -> Sequence[Tensor]:
        """Return the tensors that an optimizer changes."""
        ...
