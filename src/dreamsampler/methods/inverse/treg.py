"""TReg: text regularization for inverse problems (Kim et al., ICLR 2025, 2311.15658).

Shares the loop: yes. On data-consistency steps (every third, until 85 % of the way) the guided estimate moves by
abar' towards E of the picture that conjugate gradient finds, and noise is renewed with k = sqrt(abar'); the other steps
are plain guided DDIM, or DPS steps under the null prompt. 2 evaluations a step.

Adaptive negation: the null embedding takes a few Adam steps away from the features of the picture just found, so that
guidance pushes away from what the picture is not. The adapted embedding is in `State.learned`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.state import Learned, State
from ...core.types import Condition, Prediction, Prior, Step
from ...operators import Measurement
from ...steering.data_consistency import DataPull
from ...steering.guidance import CFG, Single
from ...steering.renoise import Mix
from ...steering.solve import Solve, When
from ...tasks.restore import Parts, Prompt, embed_batch, first_state, gradient_step, released_schedule

_TEXT = "adapted null prompt"
ADAM_RATE = 1e-3

Features = Callable[[Tensor], Tensor]
"""Pictures [B, 3, H, W] in [-1, 1] -> features [B, D], D the width of the prompt embedding (CLIP ViT-L/14's 768)."""


@dataclass(frozen=True)
class AdaptiveNull:
    """Classifier-free guidance whose null prompt is learned, or the null prompt alone on some steps.

    Args:
        cond, null: conditions; where `features` is given, `null` must be a dataclass with the embedding in `text`.
        scale: guidance scale.
        guided: step -> whether to guide; elsewhere the null prompt alone is evaluated.
        features: image features; None leaves the null prompt as it is.
        rate, iterations: of Adam at each data-consistency step.
    """

    cond: Condition
    null: Any
    scale: float
    guided: Callable[[Step], bool]
    features: Features | None = None
    rate: float = ADAM_RATE
    iterations: int = 10

    def __post_init__(self) -> None:
        if self.features is not None and not isinstance(getattr(self.null, "text", None), Tensor):
            raise InputError("prior: its conditions have no embedding to adapt; leave out the features")

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        null = self.adapted(state.learned)
        chosen = CFG(self.cond, null, self.scale) if self.guided(step) else Single(null)
        return chosen(prior, state, step)

    def adapted(self, learned: Learned) -> Any:
        """The null prompt's condition as it stands."""
        text = learned.get(_TEXT)
        return self.null if text is None else dataclasses.replace(self.null, text=text.to(self.null.text.device))

    def adapt(self, picture: Tensor, learned: Learned) -> None:
        """Adam steps on the mean cosine similarity between the picture's features and the null prompt's tokens."""
        if self.features is None:
            return
        with torch.no_grad():
            seen = torch.nn.functional.normalize(self.features(picture).float(), dim=-1)
        text, batch = self.adapted(learned).text, picture.shape[0]
        if seen.shape[-1] != text.shape[-1]:
            raise InputError(f"features: {seen.shape[-1]} wide, the prompt embedding {text.shape[-1]}; they must agree")
        tokens = text.detach().float().expand(batch, *text.shape[1:]).clone().requires_grad_()
        optimizer = torch.optim.Adam([tokens], lr=self.rate)
        for _ in range(self.iterations):
            with torch.enable_grad():
                unit = torch.nn.functional.normalize(tokens, dim=-1)
                loss = (unit * seen[:, None]).sum(-1).mean(1).sum()
            (tokens.grad,) = torch.autograd.grad(loss, tokens)
            optimizer.step()
        learned.put(_TEXT, tokens.to(text.dtype))


@dataclass(frozen=True)
class AdaptingPull:
    """A data pull that shows what it found to the guidance."""

    pull: DataPull
    guide: AdaptiveNull

    def needs_prior_grad(self, step: Step) -> bool:
        return False

    def __call__(self, z0: Tensor, pred: Prediction, state: State, step: Step) -> Tensor:
        picture = self.pull.explain(z0, step)
        self.guide.adapt(picture, state.learned)
        target = self.pull.space.encode(picture)
        return z0 + self.pull.weight(step) * (target - z0)


def treg(
    prior: Prior,
    measurement: Measurement,
    prompt: Prompt = "",
    *,
    null_prompt: str = "",
    steps: int = 200,
    scale: float = 5.0,
    rho: float = 1e-4,
    iterations: int | None = 5,
    dps: float = 0.0,
    features: Features | None = None,
    rate: float = ADAM_RATE,
    seeds: Sequence[int] | None = None,
) -> Parts:
    """The loop's parts of TReg.

    Args:
        null_prompt: `tasks.restore.NEGATION` in the paper.
        steps: N; 200 in the paper.
        scale: guidance scale; 4 to 5 in the paper.
        rho, iterations: of conjugate gradient; None takes the exact proximal step.
        dps: above 0, the other steps are DPS steps of this size, relative to a', under the null prompt.
        features: for adaptive negation, see `AdaptiveNull`; None leaves it out.
        rate: Adam's learning rate there; 5e-4 to 1e-3.
        seeds: one an item.
    """
    if features is None and rate != ADAM_RATE:
        raise InputError(f"rate={rate}: adaptive negation's, which needs image features; give `features` in Python")
    visits, consistent = prior.schedule.visits(steps), released_schedule(steps)
    batch = measurement.y.shape[0]
    null, cond = prior.embed([null_prompt]), embed_batch(prior, prompt, batch)
    guide = AdaptiveNull(cond, null, scale, lambda step: dps == 0.0 or consistent(step), features, rate)
    pull = DataPull(measurement, prior.space, lambda step: step.a_next**2, rho, iterations)
    between = None if dps == 0.0 else gradient_step(prior, measurement, dps)
    solve = Solve((When(consistent, AdaptingPull(pull, guide), between),))
    renew = Mix(lambda step: step.a_next if consistent(step) else 0.0)
    return Parts(first_state(prior, measurement, null, visits, seeds=seeds), visits, guide, solve, renew)
