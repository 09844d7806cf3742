"""Delta denoising score (Hertz et al., 2304.07090). Shares the loop: yes (a difference of two branches, a gradient
step, fresh noise, random visits).

psi follows eps_w(a psi + b xi, target) - eps_w(a z_src + b xi, source), with one xi for both: what the prior gets wrong
in the picture itself cancels. 4 evaluations an iteration.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ...core.types import Prior
from ...steering.optimize import sds_weight
from ...tasks.common import OnProgress
from ..common import Edited, Prompt, begin, check_number, embed_texts
from .distil import Difference, GradientStep, distil, random_visits

RATE = 0.1 * 2000 / 4096
"""The released notebook's step on the latent: SGD 0.1 on 2000 times the sum over 64 x 64, divided by 64 x 64."""


def dds(
    prior: Prior,
    images: Tensor,
    prompt: Prompt,
    *,
    source_prompt: Prompt = "",
    steps: int = 200,
    scale: float = 7.5,
    rate: float = RATE,
    low: float = 0.05,
    high: float = 0.948,
    visit_seed: int = 0,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> Edited:
    """Edit by the difference of two denoising scores.

    Args:
        images: [B, 3, H, W] in [-1, 1].
        prompt, source_prompt: what the edited and the given pictures show; one for all, or one a picture.
        steps: gradient steps.
        scale: guidance scale of both branches; at 1 the cost falls to 2 evaluations an iteration.
        rate: learning rate of plain gradient descent on the latent.
        low, high: t is uniform in this share of the schedule.
        visit_seed: of the levels, shared by the batch.
        seeds: of the noise, one a picture.

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example:
        >>> # dds(prior, images, "a dog face", source_prompt="a cat face", seeds=[0]).images
    """
    check_number("scale", scale)
    check_number("rate", rate)
    begun = begin(prior, images, seeds)
    texts = embed_texts(prior, prompt, source_prompt, images.shape[0])
    guide = Difference(begun.z, *texts, (scale, scale))
    visits = random_visits(prior.schedule, steps, low, high, visit_seed)
    return distil(prior, begun, visits, guide, GradientStep(rate, sds_weight()), on_progress)
