"""What methods share that draw in several runs in a row: where a checkpoint stands, new canvases."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...core.types import Prior, Step
from ...generators.svg.drawing import Drawing
from ...generators.svg.initialize import random_circles
from ...tasks.canvas import Canvas, Course, entry
from ...tasks.common import evaluations
from ...tasks.vectorize.settings import VectorSettings


def leg(course: Course | None, number: int, **extra: Tensor) -> Course | None:
    """The course of run `number` of several in a row; None where the checkpoint stands in a later one.

    Args:
        extra: what the run needs beside its canvas; it goes into its checkpoints.
    """
    course = course or Course()
    if number < _at(course):
        return None
    save = course.on_checkpoint

    def keep(tensors: dict[str, Tensor]) -> None:
        if save is not None:
            save(tensors | extra | {"leg": torch.tensor(number)})

    return Course(stands_in(course, number), course.on_look, None if save is None else keep)


def stands_in(course: Course | None, number: int) -> dict[str, Tensor] | None:
    """The checkpoint that a run is resumed from, if it stands in run `number`."""
    return course.resume if course is not None and number == _at(course) else None


def _at(course: Course) -> int:
    return -1 if course.resume is None else int(entry(course.resume, "leg"))


def blank(paths: int, size: tuple[int, int], segments: int, items: int) -> list[Drawing]:
    """Drawings that only give a canvas its structure; a checkpoint fills in their numbers."""
    circles = random_circles(paths, size, torch.Generator("cpu").manual_seed(0), segments=segments)
    return [circles] * items


def canvas_of(drawings: Sequence[Drawing], seeds: Sequence[int], settings: VectorSettings, steps: int) -> Canvas:
    """A fresh canvas with its own optimizer, for `steps` gradient steps."""
    rate = settings.rate * min(drawings[0].size) / 128
    return Canvas(drawings, seeds, rate, steps, settings.color_rate, settings.prune_every)


def spent(prior: Prior | None) -> int:
    """Evaluations so far; 0 without a prior."""
    return 0 if prior is None else evaluations(prior)


def variance(step: Step) -> float:
    """w(t) = b_t^2, the weight of score distillation in DreamFusion and VectorFusion."""
    return step.b**2
