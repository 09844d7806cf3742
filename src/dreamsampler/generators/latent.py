"""The simplest generators: the picture, or its latent, is itself what is optimized (DDS, SDS, image distillation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from .base import Rendering


@dataclass
class TensorGenerator:
    """g(psi) = psi.

    Args:
        psi: a latent [B, C, h, w] (with `encode` the identity) or pixels [B, 3, H, W] in [-1, 1].

    Example:
        >>> import torch
        >>> generator = TensorGenerator(torch.zeros(1, 4, 8, 8))
        >>> generator.render().image.requires_grad
        True
    """

    psi: Tensor

    def __post_init__(self) -> None:
        self.psi = self.psi.detach().clone().requires_grad_(True)

    def render(self, view: Any = None) -> Rendering:
        """Return psi itself."""
        return Rendering(self.psi)

    def parameters(self) -> Sequence[Tensor]:
        """Return psi."""
        return (self.psi,)
