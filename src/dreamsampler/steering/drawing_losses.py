"""Losses of a drawing that is being optimized: what it must explain, and that its outlines stay simple."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from ..core.types import Prediction, Step
from ..generators.base import Rendering
from ..generators.svg.crossing import crossing_loss
from ..generators.svg.generator import SvgGenerator
from ..operators import Measurement, Operator

SMOOTH = 1e-3
"""Differences of neighbors below which total variation is quadratic."""


class ImageLoss(Protocol):
    """A loss of the image alone, known for each item."""

    def each(self, image: Tensor) -> Tensor:
        """Return the loss of each item, [B]; images [B, 3, H, W] in [-1, 1]."""
        ...

    def __call__(self, rendering: Rendering, z: Tensor, pred: Prediction, step: Step) -> Tensor:
        """Return their sum."""
        ...


@dataclass(frozen=True)
class DataLoss:
    """weight x |y - A g(psi)|^2, the second term of eq. 21, as a mean over pixels of images in [0, 1].

    The mean makes the weight independent of the canvas; items of a batch add up, so that none depends on another.

    Args:
        measurement: y and A.
        weight: lambda_SVG.
        smooth: step -> a blur under which both sides are compared, or None: coarse to fine.
    """

    measurement: Measurement
    weight: float = 1.0
    smooth: Callable[[Step], Operator | None] | None = None

    def __call__(self, rendering: Rendering, z: Tensor, pred: Prediction, step: Step) -> Tensor:
        return self._of(rendering.image, None if self.smooth is None else self.smooth(step)).sum()

    def each(self, image: Tensor) -> Tensor:
        """Return the loss of each item, [B], without any blur."""
        return self._of(image, None)

    def _of(self, image: Tensor, blur: Operator | None) -> Tensor:
        residual = self.measurement.residual(image) / 2.0
        if blur is not None:
            residual = blur.forward(residual)
        return self.weight * residual.square().flatten(1).sum(1) / pixel_count(residual)


@dataclass(frozen=True)
class XingLoss:
    """weight x the loss of LIVE and VectorFusion against outlines that cross themselves (`generators.svg.crossing`)."""

    generator: SvgGenerator
    weight: float

    def __call__(self, rendering: Rendering, z: Tensor, pred: Prediction, step: Step) -> Tensor:
        points = self.generator.points
        return self.weight * points.shape[0] * crossing_loss(points, self.generator.template.structure)


@dataclass(frozen=True)
class TotalVariation:
    """weight x total variation of the picture, a mean over pixels of images in [0, 1]: few and short edges.

    The length of all visible edges times their contrast, the regularizer of Rudin, Osher and Fatemi. What a
    measurement does not see, as thin shards under blur, costs its outline here. Isotropic over x, y and the channels.
    """

    weight: float

    def __call__(self, rendering: Rendering, z: Tensor, pred: Prediction, step: Step) -> Tensor:
        return self.each(rendering.image).sum()

    def each(self, image: Tensor) -> Tensor:
        """Return the loss of each item, [B]."""
        picture = image / 2.0
        down = picture[..., 1:, :-1] - picture[..., :-1, :-1]
        right = picture[..., :-1, 1:] - picture[..., :-1, :-1]
        slope = (down.square() + right.square()).sum(1)
        return self.weight * ((slope + SMOOTH**2).sqrt() - SMOOTH).flatten(1).sum(1) / pixel_count(picture)


@dataclass(frozen=True)
class EstimateLoss:
    """weight x |g(psi) - picture|^2, a mean over pixels of images in [0, 1]: an estimate that the drawing keeps to.

    Attributes:
        picture: [B, 3, H, W] in [-1, 1].
        weight: one, or one an item, [B].
    """

    picture: Tensor
    weight: float | Tensor

    def __call__(self, rendering: Rendering, z: Tensor, pred: Prediction, step: Step) -> Tensor:
        return self.each(rendering.image).sum()

    def each(self, image: Tensor) -> Tensor:
        """Return the loss of each item, [B]."""
        apart = (image - self.picture.to(image)) / 2.0
        return self.weight * apart.square().flatten(1).sum(1) / pixel_count(image)


def pixel_count(picture: Tensor) -> int:
    """Return H W."""
    return picture.shape[-2] * picture.shape[-1]
