"""SDS editing (DreamFusion, Poole et al., 2209.14988). Shares the loop: yes (CFG, a gradient step, fresh noise,
random visits).

psi starts as the encoded picture and follows w(t) (eps_w(z_t) - xi). Known to blur: the noise term does not vanish
where the picture is already right, which is what DDS mends. 2 evaluations an iteration.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ...core.types import Prior, Step
from ...steering.guidance import CFG
from ...steering.optimize import sds_weight
from ...tasks.common import OnProgress
from ..common import Edited, Prompt, begin, check_number, embed
from .distil import GradientStep, distil, random_visits


def variance(step: Step) -> float:
    """w(t) = b_t^2, DreamFusion's weight."""
    return step.b**2


def sds(
    prior: Prior,
    images: Tensor,
    prompt: Prompt,
    *,
    source_prompt: Prompt = "",
    steps: int = 200,
    scale: float = 7.5,
    rate: float = 0.05,
    low: float = 0.02,
    high: float = 0.98,
    visit_seed: int = 0,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> Edited:
    """Edit by score distillation on the latent.

    Args:
        images: [B, 3, H, W] in [-1, 1].
        prompt: what the edited pictures show; one for all, or one a picture.
        source_prompt: accepted for the common signature; unused.
        steps: gradient steps.
        scale: guidance scale; text-to-3D uses 100, editing much less.
        rate: learning rate of plain gradient descent on the latent.
        low, high: t is uniform in this share of the schedule.
        visit_seed: of the levels, shared by the batch.
        seeds: of the noise, one a picture.

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example:
        >>> # sds(prior, images, "a dog face", seeds=[0]).images
    """
    check_number("scale", scale)
    check_number("rate", rate)
    begun = begin(prior, images, seeds)
    batch = images.shape[0]
    guide = CFG(embed(prior, prompt, batch), embed(prior, "", batch), scale)
    visits = random_visits(prior.schedule, steps, low, high, visit_seed)
    return distil(prior, begun, visits, guide, GradientStep(rate, sds_weight(variance)), on_progress)
