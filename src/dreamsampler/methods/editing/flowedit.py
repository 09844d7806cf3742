"""FlowEdit (Kulikov et al., 2412.08629), on any noise path. Shares the loop: yes (the difference of two branches that
DDS uses, a relaxation towards it, fresh noise with an offset, descending steps).

No inversion: at each level the source is noised afresh, q = (1 - sigma) z_src + sigma xi, the edit rides on it,
p = q + z - z_src, and z moves along the difference of the two velocities. Every Gaussian path is a flow in the
coordinates z / (a + b) with sigma = b / (a + b), and there

    z <- z + (sigma' - sigma)(v_tgt(p) - v_src(q)) = z + (1 - sigma' / sigma) (z_src + z0_tgt(p) - z0_src(q) - z):

DDS with a step size that the schedule sets. 4 evaluations a step, 3 where one of the scales is 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ...core.state import State
from ...core.types import Prediction, Prior, Step
from ...steering.renoise import fresh
from ...tasks.common import OnProgress
from ..common import Edited, Prompt, begin, check_number, embed_texts
from .distil import Difference, GradientStep, distil, in_flow


def relaxation(step: Step) -> float:
    """1 - sigma' / sigma with sigma = b / (a + b)."""
    return 1.0 - step.b_next * (step.a + step.b) / (step.b * (step.a_next + step.b_next))


@dataclass(frozen=True)
class Riding:
    """Fresh noise for the source, on which the edit rides undiminished: xi + (z - z_src)."""

    source: Tensor

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        return fresh(pred, z0, state, step) + (z0 - self.source)


def flowedit(
    prior: Prior,
    images: Tensor,
    prompt: Prompt,
    *,
    source_prompt: Prompt = "",
    steps: int = 50,
    scale: float = 13.5,
    source_scale: float = 3.5,
    start: float = 0.66,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> Edited:
    """Edit along the difference of two velocity fields (one noise draw a step).

    Args:
        images: [B, 3, H, W] in [-1, 1].
        prompt, source_prompt: what the edited and the given pictures show; one for all, or one a picture.
        steps: N, of the whole trajectory; start N of them are taken (33 of 50 for SD3, 24 of 28 for FLUX).
        scale, source_scale: guidance of the two branches (13.5 and 3.5 for SD3, 5.5 and 1.5 for FLUX).
        start: how far up the trajectory to begin, 0 < start <= 1. Higher edits more and keeps less.
        seeds: of the noise, one a picture.

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example:
        >>> # flowedit(prior, images, "a dog face", source_prompt="a cat face", seeds=[0]).images
    """
    check_number("scale", scale)
    check_number("source_scale", source_scale)
    begun = begin(prior, images, seeds)
    texts = embed_texts(prior, prompt, source_prompt, images.shape[0])
    guide = Difference(begun.z, *texts, (scale, source_scale), in_flow)
    visits, term = prior.schedule.visits(steps, start), GradientStep(1.0, relaxation)
    return distil(prior, begun, visits, guide, term, on_progress, Riding(begun.z), "edit")
