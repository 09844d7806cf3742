"""One-dimensional linear maps along an axis of an image, as small matrices.

A separable operator is the Kronecker product of one such matrix for each axis, so that its adjoint (the transposed
matrices) and its singular values (the products of theirs) are exact, whatever the border does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from ..core.errors import InputError

RESIZE_KINDS = ("bicubic", "box")


class Axis(Protocol):
    """A linear map from n samples to m. Implementations are hashable, so that their matrices can be cached."""

    def __hash__(self) -> int: ...

    def target(self, n: int) -> int:
        """m for n samples; raises InputError if there is none."""
        ...

    def source(self, m: int) -> int:
        """n for m samples; raises InputError if there is none."""
        ...

    def matrix(self, n: int) -> Tensor:
        """[m, n], float64, CPU."""
        ...


@dataclass(frozen=True)
class Taps:
    """Convolution with an odd number of taps; beyond the border the edge sample is repeated."""

    weights: tuple[float, ...]

    def target(self, n: int) -> int:
        return n

    def source(self, m: int) -> int:
        return m

    def matrix(self, n: int) -> Tensor:
        center = len(self.weights) // 2
        here = torch.arange(n)
        matrix = torch.zeros(n, n, dtype=torch.float64)
        for k, weight in enumerate(self.weights):
            read = (here - (k - center)).clamp(0, n - 1)
            matrix[here, read] += weight
        return matrix


@dataclass(frozen=True)
class Resize:
    """Downsampling by a factor >= 1, antialiased.

    bicubic: Keys' kernel with a = -0.5, stretched by the factor, weights renormalized at the border (as Pillow and
    `torch.nn.functional.interpolate(mode="bicubic", antialias=True)` do). box: the mean over each new pixel's area.
    """

    factor: Fraction
    kind: str = "bicubic"

    def __post_init__(self) -> None:
        if self.factor < 1:
            raise InputError(f"factor={float(self.factor):g}: expected a downsampling factor of at least 1")
        if self.kind not in RESIZE_KINDS:
            raise InputError(f"kind={self.kind!r}: expected one of {', '.join(RESIZE_KINDS)}")

    def target(self, n: int) -> int:
        m = Fraction(n) / self.factor
        if m.denominator != 1 or m < 1:
            step = self.factor.numerator
            below, above = n - n % step, n - n % step + step
            raise InputError(
                f"size {n} is not a multiple of {step}, as downsampling by {float(self.factor):g} needs; "
                + (f"crop or pad the scene to {below} or {above}" if below else f"pad the scene to {above}")
            )
        return int(m)

    def source(self, m: int) -> int:
        n = Fraction(m) * self.factor
        if n.denominator != 1:
            raise InputError(f"factor={float(self.factor):g}: {m} measured pixels do not make a whole number of pixels")
        return int(n)

    def matrix(self, n: int) -> Tensor:
        m, factor = self.target(n), float(self.factor)
        centers = (torch.arange(m, dtype=torch.float64) + 0.5)[:, None] * factor
        samples = torch.arange(n, dtype=torch.float64)[None]
        if self.kind == "box":
            left = torch.maximum(samples, centers - factor / 2)
            right = torch.minimum(samples + 1, centers + factor / 2)
            weights = (right - left).clamp(min=0)
        else:
            weights = _keys((samples + 0.5 - centers) / factor)
        return weights / weights.sum(1, keepdim=True)


@dataclass(frozen=True)
class Chain:
    """Several maps one after the other, the first one first."""

    parts: tuple[Axis, ...]

    def target(self, n: int) -> int:
        for part in self.parts:
            n = part.target(n)
        return n

    def source(self, m: int) -> int:
        for part in reversed(self.parts):
            m = part.source(m)
        return m

    def matrix(self, n: int) -> Tensor:
        matrix = torch.eye(n, dtype=torch.float64)
        for part in self.parts:
            matrix = part.matrix(matrix.shape[0]) @ matrix
        return matrix


@dataclass(frozen=True)
class Window:
    """Keeps `size` of `total` samples, those from `first` on."""

    first: int
    size: int
    total: int

    def __post_init__(self) -> None:
        if not (self.first >= 0 and self.size >= 1 and self.first + self.size <= self.total):
            raise InputError(f"window of {self.size} from {self.first} does not lie within {self.total} pixels")

    def target(self, n: int) -> int:
        if n != self.total:
            raise InputError(f"expected {self.total} pixels before cropping, got {n}")
        return self.size

    def source(self, m: int) -> int:
        if m != self.size:
            raise InputError(f"expected {self.size} pixels after cropping, got {m}")
        return self.total

    def matrix(self, n: int) -> Tensor:
        return torch.eye(self.total, dtype=torch.float64)[self.first : self.first + self.target(n)]


@dataclass(frozen=True)
class Rows:
    """A given matrix, [m][n]: the color axis."""

    values: tuple[tuple[float, ...], ...]

    def target(self, n: int) -> int:
        if n != len(self.values[0]):
            raise InputError(f"expected {len(self.values[0])} channels, got {n}")
        return len(self.values)

    def source(self, m: int) -> int:
        if m != len(self.values):
            raise InputError(f"expected a measurement of {len(self.values)} channels, got {m}")
        return len(self.values[0])

    def matrix(self, n: int) -> Tensor:
        self.target(n)
        return torch.tensor(self.values, dtype=torch.float64)


def join(first: Axis | None, second: Axis | None) -> Axis | None:
    """The first map followed by the second; None is the identity."""
    if first is None or second is None:
        return first or second
    parts = [p for axis in (first, second) for p in (axis.parts if isinstance(axis, Chain) else (axis,))]
    return Chain(tuple(parts))


class Factors(NamedTuple):
    """Thin singular value decomposition, K = u diag(s) v^T: u [m, r], s [r], v [n, r]."""

    u: Tensor
    s: Tensor
    v: Tensor


@lru_cache(maxsize=24)
def matrix_of(axis: Axis, n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The axis' matrix for n samples, made once."""
    return axis.matrix(n).to(device=device, dtype=dtype)


