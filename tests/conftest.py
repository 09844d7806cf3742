"""Shared fixtures: an exact prior in float64, and the published updates that the loop must equal."""

import pytest
import torch

from dreamsampler.priors.gaussian import GaussianPrior

SHAPE = (2, 4, 6, 6)


def means(seed: int = 0, prompts: tuple[str, ...] = ("", "target", "source", "other")) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {p: torch.randn(SHAPE[1:], generator=generator, dtype=torch.float64) for p in prompts}


@pytest.fixture
def gaussian() -> GaussianPrior:
    return GaussianPrior(means())


@pytest.fixture
def mixture() -> GaussianPrior:
    """Two modes under the null prompt, one under each named prompt: a score that is not linear in z."""
    m = means()
    return GaussianPrior({"": torch.stack([m["target"], m["source"]]), **{k: m[k] for k in ("target", "source")}})


@pytest.fixture
def latent() -> torch.Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
