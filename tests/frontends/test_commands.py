"""The other commands, and what the command line does when it is interrupted or fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamsampler.core.errors import InputError, OutOfMemory
from dreamsampler.frontends.cli.app import report_failure
from dreamsampler.frontends.demo import cases, run_demo
from dreamsampler.priors import bundle
from dreamsampler.runs.recipe_io import load_recipe

from .conftest import Cli, picture


def test_generate_numbers_its_pictures_and_each_verifies(cli: Cli, sd1: Path) -> None:
    done = cli("generate", "-p", "a cat", "-n", "3", "-m", sd1, "--steps", "2", "--seed", "5", "-o", "c.png",
               "--grid", "g.png")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    made = [np.asarray(Image.open(f"c-{k}.png")) for k in range(3)]
    assert all(image.shape == (64, 64, 3) for image in made)
    assert not np.array_equal(made[0], made[1])
    assert [load_recipe(f"c-{k}.png").seeds for k in range(3)] == [(5,), (6,), (7,)]
    assert cli("verify c-1.png").stdout == "c-1.png: identical\n"
    alone = cli("generate", "-p", "a cat", "-m", sd1, "--steps", "2", "--seed", "6", "-o", "alone.png")
    assert alone.exit_code == 0
    np.testing.assert_array_equal(np.asarray(Image.open("alone.png")), made[1])


@pytest.mark.parametrize(
    "words",
    ["--guidance-scale 2", "--negative-prompt dog", "--steps 3", "--seed 1", "--renoise uncond --guidance-scale 0.6"],
)
def test_generate_options_change_the_picture(cli: Cli, sd1: Path, words: str) -> None:
    base = ["generate", "-p", "a cat", "-m", sd1, "--size", "32x16", "-o", "c.png"]
    assert cli(*base, "--steps", "2").exit_code == 0
    plain = np.asarray(Image.open("c.png"))
    assert plain.shape == (16, 32, 3)
    more = words.split() if "--steps" in words else [*words.split(), "--steps", "2"]
    assert cli(*base, *more).exit_code == 0
    assert not np.array_equal(plain, np.asarray(Image.open("c.png")))


def test_invert_reports(cli: Cli, sd1: Path) -> None:
    done = cli("invert", "in.png", "-m", sd1, "--steps", "2", "--json", "-o", "back.png", "--grid", "g.png")
    assert done.exit_code == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["evaluations"] == 4
    assert 0 < facts["inversion_psnr"] < 60
    assert facts["files"] == ["back.png", "g.png"]
    assert Image.open("back.png").size == (48, 40)
    assert cli("verify back.png").stdout == "back.png: identical\n"
    assert "inversion" in cli("invert", "in.png", "-m", sd1, "--steps", "1").stdout


def test_invert_compares_the_methods(cli: Cli, sd1: Path) -> None:
    done = cli("invert", "in.png", "-m", sd1, "--steps", "3", "--compare")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["plain", "two-step", "fixed-point"]
    assert [line.split("(")[1] for line in lines] == ["6 evaluations)", "6 evaluations)", "12 evaluations)"]
    one = cli("invert", "in.png", "-m", sd1, "--steps", "3", "--inversion", "plain").stdout
    assert one.strip() in lines[0]
    assert cli("invert in.png --compare -o o.png").exit_code == 2


def test_models_lists_licenses(cli: Cli) -> None:
    done = cli("models")
    assert done.exit_code == 0
    assert "CreativeML Open RAIL" in done.stdout
    facts = json.loads(cli("models --json").stdout)
    assert {"model", "family", "native_size", "license", "place"} <= facts["models"][0].keys()


class TestVerify:
    @pytest.fixture
    def made(self, cli: Cli, sd1: Path) -> None:
        assert cli("edit", "in.png", "-p", "dog", "-m", sd1, "--steps", "1", "-o", "out.png").exit_code == 0

    @pytest.mark.usefixtures("made")
    def test_says_how_far_a_retouched_picture_differs(self, cli: Cli) -> None:
        from dreamsampler.runs.recipe_io import save_picture

        pixels = np.asarray(Image.open("out.png")).copy()
        pixels[3, 4] = np.where(pixels[3, 4] > 100, pixels[3, 4] - 100, pixels[3, 4] + 100)
        save_picture("out.png", pixels, load_recipe("out.png"))
        done = cli("verify out.png --json")
        assert done.exit_code == 1
        facts = json.loads(done.stdout)
        assert (facts["identical"], facts["largest"]) == (False, 100)
        assert facts["share"] == pytest.approx(1 / (48 * 40))
        assert facts["mean"] == pytest.approx(100 / (48 * 40))

    @pytest.mark.usefixtures("made")
    def test_finds_an_input_that_was_moved(self, cli: Cli, folder: Path) -> None:
        (folder / "elsewhere").mkdir()
        os.replace("in.png", "elsewhere/cat.png")
        lost = cli("verify out.png")
        assert (lost.exit_code, "--input" in lost.stderr) == (2, True)
        assert cli("verify out.png --input elsewhere/cat.png").exit_code == 0

    @pytest.mark.usefixtures("made")
    def test_refuses_an_input_that_was_changed(self, cli: Cli) -> None:
        picture(seed=3).save("in.png")
        done = cli("verify out.png")
        assert (done.exit_code, "changed" in done.stderr) == (2, True)

    @pytest.mark.usefixtures("made")
    def test_notes_other_weights(self, cli: Cli, folder: Path) -> None:
        from tests.tiny import write_sd1

        write_sd1(folder / "second", seed=1)
        done = cli("verify out.png --model second")
        assert done.exit_code == 1
        assert "weights are not those of the recipe" in done.stderr
        assert "differs: by at most" in done.stdout


def test_demo_without_weights_says_so(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle.resources, "files", lambda package: folder)
    done = cli("demo -o shown")
    assert (done.exit_code, "bundled prior is not in this installation" in done.stderr) == (2, True)
    assert not (folder / "shown").exists()


def test_demo_writes_a_sheet_and_results_that_verify(prior: object, folder: Path, cli: Cli) -> None:
    seen = []
    sheet = run_demo(prior, Path("shown"), steps=1, on_case=seen.append)
    assert [case.name for case in seen] == ["dog", "zebra", "glasses", "two"]
    with Image.open(sheet) as image:
        assert image.width > 4 * 256
        assert image.height > 4 * 256
    assert cli("verify shown/two.png").stdout == "shown/two.png: identical\n"
    for case in seen:
        said = load_recipe(f"shown/{case.name}.png").settings
        assert (said.source_prompt, said.strength) == (case.source_prompt, case.strength)


def test_demo_folder_that_cannot_be_made(prior: object, folder: Path) -> None:
    with pytest.raises(InputError, match="cannot be made"):
        run_demo(prior, Path("in.png/shown"), steps=1)


def test_demo_cases_change_what_their_masks_show() -> None:
    two = cases()[-1]
    before, after = two.source.picture(128), two.truth.picture(128)
    changed = (before != after).any(-1)
    assert all(changed[mask].mean() > 0.3 for mask in two.masks)
    assert not changed[~(two.masks[0] | two.masks[1])].any()
    assert len(two.prompts) == len(two.masks) == 2


class TestFailures:
    def test_help_is_quick_and_complete(self, cli: Cli) -> None:
        for command in ("edit", "generate", "invert", "models", "verify", "demo"):
            done = cli(command, "--help")
            assert done.exit_code == 0
            assert f"dreamsampler {command}" in done.stdout
            assert "--debug" in done.stdout
        assert cli("--help").exit_code == 0
        assert cli("--version").stdout.startswith("dreamsampler 0.")

    def test_no_command_shows_the_commands(self, cli: Cli) -> None:
        done = cli()
        assert done.exit_code == 0
        assert "edit" in done.stdout

    @pytest.mark.parametrize(
        ("error", "code", "words"),
        [
            (InputError("a\n  b"), 2, "dreamsampler: a b"),
            (OutOfMemory("too large; use dtype='bfloat16'"), 2, "dreamsampler: too large; use --dtype bfloat16"),
            (
                OutOfMemory("too many; use max_batch=1 (slower)"),
                2,
                "dreamsampler: too many; use --max-batch 1 (slower)",
            ),
            (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 2, "dreamsampler: out of memory; ask for"),
            (MemoryError(), 2, "dreamsampler: out of memory; ask for"),
            (KeyboardInterrupt(), 130, "dreamsampler: interrupted"),
            (ZeroDivisionError("by nought"), 1, "dreamsampler: unexpected ZeroDivisionError: by nought (--debug"),
        ],
    )
    def test_failures_are_one_line(
        self, error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert report_failure(error) == code
        said = capsys.readouterr().err
        assert said.startswith(words)
        assert said.count("\n") == 1

    @pytest.mark.usefixtures("interruptible")
    def test_interrupt_ends_with_130_and_nothing_half_written(self, folder: Path, sd1: Path) -> None:
        words = ["edit", "in.png", "-p", "dog", "-m", str(sd1), "--steps", "900", "-o", "out.png"]
        before = set(folder.iterdir())
        code = "from dreamsampler.frontends.cli.main import main; print('up', flush=True); main()"
        process = subprocess.Popen(
            [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 130, said
        assert said == "dreamsampler: interrupted; nothing was left half-written\n"
        assert set(folder.iterdir()) == before

    def test_a_reader_that_went_away_is_no_failure_to_report(self, folder: Path) -> None:
        # the reader is gone before anything is written, and what is written fits into the buffer
        line = f"(sleep 0.2; {sys.executable} -m dreamsampler models) | true"
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, cwd=folder)
        assert done.stderr == ""


class TestBench:
    def test_every_benchmark_explains_itself(self, cli: Cli) -> None:
        listed = cli("bench").stdout
        for name in ("edit", "inversion", "speed", "prior", "raster"):
            assert name in listed
            done = cli("bench", name, "--help")
            assert done.exit_code == 0
            assert f"dreamsampler bench {name}" in done.stdout

    def test_tables_are_printed_and_written(self, cli: Cli, sd1: Path, folder: Path) -> None:
        done = cli("bench", "speed", "-m", sd1, "--steps", "1", "--repeats", "2", "--batch", "1", "-o", "made/here")
        assert done.exit_code == 0, done.stderr
        assert "| evaluations |" in done.stdout
        assert (folder / "made/here/speed.md").exists()
        assert "made/here/speed.md" in done.stdout

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ("bench speed --steps 0 -m MODEL", "steps"),
            ("bench speed -o in.png/results", "cannot be made"),
            ("bench edit --judge nowhere", "nowhere"),
            ("bench prior -m nowhere --judge nowhere", "model_index.json"),
            ("bench inversion --split nowhere -m MODEL", "nowhere"),
            ("bench inversion --split train -m MODEL", "use 'dev' or 'test'"),
            ("bench raster --repeats 0", "repeats"),
            ("bench magic", "magic"),
            ("bench edit --method sdedit:denoise=5 -m nowhere --judge nowhere", "denoise=5.0: expected"),
            ("bench edit --method dds:guidance_scale=x -m nowhere --judge nowhere", "guidance_scale='x'"),
            ("bench restore --method psld:omega=-1 -m nowhere --judge nowhere", "omega=-1.0"),
            ("bench vectorize --method sds:guidance_scale=x -m nowhere --judge nowhere", "guidance_scale='x'"),
        ],
    )
    def test_bad_input_is_one_line(self, cli: Cli, sd1: Path, words: str, said: str) -> None:
        done = cli(words.replace("MODEL", str(sd1)))
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.stderr
        assert said in done.stderr
