"""`dreamsampler vectorize` killed without warning goes on to the same bytes; `bench vectorize` prints its table."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dreamsampler
from dreamsampler.runs import observe
from dreamsampler.runs.observe import Event
from dreamsampler.tasks.vectorize.settings import VectorSettings

from .conftest import Cli

# checkpoints after every step, so that the kill falls between two of them wherever it comes
DRAW = (
    "import dreamsampler.runs.observe as v; v.SAVE_EVERY = 0.0;from dreamsampler.frontends.cli.main import main; main()"
)


def disc(path: Path) -> Path:
    y, x = np.mgrid[:32, :32]
    pixels = np.full((32, 32, 3), 255, np.uint8)
    pixels[(y - 14) ** 2 + (x - 17) ** 2 < 90] = (200, 30, 40)
    Image.fromarray(pixels).save(path)
    return path


def words(out: str) -> list[str]:
    return [
        sys.executable, "-c", DRAW, "vectorize", "disc.png", "--method", "data", "--paths", "6", "--steps", "120",
        "--operator", "blur:sigma=1.5", "--seed", "3", "-o", out,
    ]  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_run_killed_at_any_moment_goes_on_to_the_same_bytes(folder: Path) -> None:
    disc(folder / "disc.png")
    part = folder / "out.svg.part.safetensors"
    kills = 0
    for _ in range(2):
        with subprocess.Popen(words("out.svg"), stderr=subprocess.PIPE, stdout=subprocess.PIPE) as running:
            before = part.stat().st_mtime_ns if part.exists() else 0
            deadline = time.monotonic() + 120
            while running.poll() is None and (not part.exists() or part.stat().st_mtime_ns == before):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(0.05)
            if running.poll() is None:
                running.send_signal(signal.SIGKILL)
                kills += 1
    assert kills == 2
    assert not (folder / "out.svg").exists()
    assert part.exists()
    done = subprocess.run(words("out.svg"), capture_output=True, text=True, check=True)
    assert "going on from" in done.stderr
    assert not part.exists()
    subprocess.run(words("again.svg"), capture_output=True, check=True)
    assert (folder / "out.svg").read_bytes() == (folder / "again.svg").read_bytes()


def test_the_recipe_names_every_number_and_the_start(folder: Path) -> None:
    disc(folder / "disc.png")
    start = dreamsampler.vectorize("disc.png", method="data:penalty=0", paths=3, steps=2, init="grid").save(
        "start.svg"
    )[0]
    made = dreamsampler.vectorize("disc.png", method="data:crossing_weight=0.5", init="start.svg", steps=2)
    assert isinstance(made.recipe.settings, VectorSettings)
    assert (made.recipe.settings.crossing_weight, made.recipe.settings.init) == (0.5, "start.svg")
    assert [ref.name for ref in made.recipe.inputs] == ["disc.png", "start.svg"]
    assert made.recipe.model.id == "none"
    assert made.paths == 3
    key = made.recipe.recipe_hash()
    start.write_text(start.read_text() + "<!-- changed -->")
    other = dreamsampler.vectorize("disc.png", method="data:crossing_weight=0.5", init="start.svg", steps=2)
    assert other.recipe.recipe_hash() != key, "another start is another run"


def test_a_resumed_run_has_all_frames(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "SAVE_EVERY", 0.0)
    disc(folder / "disc.png")
    arguments = {"method": "data", "paths": 3, "steps": 6, "animate": True}
    whole = dreamsampler.vectorize("disc.png", **arguments).animate("whole.gif")

    def stop(event: Event) -> None:
        if event.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dreamsampler.vectorize("disc.png", checkpoint="p.safetensors", callback=stop, **arguments)
    rest = dreamsampler.vectorize("disc.png", checkpoint="p.safetensors", **arguments).animate("rest.gif")
    assert whole.read_bytes() == rest.read_bytes()


def test_bench_vectorize_prints_its_table(cli: Cli, folder: Path) -> None:
    said = cli(
        "bench vectorize --model none --method data --method trace --task blur --split dev -n 1 --size 32 --paths 3 "
        "--steps 4 -o results"
    )
    assert said.exit_code == 0, said.stderr
    assert "| blur | data |" in said.stdout
    assert "CLIP-Acc is left out" in said.stderr or "CLIP-Acc" in said.stdout
    assert {path.name for path in (folder / "results").iterdir()} >= {
        "results.jsonl", "times.jsonl", "pictures", "drawings",
        "vectorize.md", "vectorize.csv", "vectorize.json", "vectorize.png",
    }  # fmt: skip
    wrong = cli("bench vectorize --model none --method data --task smear")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (2, wrong.stderr.count("note:") + 1)
    assert "task 'smear'" in wrong.stderr
