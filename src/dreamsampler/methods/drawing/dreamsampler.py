"""DreamSampler's way of drawing (eq. 21), and the measurement alone. Both share the loop.

`Data` is argmin_psi |y - A g(psi)|^2 + simple outlines, eq. 21 with lambda -> infinity: DreamSampler's own fit, held,
guarded and cleaned alike, from the outlines of A^+ y, without a restoration and without evaluations.
"""

from __future__ import annotations

from dataclasses import replace

from ...core.settings import settings
from ...steering.stages import Stages
from ...tasks.vectorize.drawing import DrawingProblem, Drawn
from ...tasks.vectorize.task import dreamsampler_stages


@settings
class DreamSampler:
    """Equation 21: restoration, fits, then the way down the diffusion path."""

    def __call__(self, problem: DrawingProblem) -> Stages[Drawn]:
        """Yield the stages of `tasks.vectorize.task`."""
        return (yield from dreamsampler_stages(problem))


@settings
class Data:
    """Fit a drawing to the measurement; prior and prompt are ignored."""

    def __call__(self, problem: DrawingProblem) -> Stages[Drawn]:
        """Yield the one stage."""
        return (yield from dreamsampler_stages(replace(problem, prior=None)))
