"""Blur by any kernel, through the Fourier transform, with replicate borders and the exact transpose of them."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..core.errors import InputError
from .base import Shape, shape_of

log = logging.getLogger(__name__)

MAX_LENGTH = 1000
"""Pixels of the longest motion blur: its kernel has as many on a side."""


@dataclass(frozen=True, eq=False)
class KernelBlur:
    """y = k * x, a convolution; beyond the border the edge pixel is repeated.

    Args:
        kernel: [kh, kw], odd sizes, float64; make it with `kernel_blur` or `motion_blur`, which check it.
    """

    kernel: Tensor
    _spectra: dict[tuple[object, ...], Tensor] = field(default_factory=dict, repr=False)

    def forward(self, x: Tensor) -> Tensor:
        """A x."""
        _, h, w = self.measured(shape_of(x))
        kh, kw = self.kernel.shape
        padded = _replicate(_replicate(x, kh // 2, -2), kw // 2, -1)
        full = torch.fft.irfft2(torch.fft.rfft2(padded) * self._spectrum(padded), s=padded.shape[-2:])
        return full[..., kh - 1 : kh - 1 + h, kw - 1 : kw - 1 + w]

    def adjoint(self, y: Tensor) -> Tensor:
        """A^T y: correlate with the kernel, then fold what fell beyond the border onto the edge pixels."""
        shape_of(y, "measurement")
        kh, kw = self.kernel.shape
        # the transpose of cutting out the valid part is putting it back where it was, between zeros
        placed = torch.nn.functional.pad(y, (kw - 1, 0, kh - 1, 0))
        back = torch.fft.irfft2(torch.fft.rfft2(placed) * self._spectrum(placed).conj(), s=placed.shape[-2:])
        return _fold(_fold(back, kh // 2, -2), kw // 2, -1)

    def measured(self, scene: Shape) -> Shape:
        """The scene's own shape."""
        return scene

    def scene(self, measured: Shape) -> Shape:
        """The measurement's own shape."""
        return measured

    def _spectrum(self, padded: Tensor) -> Tensor:
        """Transform of the kernel at the padded size, made once a size, dtype and device."""
        size = tuple(padded.shape[-2:])
        key = (*size, padded.dtype, padded.device)
        if key not in self._spectra:
            spectrum = torch.fft.rfft2(self.kernel, s=size)
            self._spectra[key] = spectrum.to(device=padded.device, dtype=padded.dtype.to_complex())
        return self._spectra[key]


def kernel_blur(kernel: Tensor, normalize: bool = False) -> KernelBlur:
    """Blur by a given point-spread function.

    Args:
        kernel: [kh, kw], odd sizes, sum 1 (within 1e-3; what is left is divided away).
        normalize: repair instead of raising: divide by the sum, pad even sizes by a row or column of zeros.

    Raises:
        InputError: not a finite [kh, kw], of even size, or of a sum other than 1 or not above 0.

    Example:
        >>> import torch
        >>> blur = kernel_blur(torch.full((3, 3), 1 / 9))
        >>> float(blur.forward(torch.ones(1, 1, 4, 4)).mean())
        1.0
    """
    if kernel.ndim != 2 or kernel.numel() == 0 or not bool(torch.isfinite(kernel).all()):
        raise InputError(f"kernel: expected a finite [height, width] array, got shape {tuple(kernel.shape)}")
    kernel = kernel.detach().to(device="cpu", dtype=torch.float64)
    kh, kw = kernel.shape
    if kh % 2 == 0 or kw % 2 == 0:
        if not normalize:
            raise InputError(
                f"kernel: size {kw} x {kh} is even and has no center pixel; use odd sizes, or normalize=true to pad it"
            )
        log.warning("kernel: padded from %d x %d to odd size with zeros", kw, kh)
        kernel = torch.nn.functional.pad(kernel, (0, 1 - kw % 2, 0, 1 - kh % 2))
    total = float(kernel.sum())
    if total <= 0:
        raise InputError(f"kernel: sums to {total:g}; a blur needs a sum above 0")
    if abs(total - 1.0) > 1e-3 and not normalize:
        raise InputError(f"kernel: sums to {total:g}, not 1, and would change brightness; use normalize=true")
    return KernelBlur(kernel / total)


def motion_blur(length: float, angle: float = 0.0, size: int | None = None) -> KernelBlur:
    """Blur along a straight line of `length` pixels at `angle` degrees (0 to the right, anticlockwise).

    The line is drawn with bilinear weights at a tenth of a pixel's spacing.

    Raises:
        InputError: length below 1, size even or too small for the line.
    """
    if not (1 <= length <= MAX_LENGTH and math.isfinite(angle)):
        raise InputError(
            f"length={length}, angle={angle}: expected a length of 1 to {MAX_LENGTH} pixels and an angle in degrees"
        )
    reach = (length - 1) / 2
    size = 2 * math.ceil(reach) + 1 if size is None else size
    if size % 2 == 0 or not 2 * math.ceil(reach) + 1 <= size <= 2 * MAX_LENGTH:
        raise InputError(
            f"size={size}: expected an odd size of at most {2 * MAX_LENGTH}, and at least {2 * math.ceil(reach) + 1} "
            f"for length={length:g}"
        )
    along = torch.linspace(-reach, reach, max(1, round(10 * length)), dtype=torch.float64)
    turn = math.radians(angle)
    cols = (size // 2 + along * math.cos(turn)).clamp(0, size - 1)
    rows = (size // 2 - along * math.sin(turn)).clamp(0, size - 1)
    kernel = torch.zeros(size, size, dtype=torch.float64)
    for r, dr in ((rows.floor(), 1 - rows.frac()), (rows.floor() + 1, rows.frac())):
        for c, dc in ((cols.floor(), 1 - cols.frac()), (cols.floor() + 1, cols.frac())):
            where = (r.clamp(max=size - 1).long(), c.clamp(max=size - 1).long())
            kernel.index_put_(where, dr * dc, accumulate=True)
    return kernel_blur(kernel, normalize=True)


def _replicate(x: Tensor, width: int, dim: int) -> Tensor:
    """Repeat the edge along one axis, by any width (torch's own padding stops at the image's size)."""
    n = x.shape[dim]
    index = torch.arange(-width, n + width, device=x.device).clamp(0, n - 1)
    return x.index_select(dim, index)


def _fold(y: Tensor, width: int, dim: int) -> Tensor:
    """Transpose of `_replicate`: what lies beyond an edge is added to it."""
    n = y.shape[dim] - 2 * width
    folded = y.narrow(dim, width, n).clone()
    folded.narrow(dim, 0, 1).add_(y.narrow(dim, 0, width).sum(dim, keepdim=True))
    folded.narrow(dim, n - 1, 1).add_(y.narrow(dim, n + width, width).sum(dim, keepdim=True))
    return folded
