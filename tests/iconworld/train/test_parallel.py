"""Two processes share a step: one set of weights, one writer, one voice, and the same end."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import safe_open

from dreamsampler.core.errors import InputError
from iconworld.training.parallel import average_gradients, first_process_first, join_group, rank, slowest


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """What both processes found, and the folder that they worked in."""
    folder = tmp_path_factory.mktemp("pair")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, Path(__file__).with_name("pair.py"), folder, str(port)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=one_thread, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    return folder, *(json.loads((folder / f"{k}.json").read_text()) for k in range(2))


def test_the_second_finds_what_the_first_has_made(pair):
    _, first, second = pair
    assert (first["found"], second["found"]) == (False, True)


def test_each_draws_its_own_samples_and_all_hold_the_same_weights(pair):
    _, first, second = pair
    assert set(first["drawn"]).isdisjoint(second["drawn"])
    assert first["whole"] == second["whole"]


def test_a_resumed_run_equals_one_left_alone(pair):
    folder, first, second = pair
    assert first["resumed"] == second["resumed"] == first["whole"]
    with safe_open(folder / "part.safetensors", "pt") as file:
        assert json.loads(file.metadata()["state"])["step"] == 6


def test_both_leave_a_timed_run_at_the_same_step(pair):
    _, first, second = pair
    assert first["timed"] == second["timed"] > 1


def test_both_stop_where_one_of_them_meets_what_is_not_finite(pair):
    _, first, second = pair
    assert (first["stopped"], second["stopped"]) == ("gradient", "loss")


def test_only_the_first_speaks(pair):
    folder, _, _ = pair
    said = (folder / "said0").read_text().splitlines()
    assert [line[:17] for line in said] == ["sheet", "resumed at step 3", "sheet", "sheet"]
    assert (folder / "said1").read_text() == ""


def test_a_process_alone_is_the_first_and_waits_for_nobody():
    join_group()
    with first_process_first():
        assert (rank(), slowest(2.5)) == (0, 2.5)
    average_gradients(None)


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "64")
    monkeypatch.setenv("LOCAL_RANK", "63")
    with pytest.raises(InputError, match="start one process a GPU"):
        join_group("cuda")
