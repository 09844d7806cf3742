"""The bundled prior tells pictures of its world from photographs."""

import numpy as np
import pytest

from dreamsampler.priors.load import load
from dreamsampler.priors.world import outside
from iconworld import sample_scene
from iconworld.evaluation.photographs import photograph
from iconworld.training.pool import to_tensor


@pytest.fixture(scope="module")
def prior():
    return load("bundled", device="cpu")


def test_a_photograph_is_refused_in_words_and_a_scene_is_not(prior):
    pictures = np.stack([*(sample_scene(k, "dev").picture() for k in range(6)), *map(photograph, range(6))])
    said = outside(prior, prior.space.encode(to_tensor(pictures)))
    assert said[:6] == (None,) * 6
    assert sum(text is not None for text in said[6:]) >= 5
    assert "outside this model's world" in said[-1]


def test_photographs_are_their_seeds():
    assert (photograph(2) == photograph(2)).all()
    assert (photograph(2) != photograph(3)).any()
    assert photograph(0, 64).shape == (64, 64, 3)
