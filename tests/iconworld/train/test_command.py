"""`python -m iconworld.training`: what is asked wrongly is one line and exit code 2, before any work."""

import os
import re
import subprocess
import sys

import pytest

from iconworld.training.__main__ import main
from iconworld.training.lock import only_run

STAGES = ("autoencoder", "decoder", "diffusion", "evaluator")
FEW = ("--preset", "tiny", "--steps", "2")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """The command sets defaults in the environment: they end with the test."""
    monkeypatch.setattr(os, "environ", os.environ.copy())


def refused(capsys, *words) -> str:
    """The line on stderr of a command that must end with code 2."""
    with pytest.raises(SystemExit) as done:
        main([str(word) for word in words])
    said = capsys.readouterr()
    assert (done.value.code, said.out, said.err.count("\n")) == (2, "", 1), said
    return said.err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--preset", "huge", "--steps", "2"), r"--preset.*huge.*tiny.*cpu.*full"),
        (("--device", "tpu", "--steps", "2"), r"--device.*tpu.*cpu.*cuda"),
        ((), "exactly one of --minutes and --steps"),
        (("--minutes", "1", "--steps", "2"), "exactly one of --minutes and --steps"),
        (("--steps", "0"), "--steps 0: expected at least 1"),
        (("--minutes", "nan"), "--minutes nan"),
        (("--save-every", "-1", "--steps", "2"), "--save-every -1"),
        (("--scenes", "0", *FEW), "--scenes"),
        (("--seed", "-1", *FEW), "--seed"),
        (("--icons", "no/such/icons", *FEW), "no/such/icons"),
        (("--start", "no/such/prior", *FEW), "--start no/such/prior: there is no such folder"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_right(capsys, tmp_path, words, named):
    assert re.search(named, refused(capsys, "autoencoder", "--out", tmp_path / "run", *words))


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_folder_that_cannot_be_is_named(capsys, tmp_path, stage):
    (tmp_path / "file").write_text("taken")
    assert "file: is not a folder" in refused(capsys, stage, "--out", tmp_path / "file", *FEW)
    assert "below: cannot be made a folder" in refused(capsys, stage, "--out", tmp_path / "file" / "below", *FEW)


@pytest.mark.parametrize("stage", ["diffusion", "decoder"])
def test_a_stage_before_its_time_names_the_one_that_is_missing(capsys, tmp_path, stage):
    assert "run the stage 'autoencoder'" in refused(capsys, stage, "--out", tmp_path, *FEW)
    assert not (tmp_path / "scenes").exists()


def test_a_card_before_the_stages_names_what_is_missing(capsys, tmp_path):
    assert "run the stages" in refused(capsys, "card", "--out", tmp_path)


@pytest.mark.parametrize("stage", STAGES)
def test_a_state_that_is_there_is_not_overwritten(capsys, tmp_path, stage):
    (tmp_path / f"{stage}.safetensors").write_bytes(b"hours of work")
    assert "pass --resume" in refused(capsys, stage, "--out", tmp_path, *FEW)
    assert (tmp_path / f"{stage}.safetensors").read_bytes() == b"hours of work"


def test_a_second_run_on_one_state_is_refused_while_the_first_is_at_work(capsys, tmp_path):
    with only_run(tmp_path / "diffusion.safetensors"):
        assert "another run is at work" in refused(capsys, "diffusion", "--out", tmp_path, *FEW)
        assert "run the stage 'autoencoder'" in refused(capsys, "decoder", "--out", tmp_path, *FEW), "another stage may"
    assert "run the stage 'autoencoder'" in refused(capsys, "diffusion", "--out", tmp_path, *FEW)


@pytest.mark.parametrize(("stage", "part"), [("autoencoder", "vae"), ("diffusion", "unet")])
def test_a_start_of_another_preset_is_refused_before_anything_is_drawn_or_copied(capsys, tmp_path, stage, part):
    from dreamsampler.priors.bundle import bundled_folder

    line = refused(capsys, stage, "--out", tmp_path, "--start", bundled_folder(), *FEW)
    assert re.search(
        rf"its {part} has block_out_channels \[.*the preset 'tiny' has \[.*use the preset of that run", line
    )
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_a_full_disk_is_named_and_so_is_the_way_on(capsys, tmp_path, small_files):
    with small_files(100_000):
        assert re.search(
            r"scenes/train: cannot be written .*--resume", refused(capsys, "evaluator", "--out", tmp_path, *FEW)
        )


@pytest.mark.parametrize("stage", [*STAGES, "card"])
def test_help_shows_an_example_and_loads_no_model_library(stage):
    code = f"""
import sys
from iconworld.training.__main__ import main
try:
    main([{stage!r}, "--help"])
finally:
    assert not {{"torch", "diffusers", "transformers"}} & sys.modules.keys()
"""
    wide = {**os.environ, "COLUMNS": "160"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=wide)
    assert f"iconworld.training {stage} --out" in done.stdout
    assert "--icons" in done.stdout
    assert ("--save-every" in done.stdout) == (stage in STAGES)
