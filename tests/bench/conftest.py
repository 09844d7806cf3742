"""A tiny real pipeline and a tiny real judge, for benchmarks to run on."""

import pytest

from dreamsampler.bench.metrics.encoder import ClipEncoder
from dreamsampler.priors.load import load
from tests.bench.metrics.conftest import clip_folder  # noqa: F401
from tests.tiny import write_sd1


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    return write_sd1(tmp_path_factory.mktemp("sd1"))


@pytest.fixture
def prior(tiny_folder):
    return load(tiny_folder, device="cpu")


@pytest.fixture(scope="session")
def judge(clip_folder):  # noqa: F811
    return ClipEncoder.load(clip_folder)
