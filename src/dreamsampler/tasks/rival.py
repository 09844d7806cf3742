"""A second fit of the same loss from another start.

Outlines end in local optima, and nobody knows which start is the better one before both are fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..operators import Measurement
from .canvas import Canvas, Course, Look, entry, run_phases
from .estimate import with_picture
from .sketch import fit_phase, held_by, make_canvas
from .vectorize.settings import VectorSettings

_ENTRIES = ("rival.points", "rival.rgba", "rival.background", "rival.cost")


class Rival(NamedTuple):
    """Drawings of one structure and what they cost.

    Attributes:
        points, rgba, background: parameters of the drawings, [B, ...] each.
        cost: see `cost`, [B].
    """

    points: Tensor
    rgba: Tensor
    background: Tensor
    cost: Tensor

    def replace_worse(
        self, canvas: Canvas, measurement: Measurement, settings: VectorSettings, picture: Tensor
    ) -> Tensor:
        """Put these drawings in the place of those on the canvas that cost more; which those were, [B]."""
        worse = cost(canvas, measurement, settings, picture) > self.cost
        canvas.replace(worse, self[:3])
        return worse


def rival_fit(
    measurement: Measurement,
    settings: VectorSettings,
    picture: Tensor,
    seeds: Sequence[int] | None,
    steps: int,
    course: Course | None,
) -> Rival | None:
    """Drawings fitted from the outlines of the first guess A^+ y, held by `picture` as the run's own are.

    A resumed run has them already. None where nothing is fitted.
    """
    if steps == 0:
        return None
    course = course or Course()
    if course.resume is not None:
        points, rgba, background, paid = (entry(course.resume, name) for name in _ENTRIES)
        return Rival(points, rgba, background, paid)
    tell = course.on_progress

    def look(now: Look) -> None:
        if tell is not None:
            tell("fit the first guess", now.done, now.total, now.state)

    canvas = make_canvas(measurement, settings, None, seeds, picture, measurement.first_guess())
    run_phases(None, canvas, [fit_phase(measurement, settings, canvas, steps, picture)], Course(on_look=look))
    paid = cost(canvas, measurement, settings, picture)  # lays paths aside
    points, rgba, background = (tensor.detach().clone() for tensor in canvas.generator.parameters())
    return Rival(points, rgba, background, paid)


@torch.no_grad()
def cost(canvas: Canvas, measurement: Measurement, settings: VectorSettings, picture: Tensor) -> Tensor:
    """The loss of each drawing on a canvas, [B], with the price of each path that it has.

    Paths that do not pay are laid aside first.
    """
    canvas.turn_over(grow=False)
    shown = canvas.generator.render()
    loss = torch.stack([term.each(shown) for term in held_by(measurement, settings, picture)]).sum(0)
    if canvas.market is None:
        return loss
    return loss + canvas.market.price.to(loss) * (canvas.generator.rgba[..., 3] > 0).sum(1)


def with_estimates(course: Course | None, picture: Tensor, rival: Rival | None) -> Course:
    """The course whose checkpoints also hold the picture and the rival, so that they are made once."""
    course = with_picture(course, picture)
    save = course.on_checkpoint
    if save is None or rival is None:
        return course
    kept = dict(zip(_ENTRIES, rival, strict=True))
    return course._replace(on_checkpoint=lambda tensors: save(tensors | kept))
