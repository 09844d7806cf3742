"""DDIM inversion and word swap. Shares the loop: yes (CFG, plain solve, kept noise, descending steps).

Invert under the source caption without guidance, sample under the target caption with guidance (Song et al., 2010.02502
for the inversion; the usual first baseline of editing papers). N + 2N evaluations.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ...core.loop import dream_sample
from ...core.types import Prior
from ...steering.guidance import CFG
from ...steering.inversion import invert
from ...steering.renoise import keep
from ...steering.solve import Solve
from ...tasks.common import OnProgress, reporter
from ..common import Edited, Prompt, begin, check_number, embed, finish


def ddim_swap(
    prior: Prior,
    images: Tensor,
    prompt: Prompt,
    *,
    source_prompt: Prompt = "",
    steps: int = 50,
    scale: float = 7.5,
    inversion: str = "plain",
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> Edited:
    """Edit by changing the caption between inversion and sampling.

    Args:
        images: [B, 3, H, W] in [-1, 1].
        prompt, source_prompt: what the edited and the given pictures show; one for all, or one a picture.
        scale: guidance scale of the sampling pass; inversion uses 1.
        inversion: see `steering.inversion`; published results use "plain".
        seeds: accepted for the common signature; nothing is drawn.

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example:
        >>> # ddim_swap(prior, images, "a dog face", source_prompt="a cat face").images
    """
    check_number("scale", scale)
    begun = begin(prior, images, seeds)
    batch = images.shape[0]
    source, target = embed(prior, source_prompt, batch, "source_prompt"), embed(prior, prompt, batch)
    visits = prior.schedule.visits(steps)
    total = len(visits)
    up = invert(prior, begun.clean(), visits, source, inversion, on_step=reporter(on_progress, "invert", total))
    guide = CFG(target, embed(prior, "", batch), scale)
    on_step = reporter(on_progress, "edit", total)
    done = dream_sample(begun.top(up.z), prior, visits, guide, Solve(), keep, on_step)
    return finish(prior, done, begun)
