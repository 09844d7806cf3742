"""Edit-friendly DDPM inversion (Huberman-Spiegelglas et al., 2304.06140). Shares the loop: yes (CFG, plain solve,
recorded or replayed noise, descending steps).

Draw z_t = a z_src + b xi_t with an independent xi_t at every level, read off the noise that an ancestral sampler would
have had to add between neighbors, and add the same noise under another prompt. An ancestral step puts back
sqrt(1 - k^2) eps + k xi with k^2 = 1 - (s' / s)^2, s = b / a. 4 evaluations a step taken, 3 where one scale is 1.

What is decoded is the last step's clean estimate, so the last noise map (published: 0) never matters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ...core.loop import dream_sample
from ...core.state import State
from ...core.types import Prediction, Prior, Step
from ...steering.guidance import CFG
from ...steering.renoise import ancestral
from ...steering.solve import Solve
from ...tasks.common import OnProgress, reporter
from ..common import Begun, Edited, Prompt, begin, check_number, embed_texts, finish


@dataclass(frozen=True)
class Record:
    """Lead the run along given latents and keep the noise map that each step would have needed.

    Args:
        path: the latent after each step, by the step's index.
        maps: filled with one map a step.
    """

    path: Sequence[Tensor]
    maps: list[Tensor] = field(default_factory=list)

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        k = ancestral(step)
        if step.b_next == 0.0 or k == 0.0:  # nothing is put back, so nothing can be read off
            self.maps.append(torch.zeros_like(z0))
            return pred.eps
        eps = (self.path[step.index] - step.a_next * z0) / step.b_next
        self.maps.append((eps - math.sqrt(1.0 - k * k) * pred.eps) / k)
        return eps


@dataclass(frozen=True)
class Ancestral:
    """sqrt(1 - k^2) eps + k xi_t with recorded maps xi_t."""

    maps: Sequence[Tensor]

    def __call__(self, pred: Prediction, z0: Tensor, state: State, step: Step) -> Tensor:
        k = ancestral(step)
        return math.sqrt(1.0 - k * k) * pred.eps + k * self.maps[step.index]


def independent_path(begun: Begun, steps: Sequence[Step]) -> list[Tensor]:
    """The pictures at every level, each with noise of its own: at the first step's level, then after each step."""
    levels = [(steps[0].a, steps[0].b), *((s.a_next, s.b_next) for s in steps[:-1])]
    return [*(a * begun.z + b * begun.noise.normal(begun.z) for a, b in levels), begun.z]


def edit_friendly(
    prior: Prior,
    images: Tensor,
    prompt: Prompt,
    *,
    source_prompt: Prompt = "",
    steps: int = 100,
    scale: float = 15.0,
    source_scale: float = 3.5,
    start: float = 0.64,
    seeds: Sequence[int] | None = None,
    on_progress: OnProgress | None = None,
) -> Edited:
    """Edit by replaying the noise maps of the given pictures under another prompt.

    Args:
        images: [B, 3, H, W] in [-1, 1].
        prompt, source_prompt: what the edited and the given pictures show; one for all, or one a picture.
        steps: N, of the whole trajectory.
        scale, source_scale: guidance of the replay and of the extraction.
        start: share of the trajectory that is taken (published: skip 36 of 100). Maps above it would never be used and
            are not extracted, which the released code does.
        seeds: of the noise, one a picture.

    Raises:
        InputError: an argument has the wrong shape, range or number.

    Example:
        >>> # edit_friendly(prior, images, "a dog face", source_prompt="a cat face", seeds=[0]).images
    """
    check_number("scale", scale)
    check_number("source_scale", source_scale)
    begun = begin(prior, images, seeds)
    texts = embed_texts(prior, prompt, source_prompt, images.shape[0])
    visits = prior.schedule.visits(steps, start)
    first, *path = independent_path(begun, visits)
    record = Record(path)
    on_step = reporter(on_progress, "invert", len(visits))
    dream_sample(begun.top(first), prior, visits, CFG(texts.source, texts.null, source_scale), Solve(), record, on_step)
    on_step = reporter(on_progress, "edit", len(visits))
    guide = CFG(texts.target, texts.null, scale)
    done = dream_sample(begun.top(first), prior, visits, guide, Solve(), Ancestral(record.maps), on_step)
    return finish(prior, done, begun)
