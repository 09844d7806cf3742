"""`dreamsampler edit`: every option does what it says, outputs can be read, results verify."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamsampler.runs.recipe_io import load_recipe

from .conftest import Cli, box, picture


def pixels(path: str | Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def edit(cli: Cli, sd1: Path, *more: str, out: str = "out.png") -> np.ndarray:
    """Two steps of an edit with further options; the result's pixels."""
    given = "\n".join(more)
    prompts = [] if "--prompt" in given else ["--prompt", "a dog"]
    done = cli("edit", "in.png", *prompts, "--model", sd1, "--steps", "2", "-o", out, *more)
    assert done.exit_code == 0, done.stderr
    return pixels(out)


def test_result_has_the_input_size_and_carries_a_recipe_that_verifies(cli: Cli, sd1: Path) -> None:
    done = cli("edit", "in.png", "--prompt", "a dog", "--model", sd1, "--steps", "3", "-o", "out.png")
    assert done.exit_code == 0, done.stderr
    assert Image.open("out.png").size == (48, 40)
    assert "wrote out.png (48 x 40, 9 evaluations" in done.stdout
    recipe = load_recipe("out.png")
    assert recipe.prompts == ("a dog",)
    assert recipe.settings.steps == 3
    assert [ref.name for ref in recipe.inputs] == ["in.png"]
    check = cli("verify out.png")
    assert (check.exit_code, check.stdout) == (0, "out.png: identical\n")


def test_grid_and_animation(cli: Cli, sd1: Path) -> None:
    done = cli("edit", "in.png", "-p", "a dog", "-m", sd1, "--steps", "4", "-o", "o.png", "--grid", "g.png",
               "--animate", "a.gif")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "16 evaluations" in done.stdout, "the grid's reconstruction is the inversion's, for N more evaluations"
    assert "inversion" in done.stdout
    with Image.open("g.png") as grid:
        assert grid.width > 3 * 48
        assert grid.height > 40
    with Image.open("a.gif") as film:
        assert (film.n_frames, film.size) == (5, (48, 40)), "the source, three estimates, the result"


def test_report_can_be_switched_off_where_a_grid_would_imply_it(cli: Cli, sd1: Path) -> None:
    done = cli("edit", "in.png", "-p", "x", "-m", sd1, "--steps", "2", "-o", "o.png", "--grid", "g.png", "--no-report")
    assert "6 evaluations" in done.stdout
    assert "inversion" not in done.stdout


@pytest.fixture(scope="module")
def plain() -> list[tuple[np.ndarray, str]]:
    """The edit without further options and its recipe's hash, made once: every test has the same in.png."""
    return []


@pytest.mark.parametrize(
    "words",
    [
        "--steps 3",
        "--strength 2",
        "--paper-c 0.9",
        "--source-prompt cat",
        "--inversion plain",
        "--inversion fixed-point",
        "--denoise 0.5",
        "--bound 100",
        "--size keep",
        "--size 32",
        "--dtype bfloat16",
        "--prompt dog --prompt cat",
        "--prompt dog --prompt cat --strength 1 --strength 0",
    ],
)
def test_option_changes_the_result_and_is_remembered(
    cli: Cli, sd1: Path, plain: list[tuple[np.ndarray, str]], words: str
) -> None:
    if not plain:
        plain.append((edit(cli, sd1), load_recipe("out.png").recipe_hash()))
    assert not np.array_equal(plain[0][0], edit(cli, sd1, *words.split()))
    assert plain[0][1] != load_recipe("out.png").recipe_hash()


def test_rounds_refine_the_fixed_point(cli: Cli, sd1: Path) -> None:
    one = edit(cli, sd1, "--inversion", "fixed-point", "--rounds", "1")
    assert not np.array_equal(one, edit(cli, sd1, "--inversion", "fixed-point", "--rounds", "3"))


def test_strength_zero_is_the_reconstruction(cli: Cli, sd1: Path) -> None:
    edited = edit(cli, sd1, "--strength", "0")
    done = cli("invert", "in.png", "-m", sd1, "--steps", "2", "-o", "back.png")
    assert done.exit_code == 0, done.stderr
    np.testing.assert_array_equal(edited, pixels("back.png"))


def test_idle_prompts_cost_nothing(cli: Cli, sd1: Path) -> None:
    done = cli("edit", "in.png", "-p", "x", "-m", sd1, "--steps", "4", "--bound", "1000", "-o", "o.png")
    assert "8 evaluations" in done.stdout


def test_pixels_outside_the_masks_are_kept_byte_for_byte(cli: Cli, sd1: Path) -> None:
    source = pixels("in.png")
    words = ("--mask", "left.png", "--prompt", "dog", "--mask", "right.png", "--prompt", "cat")
    edited, raw = edit(cli, sd1, *words), edit(cli, sd1, *words, "--no-composite", out="raw.png")
    outside = (pixels("left.png").max(-1) + pixels("right.png").max(-1)) == 0
    np.testing.assert_array_equal(edited[outside], source[outside])
    assert (edited != source)[~outside].mean() > 0.9
    assert (raw != source)[outside].mean() > 0.9
    np.testing.assert_array_equal(raw[~outside], edited[~outside])


