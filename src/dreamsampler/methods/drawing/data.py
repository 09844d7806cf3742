"""The measurement alone: argmin_psi |y - A g(psi)|^2 + simple outlines, no prior. Shares the loop: yes (an idle guide).

Eq. 21 with lambda -> infinity: DreamSampler's own fit, held, guarded and cleaned alike, from the outlines of A^+ y and
without a restoration. No evaluations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...core.types import Prior
from ...generators.svg.drawing import Drawing
from ...operators import Measurement
from ...tasks.canvas import Course
from ...tasks.sketch import Vectorized
from ...tasks.vectorize.settings import VectorSettings
from ...tasks.vectorize.task import vectorize


def vector_data(
    prior: Prior | None,
    measurement: Measurement,
    prompt: str = "",
    *,
    settings: VectorSettings | None = None,
    drawings: Sequence[Drawing] | None = None,
    seeds: Sequence[int] | None = None,
    course: Course | None = None,
) -> Vectorized:
    """Fit a drawing to a measurement; arguments as `tasks.vectorize.vectorize`, prior and prompt are ignored."""
    alone = replace(settings or VectorSettings(), prior_weight=0.0)
    return vectorize(None, measurement, settings=alone, drawings=drawings, seeds=seeds, course=course)
