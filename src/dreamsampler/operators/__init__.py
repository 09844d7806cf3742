"""Linear measurements y = A x + n: masks, blurs, downsampling, color, their compositions and their inverses."""

from .adapt import as_operator
from .base import Operator, Partial, Shape, Solvable, Spectral, check_measurement
from .compose import Composition, compose
from .kernel import KernelBlur, kernel_blur, motion_blur
from .mask import Mask, RectangleMask
from .measurement import Measurement, degrade
from .noise import GaussianNoise, PoissonNoise
from .parse import parse
from .separable import Separable, downsample, gaussian_blur, grey, identity, window
from .solve import conjugate_gradient, prox, pseudo_inverse

__all__ = [
    "Composition",
    "GaussianNoise",
    "KernelBlur",
    "Mask",
    "Measurement",
    "Operator",
    "Partial",
    "PoissonNoise",
    "RectangleMask",
    "Separable",
    "Shape",
    "Solvable",
    "Spectral",
    "as_operator",
    "check_measurement",
    "compose",
    "conjugate_gradient",
    "degrade",
    "downsample",
    "gaussian_blur",
    "grey",
    "identity",
    "kernel_blur",
    "motion_blur",
    "parse",
    "prox",
    "pseudo_inverse",
    "window",
]
