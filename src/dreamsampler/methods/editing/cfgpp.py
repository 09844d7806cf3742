"""CFG++ editing (Chung et al., ICLR 2025). Shares the loop: yes (CFG carrying the null noise; its mirror upwards).

Sampling takes Tweedie's estimate with guided noise and puts the null noise back. Its inversion mirrors that: Tweedie
with the null noise, guided noise put back, so that each upward step undoes a downward one. With a constant weight
lambda the downward pass is DreamSampler's Algorithm 3 with gamma_t = lambda; the inversion under a guided source
caption is what differs. 2N + 2N evaluations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ...core.loop import dream_sample
from ...core.schedule import ascending
from ...core.state import State
from ...core.types import Condition, Prediction, Prior, Step
from ...steering.guidance import CFG, mix
from ...steering.renoise import keep
from ...steering.solve import Solve
from ...tasks.common import OnProgress, reporter
from ..common import Edited, Prompt, begin, check_number, embed, finish


@dataclass(frozen=True)
class Mirror:
    """The upward CFG++ step: z0 from the null noise eps_0, the guided noise eps_0 + lambda (eps_c - eps_0) put back."""

    cond: Condition
    null: Condition
    weight: float

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        null, cond = prior.predict([state.z, state.z], step, [self.null, self.cond])
        return Prediction(null.z0, mix(null.eps, cond.eps, self.weight))


def cfgpp_edit(
    prior: Prior,
    images: Tensor,
    prompt: Prompt,
    *,
    source_prompt: Prompt = "",
    steps: int = 50,
    weight: float = 0.6,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> Edited:
    """Edit by CFG++ inversion under the source prompt and CFG++ sampling under the target prompt.

    Args:
        images: [B, 3, H, W] in [-1, 1].
        prompt, source_prompt: what the edited and the given pictures show; one for all, or one a picture.
        weight: lambda, 0 to 1, the same at every step; equals a guidance scale of lambda s_t / (s_t - s'), so its
            effect depends on the number of steps.
        seeds: accepted for the common signature; nothing is drawn.

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example:
        >>> # cfgpp_edit(prior, images, "a dog face", source_prompt="a cat face", weight=0.6).images
    """
    check_number("weight", weight, 0.0, 1.0)
    begun = begin(prior, images, seeds)
    batch = images.shape[0]
    source, target = embed(prior, source_prompt, batch, "source_prompt"), embed(prior, prompt, batch)
    null = embed(prior, "", batch)
    visits = prior.schedule.visits(steps)
    on_step = reporter(on_progress, "invert", len(visits))
    mirror = Mirror(source, null, weight)
    up = dream_sample(begun.clean(), prior, ascending(visits), mirror, Solve(), keep, on_step)
    on_step = reporter(on_progress, "edit", len(visits))
    guide = CFG(target, null, weight, carry="null")
    done = dream_sample(begun.top(up.z), prior, visits, guide, Solve(), keep, on_step)
    return finish(prior, done, begun)
