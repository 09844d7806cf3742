"""What a measurement must offer: y = A x, its transpose, and the sizes on both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from torch import Tensor

from ..core.errors import InputError

Shape = tuple[int, int, int]
"""(channels, height, width) of one item."""


@runtime_checkable
class Operator(Protocol):
    """A linear measurement of images, y = A x, with x [B, C, H, W] and y [B, c, h, w].

    An operator keeps no state between calls and works on every size for which `measured` does not raise, in the dtype
    and on the device of its argument.
    """

    def forward(self, x: Tensor) -> Tensor:
        """A x."""
        ...

    def adjoint(self, y: Tensor) -> Tensor:
        """A^T y, with <A x, y> = <x, A^T y> up to rounding."""
        ...

    def measured(self, scene: Shape) -> Shape:
        """Shape of the measurement of a scene of this shape.

        Raises:
            InputError: the operator does not apply to scenes of this shape.
        """
        ...

    def scene(self, measured: Shape) -> Shape:
        """Shape of the scene that a measurement of this shape was made of.

        Raises:
            InputError: no scene has a measurement of this shape.
        """
        ...


@runtime_checkable
class Solvable(Operator, Protocol):
    """An operator whose regularized inverse is known in closed form."""

    def correction(self, residual: Tensor, rho: float | Tensor, cutoff: float = 0.0) -> Tensor:
        """A^T (A A^T + rho I)^-1 residual, by which the proximal step moves; rho = 0 gives the pseudo-inverse.

        Args:
            residual: y - A x, [B, c, h, w].
            rho: at least 0; one for all items, or [B, 1, 1, 1].
            cutoff: singular values up to `cutoff` times the largest one count as zero.
        """
        ...


@runtime_checkable
class Spectral(Operator, Protocol):
    """An operator whose singular values are known."""

    def spectral(self, x: Tensor, weight: Callable[[Tensor], Tensor]) -> Tensor:
        """Return w(sqrt(A^T A)) x: each singular direction of the scene times w of its singular value.

        Args:
            x: scenes [B, C, H, W]; what A does not see of them is multiplied by w(0).
            weight: w, on tensors of singular values.
        """
        ...


@runtime_checkable
class Partial(Operator, Protocol):
    """An operator that leaves some entries of y unmeasured, as a mask does."""

    def support(self, y: Tensor) -> Tensor:
        """Return 1 where y holds a measurement and 0 where nothing was measured; broadcasts to y [B, c, h, w]."""
        ...


def shape_of(x: Tensor, name: str = "image") -> Shape:
    """(C, H, W) of a batch.

    Raises:
        InputError: x is not [B, C, H, W].
    """
    if x.ndim != 4:
        raise InputError(f"{name}: expected [B, C, H, W], got {tuple(x.shape)}")
    return tuple(x.shape[1:])  # type: ignore[return-value]


def check_measurement(operator: Operator, y: Tensor, scene: Shape) -> None:
    """Raise `InputError` unless y [B, c, h, w] has the shape of a measurement of `scene`."""
    expected = operator.measured(scene)
    if shape_of(y, "measurement") != expected:
        raise InputError(
            f"measurement: shape {tuple(y.shape[1:])} does not fit the operator, which turns scenes of shape {scene} "
            f"into {expected}; check the operator's factor or the scene's size"
        )
