"""Other libraries' measurements behind our Protocol: anything with A and A_adjoint, as deepinv's LinearPhysics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..core.errors import InputError
from .base import Operator, Shape, shape_of


@dataclass(frozen=True, eq=False)
class Foreign:
    """An object with `A(x)` and `A_adjoint(y)`, for one shape of scene.

    deepinv itself is not imported: whatever quacks is taken. Only `A` and `A_adjoint` are used; noise models and
    solvers of the object are not.
    """

    physics: Any
    shape: Shape
    _measured: list[Shape] = field(default_factory=list, repr=False)

    def forward(self, x: Tensor) -> Tensor:
        """physics.A(x)."""
        return self.physics.A(x)

    def adjoint(self, y: Tensor) -> Tensor:
        """physics.A_adjoint(y)."""
        return self.physics.A_adjoint(y)

    def measured(self, scene: Shape) -> Shape:
        """Shape of a measurement, found once by measuring a black scene."""
        if tuple(scene) != self.shape:
            raise InputError(f"operator: set up for scenes of shape {self.shape}, got {tuple(scene)}")
        if not self._measured:
            black = torch.zeros(1, *self.shape, device=_device(self.physics))
            self._measured.append(shape_of(self.physics.A(black), "measurement"))
        return self._measured[0]

    def scene(self, measured: Shape) -> Shape:
        """The shape that the object was set up for."""
        expected = self.measured(self.shape)
        if tuple(measured) != expected:
            raise InputError(f"operator: makes measurements of shape {expected}, got {tuple(measured)}")
        return self.shape


def as_operator(physics: Any, scene: Shape | None = None) -> Operator:
    """Accept one of our operators as it is, or a deepinv `LinearPhysics` (or any object with A and A_adjoint).

    Args:
        physics: the object.
        scene: (C, H, W) of the scenes; by default the object's `img_size`.

    Raises:
        InputError: no A or A_adjoint, or the scene's shape is not known; or A is not linear, or A_adjoint not its
            transpose (both are tried on random images).

    Example:
        >>> class Half:
        ...     def A(self, x): return x / 2
        ...     def A_adjoint(self, y): return y / 2
        >>> as_operator(Half(), (3, 8, 8)).measured((3, 8, 8))
        (3, 8, 8)
    """
    if isinstance(physics, Operator):
        return physics
    name = type(physics).__name__
    if not (callable(getattr(physics, "A", None)) and callable(getattr(physics, "A_adjoint", None))):
        raise InputError(
            f"operator: {name} has no A and A_adjoint; pass a linear physics, or write forward and adjoint"
        )
    size = scene or getattr(physics, "img_size", None) or getattr(physics, "tensor_size", None)
    if size is None or len(size) != 3:
        raise InputError(f"operator: the scene's size of {name} is not known; pass scene=(channels, height, width)")
    operator = Foreign(physics, (int(size[0]), int(size[1]), int(size[2])))
    _check_linear(operator, name)
    return operator


def _check_linear(operator: Foreign, name: str) -> None:
    draw, device = torch.Generator().manual_seed(0), _device(operator.physics)
    u, v = (torch.randn(1, *operator.shape, generator=draw).to(device) for _ in range(2))
    au, av = operator.forward(u), operator.forward(v)
    if not torch.allclose(operator.forward(u + v), au + av, rtol=1e-3, atol=1e-3 * float(au.abs().max())):
        raise InputError(f"operator: {name}.A is not linear; only linear measurements can be inverted here")
    w = torch.randn(au.shape, generator=draw).to(device)
    left, right = float((au * w).sum()), float((u * operator.adjoint(w)).sum())
    if abs(left - right) > 1e-3 * float(au.norm() * w.norm()):
        raise InputError(f"operator: {name}.A_adjoint is not the transpose of A (<Au,w>={left:g}, <u,A^Tw>={right:g})")


def _device(physics: Any) -> torch.device:
    """Where the object keeps its tensors, if it is a module that has any."""
    held = [*physics.parameters(), *physics.buffers()] if isinstance(physics, torch.nn.Module) else []
    return held[0].device if held else torch.device("cpu")
