"""The drawing as a generator: control points, colors and background are psi, the rasterizer is g (Algorithm 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ...core.errors import InputError
from ..base import Rendering
from .drawing import Drawing
from .flatten import Flattening
from .rasterizer import rasterize

POINTS_RATE = 0.2
COLOR_RATE = POINTS_RATE / 20
BACKGROUND_RATE = POINTS_RATE / 200


@dataclass(eq=False)
class SvgGenerator:
    """g(psi): drawings of one structure, one for each item of the batch.

    Make it with `SvgGenerator.of`; the tensors are leaves that an optimizer changes in place.

    Attributes:
        template: structure, names and canvas size; its numbers are those at the start.
        points: `[B, N, 2]` control points in pixels of the canvas.
        rgba: `[B, P, 4]` colors and opacities in [0, 1].
        background: `[B, 3]` in [0, 1].
        flattening: how finely curves are cut.

    Example:
        >>> from dreamsampler.generators.svg.initialize import random_circles
        >>> circles = random_circles(8, (64, 64), torch.Generator().manual_seed(0))
        >>> generator = SvgGenerator.of([circles])
        >>> optimizer = torch.optim.Adam(generator.parameter_groups(), betas=(0.9, 0.9), eps=1e-6)
        >>> generator.render().image.shape
        torch.Size([1, 3, 64, 64])
    """

    template: Drawing
    points: Tensor
    rgba: Tensor
    background: Tensor
    flattening: Flattening | None = None

    @classmethod
    def of(
        cls, drawings: Sequence[Drawing], dtype: torch.dtype = torch.float32, device: torch.device | str | None = None
    ) -> SvgGenerator:
        """Start from drawings of the same structure and size; one without a background gets a white one.

        Colors are optimized as plain ones: gradients start as their mean.

        Raises:
            InputError: no drawings, drawings that differ in structure or size, or one without paths.
        """
        if not drawings:
            raise InputError("drawings: none given; start from at least one")
        drawings = [drawing.plain() for drawing in drawings]
        first = drawings[0]
        if any(d.structure != first.structure or d.size != first.size for d in drawings):
            raise InputError("drawings: a batch needs the same paths and canvas in every drawing")
        if first.structure.path_count == 0:
            raise InputError("paths: 0, there would be nothing to optimize; ask for at least 1")
        grounds = [torch.ones(3) if d.background is None else d.background for d in drawings]

        def leaf(tensors: list[Tensor]) -> Tensor:
            stacked = torch.stack([t.detach().to(dtype=dtype, device=device) for t in tensors])
            return stacked.clone().requires_grad_(True)

        return cls(first, leaf([d.points for d in drawings]), leaf([d.rgba for d in drawings]), leaf(grounds))

    def render(self, view: Any = None) -> Rendering:
        """Render to an image `[B, 3, H, W]` in [-1, 1], opaque.

        Args:
            view: height and width to render at instead of the canvas's own (coarse to fine), or None.
        """
        size = self.template.size if view is None else view
        points = self.points
        if size != self.template.size:
            factor = (size[1] / self.template.size[1], size[0] / self.template.size[0])
            points = points * torch.tensor(factor, dtype=points.dtype, device=points.device)
        structure = self.template.structure
        image = rasterize(points, structure, self.rgba, size, self.background, flattening=self.flattening)
        return Rendering(2 * image - 1)

    def parameters(self) -> Sequence[Tensor]:
        """Return points, colors and backgrounds."""
        return (self.points, self.rgba, self.background)

    def parameter_groups(
        self, points: float = POINTS_RATE, colors: float = COLOR_RATE, background: float = BACKGROUND_RATE
    ) -> list[dict[str, Any]]:
        """Groups for a torch optimizer, named "points", "colors" and "background", with their learning rates.

        The defaults are the peaks of the schedule that DreamSampler takes over from VectorFusion (see `rates.warm_up`):
        0.2 px a step, colors 1/20 and background 1/200 of it. Pixels are those of the canvas.
        """
        rates = {"points": points, "colors": colors, "background": background}
        return [
            {"params": [parameter], "lr": rate, "name": name}
            for parameter, (name, rate) in zip(self.parameters(), rates.items(), strict=True)
        ]

    @torch.no_grad()
    def clamp(self) -> None:
        """Bring colors back into [0, 1] after a step (in the graph a clamp would stop their gradients)."""
        self.rgba.clamp_(0, 1)
        self.background.clamp_(0, 1)

    def drawing(self, item: int = 0) -> Drawing:
        """The current drawing of one item, detached, on the CPU."""
        points, rgba, ground = (tensor.detach()[item].cpu().clone() for tensor in self.parameters())
        return replace(self.template, points=points, rgba=rgba.clamp(0, 1), background=ground.clamp(0, 1))
