"""What the tests of inverse-problem methods share: a bent world, its measurements, and a prior with an embedding.

The prior is a mixture (its network is not linear) and the latent space is neither linear nor its own inverse, so that
every decoding, encoding and gradient must stand where the method has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pytest
import torch

from dreamsampler.core.noise import Noise
from dreamsampler.core.state import State
from dreamsampler.core.types import Guidance, Prediction, Renoise, Solve, Step
from dreamsampler.methods.registry import parse
from dreamsampler.operators import RectangleMask, degrade, downsample
from dreamsampler.priors.gaussian import GaussianPrior, IdentitySpace
from dreamsampler.tasks.cases import InverseCase
from dreamsampler.tasks.restore import NEGATION

N = 12
SIZE = 6


@dataclass(frozen=True)
class BentSpace(IdentitySpace):
    """Decoding bends, encoding only roughly undoes it."""

    def decode(self, z):
        return 0.9 * z + 0.1 * torch.sin(z) * z

    def encode(self, x):
        return 1.05 * x - 0.05 * x**3


@pytest.fixture(name="world")
def bent_world():
    draw = torch.Generator().manual_seed(0)
    m = [0.5 * torch.randn(3, SIZE, SIZE, generator=draw, dtype=torch.float64) for _ in range(4)]
    return GaussianPrior({"": torch.stack(m[:2]), NEGATION: torch.stack(m[1:3]), "cat": m[3]}, 0.4, space=BentSpace())


@pytest.fixture(name="scenes")
def drawn_scenes():
    return 0.5 * torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.fixture(name="small")
def half_size(scenes):
    return degrade(scenes, downsample(2, "box"), 0.05, [7, 8])


@pytest.fixture(name="masked")
def with_hole(scenes):
    return degrade(scenes, RectangleMask((1, 3), (2, 4)), 0.0, [7, 8])


def down2(x):
    return torch.nn.functional.avg_pool2d(x, 2)


def up2(y):
    """Transpose of `down2`."""
    return y.repeat_interleave(2, -1).repeat_interleave(2, -2) / 4


def eps_at(prior, z, s, prompt):
    return prior.predict([z], s, [(prompt,)])[0].eps


def guided(prior, z, s, w, prompt="cat", null=""):
    e0 = eps_at(prior, z, s, null)
    return e0 + w * (eps_at(prior, z, s, prompt) - e0)


def start(seeds=(5, 6)):
    noise = Noise(seeds)
    return noise.normal(torch.empty(2, 3, SIZE, SIZE, dtype=torch.float64)), noise


def norm(x):
    return x.flatten(1).norm(dim=1).sum()


def ddim(s, z0, e):
    return s.a_next * z0 + s.b_next * e


@dataclass(frozen=True)
class Tokens:
    """A condition with an embedding, as a text-conditioned network takes it."""

    text: torch.Tensor

    def __len__(self):
        return self.text.shape[0]


class TokenPrior:
    """Clean estimate z0 = W . mean(tokens) + a tanh z, differentiable in both: enough for what tunes prompts."""

    def __init__(self, world):
        self.schedule, self.space, self.evaluations = world.schedule, world.space, 0
        draw = torch.Generator().manual_seed(3)
        self.weights = torch.randn(4, 3 * SIZE * SIZE, generator=draw, dtype=torch.float64) / 4

    def embed(self, prompts):
        draw = torch.Generator().manual_seed(len(prompts[0]))
        return Tokens(torch.randn(len(prompts), 5, 4, generator=draw, dtype=torch.float64))

    def predict(self, zs, step, conds):
        out = []
        for z, cond in zip(zs, conds, strict=True):
            self.evaluations += z.shape[0]
            said = (cond.text.double().mean(1) @ self.weights).reshape(-1, 3, SIZE, SIZE)
            z0 = 0.5 * said + step.a * torch.tanh(z)
            out.append(Prediction(z0, (z - step.a * z0) / step.b))
        return tuple(out)


class Parts(NamedTuple):
    """`dream_sample(state, prior, *parts[1:])` walks the only leg of a plan."""

    state: State
    steps: Sequence[Step]
    guide: Guidance
    solve: Solve
    renoise: Renoise


def plan_of(name, prior, measurement, prompt, seeds, **options):
    return parse(name, "inverse", **options)(InverseCase.of(prior, measurement, prompt, seeds))


def parts_of(*args, **options):
    (leg,) = plan_of(*args, **options).legs
    return Parts(leg.start, leg.steps, leg.guide, leg.solve, leg.renoise)
