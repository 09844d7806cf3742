"""vtracer on the first guess A^+ y: what people use today. Shares the loop: no, it is a tracer. No evaluations."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ...core.types import Prior
from ...generators.svg.drawing import Drawing
from ...generators.svg.tracer import trace
from ...operators import Measurement
from ...tasks.canvas import Course
from ...tasks.common import Receipt
from ...tasks.sketch import Vectorized, check_scene
from ...tasks.vectorize.settings import VectorSettings


def vector_trace(
    prior: Prior | None,
    measurement: Measurement,
    prompt: str = "",
    *,
    settings: VectorSettings | None = None,
    drawings: Sequence[Drawing] | None = None,
    seeds: Sequence[int] | None = None,
    course: Course | None = None,
    color_bits: int = 6,
    speckle: int = 4,
    most: int = 0,
) -> Vectorized:
    """Trace the first guess.

    Args:
        measurement: y and A.
        color_bits, speckle: vtracer's, see `generators.svg.tracer.trace`.
        most: keep only so many paths, those of the largest visible area; 0 keeps all, as the tracer leaves them.
        prior, prompt, settings, drawings, seeds, course: accepted for the common signature; unused.

    Raises:
        InputError: numbers out of range. MissingExtra: vtracer is not installed.
    """
    check_scene(measurement)
    pictures = (measurement.first_guess() + 1) / 2
    made = tuple(trace(picture, most or None, color_bits=color_bits, speckle=speckle) for picture in pictures)
    shown = torch.cat([drawing.render() for drawing in made])
    return Vectorized(made, tuple(measurement.misfit(2 * shown - 1)), Receipt(0))