def test_masks_and_prompts_pair_in_order(cli: Cli, sd1: Path) -> None:
    one = edit(cli, sd1, "--mask", "left.png", "--prompt", "dog", "--mask", "right.png", "--prompt", "cat")
    other = edit(cli, sd1, "--prompt", "cat", "--mask", "right.png", "--prompt", "dog", "--mask", "left.png")
    np.testing.assert_array_equal(one, other)
    swapped = edit(cli, sd1, "--mask", "right.png", "--prompt", "dog", "--mask", "left.png", "--prompt", "cat")
    assert not np.array_equal(one, swapped)


def test_first_of_one_prompt_more_acts_outside_the_masks(cli: Cli, sd1: Path) -> None:
    box_outside = np.asarray(box()) == 0
    Image.fromarray(np.where(box_outside, np.uint8(255), np.uint8(0))).save("rest.png")
    three = edit(cli, sd1, "--prompt", "cat", "--mask", "left.png", "--prompt", "dog")
    spelled = edit(cli, sd1, "--mask", "rest.png", "--prompt", "cat", "--mask", "left.png", "--prompt", "dog")
    np.testing.assert_array_equal(three, spelled)
    assert [ref.prompt for ref in load_recipe("out.png").inputs] == [None, 0, 1]


def test_soft_masks_blend(cli: Cli, sd1: Path) -> None:
    soft = np.asarray(box()).copy()
    soft[:, 16:] //= 2
    Image.fromarray(soft).save("soft.png")
    words = ("--mask", "soft.png", "--prompt", "dog")
    blended, raw = edit(cli, sd1, *words), edit(cli, sd1, *words, "--no-composite", out="raw.png")
    share = (soft / 255.0)[..., None]
    expected = pixels("in.png") * (1 - share) + raw * share
    assert np.abs(blended - expected).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (7, 90), (130, 33), (64, 64)])
def test_any_size_comes_back_in_its_size(cli: Cli, sd1: Path, size: tuple[int, int]) -> None:
    picture(*size).save("in.png")
    assert edit(cli, sd1, "--size", "keep").shape == (size[1], size[0], 3)


def test_rotated_transparent_and_palette_pictures_are_understood(cli: Cli, sd1: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(48, 40).save("turned.jpg", exif=exif)
    picture(20, 20).convert("RGBA").save("alpha.png")
    alpha = Image.open("alpha.png")
    alpha.putalpha(box(20, 20, 3, 15))
    alpha.save("alpha.png")
    picture(20, 20).quantize(8).save("palette.png")
    for name, size, note in (
        ("turned.jpg", (40, 48), "EXIF"),
        ("alpha.png", (20, 20), "transparent"),
        ("palette.png", (20, 20), ""),
    ):
        done = cli("edit", name, "-p", "dog", "-m", sd1, "--steps", "1", "-o", "o.png")
        assert done.exit_code == 0, done.stderr
        assert Image.open("o.png").size == size
        assert note in done.stderr
        assert all(line.startswith("note: ") for line in done.stderr.splitlines())


def test_json_quiet_and_notes(cli: Cli, sd1: Path) -> None:
    words = ("edit", "in.png", "-p", "dog", "-m", sd1, "--steps", "1", "-o", "o.png")
    said = cli(*words, "--json")
    facts = json.loads(said.stdout)
    assert said.stderr == ""
    assert (facts["files"], facts["width"], facts["height"], facts["evaluations"]) == (["o.png"], 48, 40, 3)
    assert any("padded" in note or "enlarged" in note for note in facts["notes"])
    assert cli(*words, "--quiet").output == ""


def test_outputs_in_a_folder_of_their_own_find_their_inputs_from_there(cli: Cli, sd1: Path, folder: Path) -> None:
    (folder / "pictures").mkdir()
    picture().save("pictures/cat.png")
    done = cli("edit", "pictures/cat.png", "-p", "dog", "-m", sd1, "--steps", "1", "-o", "o.png")
    assert done.exit_code == 0, done.stderr
    assert load_recipe("o.png").inputs[0].name == "pictures/cat.png"
    assert cli("verify o.png").exit_code == 0


def test_outside_a_found_mask_no_byte_changes(cli: Cli, sd1: Path) -> None:
    done = cli("edit", "in.png", "-p", "a dog", "--steps", "3", "--found-mask", "-m", sd1, "-o", "out.png")
    assert done.exit_code == 0, done.stderr
    covered = int(done.stderr.split("the found mask covers ")[1].split("%")[0])
    kept = (pixels("in.png") == pixels("out.png")).all(-1).mean()
    assert 1 - (covered + 1) / 100 <= kept < 1.0
    assert "9 evaluations" in done.stdout
