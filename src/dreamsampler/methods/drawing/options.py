"""Options that several ways of drawing share, each declared once, and what is made of them."""

from __future__ import annotations

from typing import Annotated

from ...core.settings import Doc, Ge, Le
from ...core.types import Step

GuidanceScale = Annotated[float, Ge(0), Le(1e6), Doc("Classifier-free guidance; 100 as published for large models.")]
Low = Annotated[float, Ge(0), Le(1), Doc("Lowest level, as a share of the schedule; t is uniform up to `high`.")]
High = Annotated[float, Ge(0), Le(1), Doc("Highest level, as a share of the schedule.")]
CrossingWeight = Annotated[
    float, Ge(0), Le(1e6), Doc("Weight of the Xing loss; released: 0.01, times 1e-3 inside the loss.")
]
VisitSeed = Annotated[int, Ge(0), Le(2**63 - 1), Doc("Seed of the levels.")]
SourcePrompt = Annotated[str, Doc("What the traced drawing shows.")]
StageSteps = Annotated[
    int,
    Ge(0),
    Le(1_000_000),
    Doc("Gradient steps of each of LIVE's stages; 500 as published. 0: an equal share of the steps."),
]


def variance(step: Step) -> float:
    """Return w(t) = b_t^2, the weight of score distillation in DreamFusion and VectorFusion."""
    return step.b**2