@lru_cache(maxsize=24)
def factors_of(axis: Axis, n: int, dtype: torch.dtype, device: torch.device) -> Factors:
    """The axis' singular value decomposition for n samples, computed once in float64."""
    u, s, vh = torch.linalg.svd(axis.matrix(n), full_matrices=False)
    return Factors(*(x.to(device=device, dtype=dtype) for x in (u, s, vh.mT.contiguous())))


MAX_SIGMA = 1000


def gaussian_taps(sigma: float, size: int | None = None) -> tuple[float, ...]:
    """Samples of a Gaussian of `sigma` pixels, summing to 1; by default wide enough for 4 sigma on either side."""
    if not 0 < sigma <= MAX_SIGMA:
        raise InputError(f"sigma={sigma}: expected a width in pixels above 0 and at most {MAX_SIGMA}")
    size = 2 * math.ceil(4 * sigma) + 1 if size is None else size
    if size > 8 * MAX_SIGMA + 1:
        raise InputError(f"size={size}: expected at most {8 * MAX_SIGMA + 1} taps")
    if size < 1 or size % 2 == 0:
        raise InputError(
            f"size={size}: expected an odd number of taps, so that the kernel has a center; use {max(1, size + 1)}"
        )
    values = [math.exp(-0.5 * ((k - size // 2) / sigma) ** 2) for k in range(size)]
    total = math.fsum(values)
    return tuple(v / total for v in values)


def _keys(x: Tensor) -> Tensor:
    """Keys' cubic convolution kernel with a = -0.5 (IEEE ASSP 29(6), 1981)."""
    d = x.abs()
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    return torch.where(d <= 1, near, torch.where(d < 2, far, torch.zeros_like(d)))
