"""From a network's output to (z0, eps), whatever the network was trained to predict.

Every output in use is m = p z0 + q eps. Together with z = a z0 + b eps that is a 2 x 2 system:
det = a q - b p, z0 = (q z - b m) / det, eps = (a m - p z) / det.
"""

from __future__ import annotations

from torch import Tensor

from .errors import InputError
from .types import Prediction

KINDS = ("eps", "x0", "v", "flow")


def output_weights(kind: str, a: float, b: float) -> tuple[float, float]:
    """(p, q) of the output m = p z0 + q eps: the noise, the clean latent, v = a eps - b z0, or velocity eps - z0."""
    match kind:
        case "eps":
            return 0.0, 1.0
        case "x0":
            return 1.0, 0.0
        case "v":
            return -b, a
        case "flow":
            return -1.0, 1.0
    raise InputError(f"prediction type {kind!r}: expected one of {', '.join(KINDS)}")


def to_prediction(z: Tensor, output: Tensor, a: float, b: float, kind: str) -> Prediction:
    """Solve for the clean latent and the noise.

    Args:
        z: noisy latent at level (a, b), any shape.
        output: the network's output of the kind named, same shape.

    Raises:
        InputError: the kind is unknown, or leaves one of the two open at this level (eps-prediction the clean latent
            at a = 0, x0-prediction the noise at b = 0).

    Example:
        >>> import torch
        >>> z0, eps = torch.ones(1), torch.zeros(1)
        >>> to_prediction(0.8 * z0 + 0.6 * eps, 0.8 * eps - 0.6 * z0, 0.8, 0.6, "v").z0
        tensor([1.])
    """
    p, q = output_weights(kind, a, b)
    det = a * q - b * p
    if det == 0.0:
        if b == 0.0:
            raise InputError(
                f"{kind}-prediction does not determine the noise of a clean latent (a={a:g}, b=0); ask the network at "
                "a noisier level"
            )
        raise InputError(f"{kind}-prediction does not determine the clean latent at a={a:g}, b={b:g}; start lower")
    return Prediction((q * z - b * output) / det, (a * output - p * z) / det)


def from_prediction(pred: Prediction, a: float, b: float, kind: str) -> Tensor:
    """The output of the kind named that would have led to this prediction: m = p z0 + q eps."""
    p, q = output_weights(kind, a, b)
    return p * pred.z0 + q * pred.eps
