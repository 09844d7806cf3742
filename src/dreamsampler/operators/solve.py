"""Least squares with an operator: proximal steps, the pseudo-inverse, conjugate gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ..core.errors import InputError
from .base import Operator, Solvable, check_measurement, shape_of


class Solution(NamedTuple):
    """Attributes: x, the solution; iterations, applications of the matrix; residual, |r| / |b| of each item [B]."""

    x: Tensor
    iterations: int
    residual: Tensor


def prox(
    operator: Operator,
    y: Tensor,
    x0: Tensor,
    rho: float | Tensor,
    iterations: int | None = None,
    rtol: float = 1e-6,
) -> Tensor:
    """argmin_x |y - A x|^2 + rho |x - x0|^2 (equations 33 and 34 of DreamSampler).

    In closed form if the operator offers one, otherwise by conjugate gradient started at x0.

    Args:
        operator: A.
        y: measurement, [B, c, h, w].
        x0: where to start from and stay close to, [B, C, H, W].
        rho: weight of staying close, at least 0, one for all items or [B, 1, 1, 1]; 0 gives the data-consistent image
            nearest to x0.
        iterations: do this many conjugate-gradient iterations instead, early stopping being a regularizer of its own.
        rtol: relative residual at which conjugate gradient stops.

    Raises:
        InputError: rho < 0, or y does not fit the operator and x0.

    Example:
        >>> import torch
        >>> from dreamsampler.operators import identity
        >>> prox(identity(), torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 1), rho=1.0).item()
        0.5
    """
    if not bool(torch.as_tensor(rho >= 0).all()):
        raise InputError(f"rho={rho}: expected 0 or more")
    check_measurement(operator, y, shape_of(x0))
    residual = y - operator.forward(x0)
    if iterations is None and isinstance(operator, Solvable):
        # the cut-off matters only at rho = 0, where directions that were not measured must stay as they are
        return x0 + operator.correction(
            residual, rho, cutoff=0.0 if isinstance(rho, Tensor) or rho > 0 else _negligible(x0)
        )
    # in the unknown x - x0 the system starts at zero, and its size is that of what has to change
    step = conjugate_gradient(
        lambda d: operator.adjoint(operator.forward(d)) + rho * d,
        operator.adjoint(residual),
        max_iterations=200 if iterations is None else iterations,
        rtol=rtol if iterations is None else 0.0,
    )
    return x0 + step.x


def pseudo_inverse(operator: Operator, y: Tensor, cutoff: float = 1e-3, rtol: float = 1e-6) -> Tensor:
    """A^+ y, the smallest image with the least |y - A x|.

    Args:
        cutoff: singular values up to this share of the largest are taken for zero (closed forms only); what a blur has
            all but erased would otherwise come back as amplified noise.
        rtol: relative residual at which conjugate gradient stops, for operators without a closed form.
    """
    if isinstance(operator, Solvable):
        return operator.correction(y, 0.0, cutoff)
    return conjugate_gradient(lambda d: operator.adjoint(operator.forward(d)), operator.adjoint(y), 200, rtol).x


def conjugate_gradient(
    matrix: Callable[[Tensor], Tensor],
    b: Tensor,
    max_iterations: int = 200,
    rtol: float = 1e-6,
) -> Solution:
    """Solve M x = b for a symmetric positive (semi-)definite M, each item of the batch by itself, from x = 0.

    An item that has converged, or whose right-hand side is zero, no longer moves: its result does not depend on the
    items beside it.

    Args:
        matrix: x -> M x, item by item.
        b: [B, ...].
        max_iterations: at most this many applications of M.
        rtol: stop where |b - M x| <= rtol |b|.
    """
    if max_iterations < 1:
        raise InputError(f"iterations={max_iterations}: expected at least 1")
    x, r, p = torch.zeros_like(b), b, b
    rr = _dot(r, r)
    goal = rtol * rtol * rr
    start, done = rr, 0
    while done < max_iterations and bool((rr > goal).any()):
        mp = matrix(p)
        curvature = _dot(p, mp)
        going = (rr > goal) & (curvature > 0)
        if not bool(going.any()):
            break
        alpha = torch.where(going, rr / torch.where(going, curvature, 1.0), 0.0)
        x = x + alpha * p
        r = r - alpha * mp
        new = torch.where(going, _dot(r, r), rr)
        p = torch.where(going, r + new / torch.where(going, rr, 1.0) * p, p)
        rr, done = new, done + 1
    relative = torch.where(start > 0, rr / torch.where(start > 0, start, 1.0), 0.0).sqrt()
    return Solution(x, done, relative.flatten())


def _dot(u: Tensor, v: Tensor) -> Tensor:
    """Inner product of each item, kept broadcastable."""
    return (u * v).flatten(1).sum(1).reshape(-1, *[1] * (u.ndim - 1))


def _negligible(like: Tensor) -> float:
    """Share of the largest singular value below which rounding is all there is."""
    return 100 * torch.finfo(like.dtype).eps
