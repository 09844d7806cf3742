"""The chain that the paper compares with: PSLD restores a picture, LIVE traces it, and VectorFusion or PDS refines the
drawing if asked. Shares the loop: yes, each of its stages does.

PSLD's evaluations (one a step, with its gradient), none for LIVE, and those of the refinement.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ...core.errors import InputError
from ...core.types import Prior
from ...generators.svg.drawing import Drawing
from ...operators import Measurement
from ...tasks.canvas import Course, entry, run_phases
from ...tasks.common import check_prompts, seeds_for
from ...tasks.estimate import cropped, on_grid, with_picture
from ...tasks.sketch import Vectorized, check_scene, finished
from ...tasks.vectorize.settings import VectorSettings
from ..common import check_number
from ..editing.distil import random_visits
from ..run import restore_with
from .common import canvas_of, leg, spent
from .live import draw_layers, growth
from .pds import Conditions, refine
from .vectorfusion import fusion_phase

REFINEMENTS = ("none", "vectorfusion", "pds")


def vector_chain(
    prior: Prior,
    measurement: Measurement,
    prompt: str = "",
    *,
    settings: VectorSettings | None = None,
    drawings: Sequence[Drawing] | None = None,
    seeds: Sequence[int] | None = None,
    course: Course | None = None,
    then: str = "none",
    psld_steps: int = 100,
    psld_scale: float = 1.0,
    scale: float = 100.0,
    source_prompt: str = "",
    visit_seed: int = 0,
) -> Vectorized:
    """Restore, trace and refine.

    Args:
        settings: with a refinement, `fit` is the share of steps that LIVE gets.
        drawings: ignored.
        then: "none", "vectorfusion" or "pds".
        psld_steps, psld_scale: steps and guidance of PSLD.
        scale: guidance of the refinement.
        source_prompt: what the traced drawing shows, for PDS.
        visit_seed: of the refinement's levels.
        prior, measurement, prompt, seeds, course: as `tasks.vectorize.vectorize`.

    Raises:
        InputError: an argument has the wrong shape or range, or a checkpoint belongs to another run.
    """
    if then not in REFINEMENTS:
        raise InputError(f"then={then!r}: expected one of {', '.join(REFINEMENTS)}")
    check_prompts([prompt, source_prompt], "prompt")
    check_number("scale", scale)
    check_scene(measurement)
    chosen, counted = settings or VectorSettings(), spent(prior)
    each = seeds_for(seeds, measurement.y.shape[0])
    if course is not None and course.resume is not None:
        picture = entry(course.resume, "picture")
    else:
        picture = restored(prior, measurement, prompt, psld_steps, psld_scale, each)
    course = with_picture(course, picture)
    traced = chosen.steps if then == "none" else max(1, round(chosen.fit * chosen.steps))
    start = draw_layers(picture, chosen, each, traced, course)
    steps, number = max(1, chosen.steps - traced), len(growth(chosen.paths))
    canvas = canvas_of(start, each, chosen, steps)
    if then == "vectorfusion":
        phase = fusion_phase(prior, canvas, prompt, chosen, steps, scale, visit_seed=visit_seed)
        run_phases(prior, canvas, [phase], leg(course, number))
    elif then == "pds":
        conditions = Conditions(*(prior.embed([text]) for text in (prompt, source_prompt, "")))
        visits = random_visits(prior.schedule, steps, 0.1, 0.98, visit_seed)
        refine(prior, canvas, conditions, visits, chosen, scale, 2, course, number)
    return finished(canvas, measurement, spent(prior) - counted)


def restored(
    prior: Prior, measurement: Measurement, prompt: str, steps: int, scale: float, seeds: Sequence[int]
) -> Tensor:
    """PSLD's picture of the scene, [B, 3, H, W]; worked out on the model's grid where the scene is not on it."""
    given, (top, left) = on_grid(prior, measurement)
    made = restore_with("psld", prior, given, prompt, seeds=seeds, steps=steps, guidance_scale=scale)
    return cropped(made.images, measurement, top, left)
