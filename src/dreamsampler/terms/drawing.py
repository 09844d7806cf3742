"""Regularisers of a drawing that is being optimised: what it must explain, and that its outlines stay simple."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ..core.types import Prediction, Step
from ..generators.svg.crossing import crossing_loss
from ..generators.svg.generator import SvgGenerator
from ..operators import Measurement, Operator


@dataclass(frozen=True)
class Fidelity:
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

    def __call__(self, image: Tensor, z: Tensor, pred: Prediction, step: Step) -> Tensor:
        residual = self.measurement.residual(image) / 2.0
        blur = None if self.smooth is None else self.smooth(step)
        if blur is not None:
            residual = blur.forward(residual)
        pixels = residual.shape[-2] * residual.shape[-1]
        return self.weight * residual.square().sum() / pixels


@dataclass(frozen=True)
class Crossing:
    """weight x the loss of LIVE and VectorFusion against outlines that cross themselves (`generators.svg.crossing`)."""

    generator: SvgGenerator
    weight: float

    def __call__(self, image: Tensor, z: Tensor, pred: Prediction, step: Step) -> Tensor:
        points = self.generator.points
        return self.weight * points.shape[0] * crossing_loss(points, self.generator.template.structure)
