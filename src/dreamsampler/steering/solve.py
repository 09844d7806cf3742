"""Solve: the small optimization around the prior's estimate, as a chain of terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ..core.state import State
from ..core.types import Prediction, Step, Term


@dataclass(frozen=True)
class Solve:
    """argmin_z |z - z0_hat|^2 + sum_k lambda_k R_k(z), each term applied in turn to the last one's answer.

    A quadratic pull has a closed form: |z - z0|^2 + lambda |z - t|^2 is least at z0 + gamma (t - z0) with
    gamma = lambda / (1 + lambda) (Theorem 3.1 of DreamSampler). With no terms the estimate itself is the solution.

    Example:
        >>> plain = Solve()                                       # DDIM
        >>> # edit = Solve((TextPull(weights=(strength,)),))      # DreamSampler, Algorithm 3
    """

    terms: tuple[Term, ...] = ()

    def needs_prior_grad(self, step: Step) -> bool:
        return any(term.needs_prior_grad(step) for term in self.terms)

    def __call__(self, pred: Prediction, state: State, step: Step) -> Tensor:
        z0 = pred.z0
        for term in self.terms:
            z0 = term(z0, pred, state, step)
        return z0


def but_last(steps: int, term: Term) -> When:
    """Return a term that leaves out the last of N steps.

    Released samplers decode the estimate of their last step and not the latent after it: what a gradient adds to that
    latent never reaches the picture, and is not computed.
    """
    return When(lambda step: step.index < steps - 1, term)


@dataclass(frozen=True)
class When:
    """One term on some steps, another (or none) on the rest."""

    condition: Callable[[Step], bool]
    term: Term
    otherwise: Term | None = None

    def _chosen(self, step: Step) -> Term | None:
        return self.term if self.condition(step) else self.otherwise

    def needs_prior_grad(self, step: Step) -> bool:
        term = self._chosen(step)
        return term is not None and term.needs_prior_grad(step)

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        term = self._chosen(step)
        return z0 if term is None else term(z0, pred, state, step)
