"""P2L: prompt-tuning latent diffusion for inverse problems (Chung et al., 2310.01110).

Shares the loop: yes, with a guidance that learns: at each step the prompt's embedding takes a few Adam steps down
|y - A D(z0_hat(z, c))|^2, then latent DPS moves the latent, and every few steps the estimate is replaced by E of the
picture that explains the measurement. The tuned embedding and Adam's moments are in `State.learned`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from torch import Tensor

from ...core.errors import InputError
from ...core.settings import Doc, Ge, settings
from ...core.state import Learned, State
from ...core.types import Prediction, Prior, Step
from ...operators import Measurement
from ...steering.data_consistency import DataPull
from ...steering.dps import PriorGradient, ResidualNorm, over_next
from ...steering.solve import Solve, When
from ...steering.strength import Constant
from ...tasks.cases import InverseCase
from ...tasks.options import Steps
from ...tasks.plan import Leg, Plan

_TEXT = "tuned prompt"
_ADAM = ("step", "exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class TunedPrompt:
    """A guidance whose prompt fits the measurement better step by step.

    The embedding and Adam's moments are kept in `State.learned`, so that a run goes on where it was saved.

    Args:
        cond: a frozen dataclass with the embedding in `text`, as `LatentDiffusionPrior.embed` makes.
        measurement: y and A; each item of the batch gets an embedding of its own.
        rate: Adam's.
        tune: Adam steps at each step of the sampler.

    Raises:
        InputError: the condition has no `text` to tune, or rate or tune are out of range.
    """

    cond: Any
    measurement: Measurement
    rate: float = 1e-4
    tune: int = 1

    def __post_init__(self) -> None:
        if not isinstance(getattr(self.cond, "text", None), Tensor):
            raise InputError("prior: its conditions have no embedding to tune; P2L needs a latent diffusion model")
        if not self.rate >= 0 or self.tune < 0:
            raise InputError(f"rate={self.rate}, tune={self.tune}: expected 0 or more")

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        text, optimizer = self._resume(state.learned)
        for _ in range(self.tune):
            with torch.enable_grad():
                z0 = prior.predict([state.z.detach()], step, [self._with(text)])[0].z0
                loss = self.measurement.residual(prior.space.decode(z0)).square().sum()
            (text.grad,) = torch.autograd.grad(loss, text)
            optimizer.step()
        self._keep(state.learned, text, optimizer)
        return prior.predict([state.z], step, [self._with(text.detach())])[0]

    def _with(self, text: Tensor) -> Any:
        """The condition with this embedding."""
        return dataclasses.replace(self.cond, text=text.to(self.cond.text.dtype))

    def _resume(self, learned: Learned) -> tuple[Tensor, torch.optim.Adam]:
        """The embedding [B, L, D] and its optimizer as the last step left them."""
        begun, batch = learned.get(_TEXT), self.measurement.y.shape[0]
        # float32 whatever the network computes in: Adam's steps vanish in half precision
        text = self.cond.text.detach().float().expand(batch, *self.cond.text.shape[1:]) if begun is None else begun
        # a state that was read from a file is on the CPU
        text = text.to(self.cond.text.device).clone().requires_grad_()
        optimizer = torch.optim.Adam([text], lr=self.rate)
        moments = {name: value for name in _ADAM if (value := learned.get(f"{_TEXT}.{name}")) is not None}
        if moments:
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict(
                {"state": {0: {k: v.clone() for k, v in moments.items()}}, "param_groups": groups}
            )
        return text, optimizer

    @staticmethod
    def _keep(learned: Learned, text: Tensor, optimizer: torch.optim.Adam) -> None:
        learned.put(_TEXT, text)
        for name, value in optimizer.state_dict()["state"].get(0, {}).items():
            learned.put(f"{_TEXT}.{name}", value)


@settings
class P2L:
    """Tune the prompt's embedding to the measurement, then descend as latent DPS does. 1 + tune evaluations a step.

    The paper starts from the empty prompt and takes 1000 steps.
    """

    steps: Steps = 200
    rate: Annotated[float, Ge(0), Doc("Adam's learning rate on the embedding.")] = 1e-4
    tune: Annotated[int, Ge(0), Doc("Adam steps at each step of the sampler.")] = 1
    zeta: Annotated[float, Ge(0), Doc("Step of latent DPS.")] = 1.0
    every: Annotated[int, Ge(0), Doc("How many steps apart the estimate is projected; 0 never.")] = 4
    rho: Annotated[float, Ge(0), Doc("Weight of the estimate in that projection's proximal step.")] = 1.0

    def __call__(self, case: InverseCase) -> Plan:
        m, space = case.measurement, case.prior.space
        guide = TunedPrompt(case.target, m, self.rate, self.tune)
        down = PriorGradient(ResidualNorm(m, space), over_next(self.zeta))
        project = When(
            lambda step: self.every > 0 and step.index % self.every == self.every - 1,
            DataPull(m, space, Constant(1.0), self.rho),
        )
        return Plan((Leg("restore", case.pure_noise(), case.visits(self.steps), guide, Solve((down, project))),))
