"""TReg: text regularization for inverse problems (Kim et al., ICLR 2025, 2311.15658).

Shares the loop: yes. On data-consistency steps (every third, until 85 % of the way) the guided estimate moves by
abar' towards E of the picture that conjugate gradient finds, and noise is renewed with k = sqrt(abar'); the other steps
are plain guided DDIM, or DPS steps under the null prompt.

Adaptive negation: the null embedding takes a few Adam steps away from the features of the picture just found, so that
guidance pushes away from what the picture is not. The adapted embedding is in `State.learned`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.settings import Doc, Ge, settings
from ...core.state import Learned, State
from ...core.types import Condition, Prediction, Prior, Step
from ...steering.data_consistency import DataPull, data_steps
from ...steering.dps import released_step
from ...steering.guidance import CFG, Single
from ...steering.renoise import Mix
from ...steering.solve import Solve, When, but_last
from ...tasks.cases import InverseCase
from ...tasks.options import GuidanceScale, NegativePrompt, Steps
from ...tasks.plan import Leg, Plan

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
        """Adam steps on the mean inner product of the picture's unit features and the null prompt's tokens.

        As released, the tokens are not normalized: the product falls by their length too, not by direction alone.
        """
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
                loss = (tokens * seen[:, None]).sum(-1).mean(1).sum()
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


@settings
class TReg:
    """Regularize by text, with adaptive negation if `features` is given. 2 evaluations a step.

    The paper's negative prompt is `tasks.restore.NEGATION`; its guidance scale 4 to 5; Adam's rate 5e-4 to 1e-3.
    """

    steps: Steps = 200
    guidance_scale: GuidanceScale = 5.0
    negative_prompt: NegativePrompt = ""
    rho: Annotated[float, Ge(0), Doc("Weight of the estimate in the proximal step.")] = 1e-4
    iterations: Annotated[
        int | None, Ge(1), Doc("Iterations of conjugate gradient; none takes the exact proximal step.")
    ] = 5
    dps: Annotated[
        float,
        Ge(0),
        Doc("Above 0 the other steps are DPS steps of this size, relative to a', under the negative prompt."),
    ] = 0.0
    rate: Annotated[float, Ge(0), Doc("Adam's learning rate in adaptive negation, which needs image features.")] = (
        ADAM_RATE
    )
    features: Features | None = None

    def __post_init__(self) -> None:
        if self.features is None and self.rate != ADAM_RATE:
            raise InputError(
                f"rate={self.rate}: adaptive negation's, which needs image features; give `features` in Python"
            )

    def __call__(self, case: InverseCase) -> Plan:
        consistent, m, space = data_steps(self.steps), case.measurement, case.prior.space
        guide = AdaptiveNull(
            case.target,
            case.embed(self.negative_prompt),
            self.guidance_scale,
            lambda step: self.dps == 0.0 or consistent(step),
            self.features,
            self.rate,
        )
        pull = AdaptingPull(DataPull(m, space, lambda step: step.a_next**2, self.rho, self.iterations), guide)
        between = None if self.dps == 0.0 else but_last(self.steps, released_step(m, space, self.dps))
        renew = Mix(lambda step: step.a_next if consistent(step) else 0.0)
        solve = Solve((When(consistent, pull, between),))
        return Plan((Leg("restore", case.pure_noise(), case.visits(self.steps), guide, solve, renew),))
