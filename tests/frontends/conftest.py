"""A tiny Stable Diffusion on disk, pictures to work on, and the command line run in its own folder."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from dreamsampler.frontends.cli.main import app
from dreamsampler.priors.load import load
from tests.tiny import write_sd1

Cli = Callable[..., Result]


@pytest.fixture(scope="session")
def sd1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sd1(tmp_path_factory.mktemp("models") / "sd1")


@pytest.fixture(scope="session")
def prior(sd1: Path) -> object:
    return load(sd1)


def picture(width: int = 48, height: int = 40, seed: int = 0) -> Image.Image:
    """Smooth random colors."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def box(width: int = 48, height: int = 40, left: int = 8, right: int = 24) -> Image.Image:
    """A mask: white columns from `left` to `right`."""
    mask = np.zeros((height, width), np.uint8)
    mask[4:-4, left:right] = 255
    return Image.fromarray(mask)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with in.png, left.png and right.png."""
    monkeypatch.chdir(tmp_path)
    picture().save("in.png")
    box().save("left.png")
    box(left=26, right=44).save("right.png")
    return tmp_path


@pytest.fixture
def cli(folder: Path) -> Cli:
    """Run the command line in `folder`; arguments in one string, or one by one."""

    def run(*args: object) -> Result:
        words = str(args[0]).split() if len(args) == 1 else [str(arg) for arg in args]
        return CliRunner().invoke(app, words, prog_name="dreamsampler")

    return run


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as at a terminal, here and in children: a shell that put the tests into the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
