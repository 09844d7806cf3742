"""The chain that the paper compares with: PSLD restores a picture, LIVE traces it, and VectorFusion or PDS refines the
drawing if asked. Shares the loop: yes, each of its stages does.

PSLD's evaluations (one a step, with its gradient), none for LIVE, and those of the refinement.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from torch import Tensor

from ...core.settings import Doc, Ge, Le, settings
from ...generators.svg.crossing import WEIGHT
from ...steering.stages import Stages
from ...tasks.vectorize.drawing import DrawingProblem, Drawn, finished, run_of
from ...tasks.vectorize.estimate import cropped, on_grid
from ..run import restore_with
from .live import layers
from .options import CrossingWeight, GuidanceScale, SourcePrompt, StageSteps, VisitSeed
from .pds import PDS
from .vectorfusion import VectorFusion, needed


@settings
class Chain:
    """Restore, trace and refine. With a refinement the task's `fit` is the share of steps that LIVE gets."""

    then: Annotated[Literal["none", "vectorfusion", "pds"], Doc("The refinement.")] = "none"
    psld_steps: Annotated[int, Ge(1), Le(10_000), Doc("Steps of PSLD.")] = 100
    psld_guidance_scale: Annotated[float, Ge(0), Le(1e6), Doc("Guidance of PSLD.")] = 1.0
    stage_steps: StageSteps = 0
    crossing_weight: CrossingWeight = WEIGHT
    guidance_scale: GuidanceScale = 100.0
    source_prompt: SourcePrompt = ""
    visit_seed: VisitSeed = 0

    def __call__(self, problem: DrawingProblem) -> Stages[Drawn]:
        """Yield LIVE's stages on PSLD's picture and the refinement's."""
        prior, steps = needed(problem), problem.settings.steps
        picture = problem.control.once("picture", lambda: self.restored(problem))
        traced = steps if self.then == "none" else max(1, round(problem.settings.fit * steps))
        made = yield from layers(problem, picture, traced, self.stage_steps, self.crossing_weight)
        if self.then == "none":
            return Drawn(made)
        left = max(1, steps - traced)
        run = run_of(made, problem.seeds, problem.settings, left)
        shared: dict[str, Any] = {"guidance_scale": self.guidance_scale, "visit_seed": self.visit_seed}
        shared["crossing_weight"] = self.crossing_weight
        method = VectorFusion(**shared) if self.then == "vectorfusion" else PDS(self.source_prompt, **shared)
        yield method.stage(prior, problem, run, left)
        return finished(run)

    def restored(self, problem: DrawingProblem) -> Tensor:
        """Return PSLD's picture of the scene, [B, 3, H, W], found on the model's grid if the scene is off it."""
        prior, measurement = needed(problem), problem.measurement
        given, (top, left) = on_grid(prior, measurement)
        made = restore_with(
            "psld", prior, given, problem.prompt, seeds=problem.seeds, steps=self.psld_steps,
            guidance_scale=self.psld_guidance_scale,
        )  # fmt: skip
        return cropped(made.images, measurement, top, left)
