"""A prior whose prompts all disagree and whose scores bend: overlapping modes, no branch a copy of another."""

import pytest
import torch

from dreamsampler.core.noise import Noise
from dreamsampler.priors.gaussian import GaussianPrior


@pytest.fixture
def world() -> GaussianPrior:
    drawn = 0.25 * Noise([3]).normal(torch.empty(1, 6, 4, 6, 6, dtype=torch.float64))[0]
    prior = GaussianPrior({"": drawn[:3], "target": drawn[3:5], "source": drawn[5]}, 0.7)
    step = prior.schedule.visits(4)[2]
    z = step.a * drawn[:2] + step.b * drawn[2:4]
    null, target, source = (prior.predict([z], step, [(p,)])[0].eps for p in ("", "target", "source"))
    assert min(float((x - y).abs().max()) for x, y in ((null, target), (null, source), (target, source))) > 0.05
    prior.evaluations = 0
    return prior
