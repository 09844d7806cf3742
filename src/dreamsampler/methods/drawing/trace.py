"""vtracer on the first guess A^+ y: what people use today. Shares the loop: no, it is a tracer. No evaluations."""

from __future__ import annotations

from typing import Annotated

from ...core.settings import Doc, Ge, Le, settings
from ...generators.svg.tracer import trace
from ...steering.stages import Stages
from ...tasks.vectorize.drawing import DrawingProblem, Drawn


@settings
class Trace:
    """Trace the first guess; prior, prompt and the task's settings are ignored."""

    color_bits: Annotated[int, Ge(1), Le(8), Doc("Significant bits of a color channel.")] = 6
    speckle: Annotated[int, Ge(0), Le(10_000), Doc("Smaller patches are dropped, in pixels squared.")] = 4
    most: Annotated[int, Ge(0), Le(1_000_000), Doc("Paths to keep, those of the largest visible area; 0: all.")] = 0

    def __call__(self, problem: DrawingProblem) -> Stages[Drawn]:
        """Yield no stage; return what the tracer makes.

        Raises:
            MissingExtra: vtracer is not installed.
        """
        yield from ()
        pictures = (problem.measurement.first_guess() + 1) / 2
        options = {"color_bits": self.color_bits, "speckle": self.speckle}
        return Drawn([trace(picture, self.most or None, **options) for picture in pictures])
