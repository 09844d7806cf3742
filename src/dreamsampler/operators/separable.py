"""Operators that act on color, rows and columns one after the other: A = C (x) R (x) K, a Kronecker product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from ..core.errors import InputError
from .axis import Axis, Factors, Resize, Rows, Taps, Window, factors_of, gaussian_taps, join, matrix_of
from .base import Shape, shape_of

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in a grey value (ITU-R BT.601), as Pillow's convert("L") uses them."""

MAX_FACTOR = 1000
"""Of downsampling."""


@dataclass(frozen=True)
class Separable:
    """A = C (x) R (x) K, with one small matrix an axis; None leaves the axis alone.

    The proximal step is exact, from the singular values of the three matrices, which are computed once a size.

    Args:
        channels, rows, cols: maps along the color, vertical and horizontal axis.

    Example:
        >>> import torch
        >>> half = downsample(2, "box")
        >>> half.forward(torch.arange(4.0).reshape(1, 1, 2, 2))
        tensor([[[[1.5000]]]])
    """

    channels: Axis | None = None
    rows: Axis | None = None
    cols: Axis | None = None

    @property
    def axes(self) -> tuple[Axis | None, Axis | None, Axis | None]:
        return self.channels, self.rows, self.cols

    def forward(self, x: Tensor) -> Tensor:
        """A x."""
        scene = shape_of(x)
        self.measured(scene)
        return _apply(x, [_matrix(axis, n, x) for axis, n in zip(self.axes, scene, strict=True)])

    def adjoint(self, y: Tensor) -> Tensor:
        """A^T y."""
        scene = self.scene(shape_of(y, "measurement"))
        matrices = [_matrix(axis, n, y) for axis, n in zip(self.axes, scene, strict=True)]
        return _apply(y, [None if m is None else m.mT for m in matrices])

    def measured(self, scene: Shape) -> Shape:
        """Shape of the measurement of a scene of this shape."""
        return tuple(n if a is None else a.target(n) for a, n in zip(self.axes, scene, strict=True))  # type: ignore[return-value]

    def scene(self, measured: Shape) -> Shape:
        """Shape of the scene behind a measurement of this shape."""
        return tuple(n if a is None else a.source(n) for a, n in zip(self.axes, measured, strict=True))  # type: ignore[return-value]

    def correction(
        self, residual: Tensor, rho: float | Tensor, cutoff: float = 0.0, axis_cutoff: float = 0.0
    ) -> Tensor:
        """A^T (A A^T + rho I)^-1 residual = V s / (s^2 + rho) U^T residual, s the products of singular values.

        Args:
            axis_cutoff: singular values of one axis below this share of its largest count as zero, before products.
        """
        scene = self.scene(shape_of(residual, "residual"))
        factors = [_factors(axis, n, residual) for axis, n in zip(self.axes, scene, strict=True)]
        s = _products(factors, residual, axis_cutoff)
        keep = s > cutoff * s.max()
        filtered = torch.where(keep, s / (s * s + rho).clamp_min(torch.finfo(s.dtype).tiny), torch.zeros_like(s))
        inner = _apply(residual, [None if f is None else f.u.mT for f in factors])
        return _apply(filtered * inner, [None if f is None else f.v for f in factors])

    def spectral(self, x: Tensor, weight: Callable[[Tensor], Tensor]) -> Tensor:
        """Return V w(s) V^T x + w(0) (x - V V^T x)."""
        factors = [_factors(axis, n, x) for axis, n in zip(self.axes, shape_of(x), strict=True)]
        bases = [None if f is None else f.v for f in factors]
        inner = _apply(x, [None if v is None else v.mT for v in bases])
        s = _products(factors, x)
        unseen = x - _apply(inner, bases)
        return _apply(weight(s) * inner, bases) + weight(s.new_zeros(())) * unseen

    def then(self, after: Separable) -> Separable:
        """This operator followed by another, as one."""
        return Separable(*(join(a, b) for a, b in zip(self.axes, after.axes, strict=True)))


def identity() -> Separable:
    """y = x: the measurement of a picture that is only noisy."""
    return Separable()


def grey() -> Separable:
    """[B, 3, H, W] to [B, 1, H, W]: luma of BT.601."""
    return Separable(channels=Rows((LUMA,)))


def window(outer: tuple[int, int], inner: tuple[int, int], top: int = 0, left: int = 0) -> Separable:
    """Crop: from scenes of `outer` (height, width) keep `inner`, from row `top` and column `left` on.

    Put before an operator it lets a model work on a larger scene than was measured.
    """
    return Separable(rows=Window(top, inner[0], outer[0]), cols=Window(left, inner[1], outer[1]))


def gaussian_blur(sigma: float, size: int | None = None) -> Separable:
    """Gaussian blur of `sigma` pixels over `size` taps (odd; by default 4 sigma on either side), replicate borders.

    Raises:
        InputError: sigma not above 0, size even.
    """
    taps = Taps(gaussian_taps(sigma, size))
    return Separable(rows=taps, cols=taps)


def downsample(factor: float, kind: str = "bicubic") -> Separable:
    """Antialiased downsampling by 1 <= `factor` <= 1000 ("bicubic" or "box"); sizes must come out whole.

    Raises:
        InputError: factor out of range or an unknown kind; on use, a size that the factor does not divide.
    """
    if not 1 <= factor <= MAX_FACTOR:
        raise InputError(f"factor={factor:g}: expected a downsampling factor of at least 1 and at most {MAX_FACTOR}")
    axis = Resize(Fraction(factor).limit_denominator(1000), kind)
    return Separable(rows=axis, cols=axis)


def _matrix(axis: Axis | None, n: int, like: Tensor) -> Tensor | None:
    return None if axis is None else matrix_of(axis, n, like.dtype, like.device)


def _factors(axis: Axis | None, n: int, like: Tensor) -> Factors | None:
    return None if axis is None else factors_of(axis, n, like.dtype, like.device)


def _products(factors: list[Factors | None], like: Tensor, axis_cutoff: float = 0.0) -> Tensor:
    """Singular values of the product of the axes, [C or 1, H or 1, W or 1]."""
    s = like.new_ones(1, 1, 1)
    for dim, f in enumerate(factors):
        if f is not None:
            own = torch.where(f.s < axis_cutoff * f.s.max(), torch.zeros_like(f.s), f.s)
            s = s * own.reshape([-1 if d == dim else 1 for d in range(3)])
    return s


def _apply(x: Tensor, matrices: list[Tensor | None]) -> Tensor:
    """Multiply along color, rows and columns."""
    channels, rows, cols = matrices
    if rows is not None:
        x = rows @ x
    if cols is not None:
        x = x @ cols.mT
    if channels is not None:
        x = torch.einsum("dc,bchw->bdhw", channels, x)
    return x
