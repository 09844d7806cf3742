"""Runs that are killed for good, SIGKILL at moments of no one's choosing, and go on to the same bytes."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors import safe_open

pytestmark = pytest.mark.slow

STEPS = 24
COMMAND = ("--preset", "tiny", "--scenes", "8", "--save-every", "0")
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "TRANSFORMERS_VERBOSITY": "error", "DIFFUSERS_VERBOSITY": "error"}

# The command takes seconds to import and a moment to run: one process imports it, and every run is a fork of that one.
FORKS = """
import json, os, sys
from iconworld.training import autoencoder, diffusion
from iconworld.training.__main__ import main
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        main(json.loads(line))
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


class Forks:
    """Runs of the command, each a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", FORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ONE_THREAD
        )

    def start(self, *words: object) -> int:
        """The process id of a run."""
        self.process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def status(self) -> int:
        """How the run ended, once it has."""
        return int(self.process.stdout.readline())

    def finish(self, *words: object) -> None:
        """A run that nobody disturbs."""
        self.start(*words)
        assert self.status() == 0

    def kill(self, when, *words: object) -> None:
        """A run that is killed as soon as `when(seconds)` is true."""
        pid, begun = self.start(*words), time.monotonic()
        while not when(time.monotonic() - begun):
            os.kill(pid, 0)  # raises where the run has ended undisturbed
            time.sleep(0.0005)
        os.kill(pid, signal.SIGKILL)
        assert self.status() == signal.SIGKILL


@pytest.fixture(scope="module")
def forks():
    made = Forks()
    yield made
    made.process.stdin.close()
    assert made.process.wait(60) == 0


def step_of(state: Path) -> int:
    """How far a state is; 0 where there is none."""
    if not state.exists():
        return 0
    with safe_open(state, "pt") as file:
        return json.loads(file.metadata()["state"])["step"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tensors(state: Path) -> dict[str, bytes]:
    with safe_open(state, "np") as file:
        return {name: file.get_tensor(name).tobytes() for name in sorted(file.keys())}


def test_a_run_killed_again_and_again_ends_with_the_bytes_of_one_left_alone(forks, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    forks.finish("autoencoder", "--out", whole, *COMMAND, "--steps", 1)
    shutil.copytree(whole, killed)
    forks.finish("diffusion", "--out", whole, *COMMAND, "--steps", STEPS)

    run = ("diffusion", "--out", killed, *COMMAND, "--steps", STEPS, "--resume")
    state, torn = killed / "diffusion.safetensors", killed / "diffusion.tmp"
    moments = random.Random(0)
    for _ in range(3):
        wait = moments.uniform(0.0, 0.5)
        forks.kill(lambda seconds, wait=wait: seconds > wait, *run)
    for _ in range(STEPS - 2):
        before = step_of(state)
        # some steps on, in the middle of a save: the file that is being written is there, not yet under its name
        forks.kill(lambda _, before=before: step_of(state) > before and torn.exists(), *run)
        assert before < step_of(state) < STEPS
        if torn.exists():
            break
    assert torn.exists(), "no kill hit a save"
    forks.kill(lambda _: (killed / "prior.tmp" / "unet").exists(), *run)
    assert step_of(state) == STEPS
    command = [sys.executable, "-m", "iconworld.training", *map(str, run)]
    last = subprocess.run(command, capture_output=True, text=True, env=ONE_THREAD)
    assert last.returncode == 0, last
    assert last.stdout.startswith(f"resumed at step {STEPS},"), last

    assert contents(killed / "prior") == contents(whole / "prior")
    assert tensors(state) == tensors(whole / "diffusion.safetensors")
    assert not (killed / "prior.tmp").exists()
