"""SDEdit (Meng et al., 2108.01073). Shares the loop: yes (CFG, plain solve, kept noise, the lowest share of the steps).

Noise the picture to a level t0 and sample down from there under the target prompt. 2 t0 N evaluations.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ...core.loop import dream_sample
from ...core.types import Prior
from ...steering.guidance import CFG
from ...steering.renoise import keep
from ...steering.solve import Solve
from ...tasks.common import OnProgress, reporter
from ..common import Edited, Prompt, begin, check_number, embed, finish


def sdedit(
    prior: Prior,
    images: Tensor,
    prompt: Prompt,
    *,
    source_prompt: Prompt = "",
    steps: int = 50,
    scale: float = 7.5,
    t0: float = 0.6,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> Edited:
    """Edit by noising and denoising.

    Args:
        images: [B, 3, H, W] in [-1, 1].
        prompt: what the edited pictures show; one for all, or one a picture.
        source_prompt: accepted for the common signature; unused.
        steps: N, of the whole trajectory; t0 N of them are taken.
        scale: guidance scale.
        t0: how far up the trajectory to start, 0 < t0 <= 1; 0.5 to 0.8 in use. Higher edits more and keeps less.
        seeds: of the noise that is added, one a picture.

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example:
        >>> # sdedit(prior, images, "a dog face", t0=0.6, seeds=[0]).images
    """
    check_number("scale", scale)
    begun = begin(prior, images, seeds)
    batch = images.shape[0]
    guide = CFG(embed(prior, prompt, batch), embed(prior, "", batch), scale)
    visits = prior.schedule.visits(steps, t0)
    on_step = reporter(on_progress, "edit", len(visits))
    done = dream_sample(begun.at(visits[0]), prior, visits, guide, Solve(), keep, on_step)
    return finish(prior, done, begun)
