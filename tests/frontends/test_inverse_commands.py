"""`dreamsampler inpaint`, `restore` and `degrade`: known pixels stay, sizes are the scene's, results verify."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

import dreamsampler
from dreamsampler.core.settings import dump
from dreamsampler.io.tensors import to_tensor
from dreamsampler.operators import downsample, gaussian_blur
from dreamsampler.runs.recipe_io import load_recipe
from dreamsampler.tasks.settings import InpaintSettings, RestoreSettings
from tests.tiny import write_sd1

from ..bench.metrics.conftest import clip_folder  # noqa: F401
from .conftest import Cli, box, picture


def pixels(path: str | Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def done(result: object) -> object:
    assert result.exit_code == 0, result.stderr  # type: ignore[attr-defined]
    return result


def test_inpaint_fills_the_holes_and_nothing_else_and_verifies(cli: Cli, sd1: Path) -> None:
    words = f"--mask left.png -p cat --mask right.png -p dog -m {sd1} --steps 5 -o out.png --grid grid.png"
    said = done(cli("inpaint in.png " + words))
    before, after = pixels("in.png"), pixels("out.png")
    inside = np.maximum(np.asarray(box()), np.asarray(box(left=26, right=44))) > 0
    assert (after[~inside] == before[~inside]).all()
    assert (after[inside] != before[inside]).any(1).mean() > 0.5
    # every step asks for null and two prompts
    assert "wrote out.png, grid.png (48 x 40, 15 evaluations" in said.stdout
    assert [(ref.role, ref.prompt) for ref in load_recipe("out.png").inputs] == [
        ("image", None), ("mask", 0), ("mask", 1)
    ]  # fmt: skip
    check = done(cli("verify out.png"))
    assert check.stdout == "out.png: identical\n"


def test_options_of_inpaint_reach_the_recipe_and_act(cli: Cli, sd1: Path) -> None:
    options = (
        "--strength 0.5 --feather 4 --negative-prompt x --dps 0.5 --inversion plain --eta 0.25 --rho 0.125 --seed 3"
    )
    done(cli(f"inpaint in.png --mask left.png -p cat -m {sd1} --steps 3 -o a.png {options}"))
    recipe = load_recipe("a.png")
    given = {"strength": 0.5, "feather": 4, "negative_prompt": "x", "dps": 0.5, "inversion": "plain", "eta": 0.25}
    assert given.items() <= dump(recipe.settings).items()
    assert (recipe.settings.rho, recipe.seeds) == (0.125, (3,))
    assert done(cli("verify a.png")).stdout == "a.png: identical\n"
    done(cli(f"inpaint in.png --mask left.png -p cat -m {sd1} --steps 3 -o raw.png --no-composite"))
    done(cli(f"inpaint in.png --mask left.png -p cat -m {sd1} --steps 3 -o m.png --method ddnm:eta=0.5"))
    inside = np.asarray(box()) > 0
    assert (pixels("a.png")[inside] != pixels("raw.png")[inside]).any()
    assert (pixels("raw.png")[~inside] != pixels("in.png")[~inside]).any()
    assert (pixels("m.png")[~inside] == pixels("in.png")[~inside]).all()
    assert (pixels("m.png")[inside] != pixels("raw.png")[inside]).any()


def test_degrade_writes_what_the_operator_makes(cli: Cli) -> None:
    x = to_tensor(np.asarray(Image.open("in.png")))
    for name in ("y.npy", "y.safetensors", "y.png"):
        done(cli("degrade", "in.png", "--operator", "blur:sigma=1.5,size=7", "--operator", "sr:factor=4", "-o", name))
    expected = downsample(4).forward(gaussian_blur(1.5, 7).forward(x))[0].numpy()
    np.testing.assert_allclose(np.load("y.npy"), expected, atol=1e-6)
    assert pixels("y.png").shape == (10, 12, 3)
    np.testing.assert_allclose(pixels("y.png").transpose(2, 0, 1) / 127.5 - 1, expected.clip(-1, 1), atol=0.005)
    done(cli("degrade", "in.png", "--operator", "identity", "--noise-std", "0.1", "--seed", "2", "-o", "n.npy"))
    difference = np.load("n.npy") - x[0].numpy()
    assert difference.std() == pytest.approx(0.1, rel=0.05)
    done(cli("degrade", "in.png", "--operator", "identity", "--peak", "20", "-o", "p.npy"))
    assert (np.load("p.npy") - x[0].numpy()).std() == pytest.approx(2 * np.sqrt(0.5 / 20), rel=0.3)
    done(cli("degrade", "in.png", "--operator", "grey", "-o", "g.png", "--json"))
    assert Image.open("g.png").mode == "L"


@pytest.mark.parametrize("ending", ["npy", "png", "safetensors"])
def test_restore_gives_the_scene_and_verifies(cli: Cli, sd1: Path, ending: str) -> None:
    y = f"y.{ending}"
    done(cli("degrade", "in.png", "--operator", "sr:factor=4,kind=box", "--noise-std", "0.02", "-o", y))
    done(cli("restore", y, "--operator", "sr:factor=4,kind=box", "--noise-std", "0.02", "-p", "a cat", "-m", sd1,
             "--steps", "4", "-o", "out.png"))  # fmt: skip
    assert Image.open("out.png").size == (48, 40)
    recipe = load_recipe("out.png")
    assert any("worked on at 48 x 48" in note for note in recipe.notes), "the tiny model needs multiples of 16"
    assert recipe.settings.operator == ("sr:factor=4,kind=box",)
    assert done(cli("verify out.png")).stdout == "out.png: identical\n"
    Path(y).rename(f"moved.{ending}")
    assert "y." in cli("verify out.png").stderr
    assert done(cli("verify", "out.png", "--input", f"moved.{ending}")).stdout == "out.png: identical\n"


def test_restore_reads_kernels_masks_and_gray_pictures(cli: Cli, sd1: Path) -> None:
    kernel = np.ones((3, 5)) / 15
    np.save("k.npy", kernel)
    save_file({"psf": kernel}, "k.safetensors")
    Image.fromarray((kernel * 15 * 255).astype(np.uint8)).save("k.png")
    made = []
    for name in ("k.npy", "k.safetensors", "k.png"):
        done(cli("degrade", "in.png", "--operator", f"kernel:file={name}", "-o", "y.npy"))
        made.append(np.load("y.npy"))
    np.testing.assert_allclose(made[0], made[1], atol=1e-6)
    np.testing.assert_allclose(made[0], made[2], atol=1e-6)
    run = ("-m", sd1, "--steps", "3", "-o", "out.png")
    done(cli("restore", "y.npy", "--operator", "kernel:file=k.npy", *run))
    assert [ref.role for ref in load_recipe("out.png").inputs] == ["measurement", "operator"]
    assert done(cli("verify out.png")).stdout == "out.png: identical\n"
    done(cli("degrade", "in.png", "--operator", "mask:file=left.png", "-o", "y.png"))
    done(cli("restore", "y.png", "--operator", "mask:file=left.png", "--method", "repaint:jump=2,resample=2", *run))
    done(cli("degrade", "in.png", "--operator", "grey", "-o", "y.png"))
    done(cli("restore", "y.png", "--operator", "grey", *run))
    assert Image.open("out.png").size == (48, 40)


def test_python_does_the_same(folder: Path, prior: object, cli: Cli, sd1: Path) -> None:
    done(cli("inpaint", "in.png", "--mask", "left.png", "-p", "a cat", "-m", sd1, "--steps", "3", "-o", "o.png"))
    outcome = dreamsampler.inpaint(picture(), box(), "a cat", model=prior, steps=3)
    assert (np.asarray(outcome.image) == pixels("o.png")).all()
    y = dreamsampler.degrade(picture(), "sr:factor=2", noise_std=0.01)
    done(cli("degrade", "in.png", "--operator", "sr:factor=2", "--noise-std", "0.01", "-o", "y.npy"))
    assert (np.load("y.npy") == y).all()
    done(
        cli(
            "restore",
            "y.npy",
            "--operator",
            "sr:factor=2",
            "--noise-std",
            "0.01",
            "-m",
            sd1,
            "--steps",
            "3",
            "-o",
            "r.png",
        )
    )
    restored = dreamsampler.restore(y, "sr:factor=2", noise_std=0.01, model=prior, steps=3)
    assert (np.asarray(restored.image) == pixels("r.png")).all()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("inpaint in.png --mask left.png -p a -p b", "1 masks and 2 prompts"),
        ("inpaint in.png --mask left.png --mask right.png -p a", "2 masks and 1 prompts"),
        ("inpaint in.png --mask left.png --mask right.png -p a -p b --method psld", "one prompt for all holes, got 2"),
        (
            "inpaint in.png --mask left.png -p a --method psld --strength 0.5",
            "options of psld: steps, guidance_scale, negative_prompt, omega",
        ),
        ("inpaint in.png --mask left.png -p a --method ddnm --inversion plain", "inversion=plain"),
        ("restore in.png --operator identity --method ddnm --begin noise", "begin=noise"),
        ("inpaint in.png --mask in.npy -p a", "in.npy"),
        ("inpaint in.png --mask left.png -p a --method smear", "method='smear'"),
        ("inpaint in.png --mask left.png -p a --method psld:omega=much", "omega='much'"),
        ("inpaint in.png --mask left.png -p a --method psld:speed=2", "no option 'speed'"),
        ("inpaint in.png --mask left.png -p a --feather -1", "feather"),
        ("inpaint in.png --mask left.png -p a --strength 1 --eta 2", "eta"),
        ("inpaint in.png --mask left.png -p a --eta 0.5", "eta=0.5: a number of the published pull"),
        ("inpaint in.png --mask left.png -p a --guidance-scale 3 --strength 1", "guidance_scale=3.0, strength=1.0"),
        ("restore in.png --operator identity --guidance-scale 3 --strength 1", "guidance_scale=3.0, strength=1.0"),
        ("inpaint in.png --mask left.png -p a --steps 0", "steps=0"),
        ("restore in.png --operator smudge", "unknown kind 'smudge'"),
        ("restore in.png --operator kernel:file=none.npy", "none.npy"),
        ("restore in.png --operator mask:file=small.png", "made for 24 x 20"),
        ("restore in.png --operator grey", "1"),
        ("restore in.png --operator identity --noise-std -1", "noise_std=-1"),
        ("restore text.npy --operator identity", "text.npy"),
        ("restore objects.npy --operator identity", "objects.npy"),
        ("restore nan.npy --operator identity", "NaN"),
        ("restore five.npy --operator identity", "shape"),
        ("inpaint in.png --mask left.png -p a --method psld:prompt=b", "no option 'prompt'"),
        ("restore in.png --operator identity --method repaint", "masks only"),
        ("restore loud.npy --operator identity", "about -1 (black) to 1 (white)"),
        ("restore in.png --operator sr:factor=1000", "megapixels"),
        ("restore in.png --operator mask:rows=0-39,cols=0-47", "nothing would be measured"),
        ("degrade in.png --operator mask:file=white.png", "nothing would be measured"),
        ("degrade in.png --operator sr:factor=1e300", "at most 1000"),
        ("degrade in.png --operator sr:factor=7", "not a multiple of 7"),
        ("degrade in.png --operator identity --noise-std -0.1", "noise_std=-0.1"),
        ("degrade in.png --operator identity --noise-std 0.1 --peak 5", "one of the two"),
        ("degrade in.png --operator mask:rows=0-99,cols=0-3", "beyond the scene"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(cli: Cli, command: str, message: str) -> None:
    box(24, 20).save("small.png")
    box(left=0, right=48).resize((48, 40), box=(0, 8, 48, 32)).save("white.png")
    np.save("loud.npy", np.full((3, 8, 8), 255.0))
    Path("text.npy").write_text("no array")
    np.save("objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save("nan.npy", np.full((3, 8, 8), np.nan))
    np.save("five.npy", np.zeros((5, 8, 8)))
    before = sorted(Path().iterdir())
    result = cli(*command.split(), "-o", "out.png", *(["-m", "nowhere"] if "degrade" not in command else []))
    assert result.exit_code == 2
    assert message in result.stderr
    assert "nowhere" not in result.stderr, "known before any model is looked for"
    assert len(result.stderr.splitlines()) == 1
    assert sorted(Path().iterdir()) == before


def test_summary_is_json(cli: Cli) -> None:
    said = done(cli("degrade", "in.png", "--operator", "sr:factor=2", "-o", "y.png", "--json"))
    told = json.loads(said.stdout)
    assert (told["width"], told["height"], told["channels"], told["files"]) == (24, 20, 3, ["y.png"])


def test_the_default_negative_prompt_is_one_that_every_model_knows() -> None:
    for function in (dreamsampler.inpaint, dreamsampler.restore):
        assert inspect.signature(function).parameters["negative_prompt"].default == ""
    assert InpaintSettings().negative_prompt == RestoreSettings(operator="grey").negative_prompt == ""


@pytest.mark.parametrize("task", ["inpaint in.png --mask left.png -p a", "restore in.png --operator identity"])
@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("psld:omega=-1", "omega=-1.0: expected a number, 0 or more"),
        ("psld:guidance_scale=nan", "guidance_scale=nan: expected a number"),
        ("treg:guidance_scale=abc", "guidance_scale='abc'; expected a number"),
        ("treg:rho=-1", "rho=-1.0: expected a number, 0 or more"),
        ("treg:rate=0.01", "needs image features"),
        ("latent-dps:eta=2", "eta=2.0: expected a number, 0 to 1"),
        ("repaint:jump=0", "jump=0: expected a whole number, 1 or more"),
        ("resample:every=0", "every=0"),
        ("p2l:tune=-1", "tune=-1"),
        ("diffpir:zeta=3", "zeta=3.0"),
        ("ddnm:eta=4", "eta=4.0: expected a number, 0 to 1"),
        ("flowdps:back=down", "back='down'"),
        ("dreamsampler:eta=0.5", "eta=0.5: a number of the published pull; give a strength with it"),
        ("dreamsampler:strength=1,eta=4", "eta=4.0: expected a number, 0 to 1"),
        ("dreamsampler:guidance_scale=-2", "guidance_scale=-2.0"),
        ("smear", "method='smear'"),
    ],
)
def test_a_bad_method_is_said_before_a_model_is_looked_for(cli: Cli, task: str, method: str, message: str) -> None:
    done = cli(f"{task} --method {method} -m ./nowhere -o out.png")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.stderr
    assert message in done.stderr
    assert "nowhere" in cli(f"{task} --method psld:omega=2 -m ./nowhere -o out.png").stderr


def test_options_of_dreamsampler_are_settings_like_any_other(cli: Cli, sd1: Path) -> None:
    done(
        cli(f"restore in.png --operator sr:factor=2 -m {sd1} --steps 2 -o a.png --strength 1 --eta 0.25 --begin noise")
    )
    method = "dreamsampler:strength=1,eta=0.25,begin=noise"
    done(cli(f"restore in.png --operator sr:factor=2 -m {sd1} --steps 2 -o b.png --method {method}"))
    a, b = load_recipe("a.png"), load_recipe("b.png")
    assert a.settings == b.settings
    assert a.settings.eta == 0.25
    assert (pixels("a.png") == pixels("b.png")).all()
    words = "inpaint in.png --mask left.png -p a --method dreamsampler:begin=noise -m ./nowhere -o out.png"
    assert "no option 'begin'" in cli(words).stderr


def test_other_methods_fill_all_holes_by_one_prompt(cli: Cli, sd1: Path) -> None:
    done(cli(f"inpaint in.png --mask left.png --mask right.png -p cat -m {sd1} --steps 2 --method psld -o out.png"))
    before, after = pixels("in.png"), pixels("out.png")
    left, right = np.asarray(box()) > 0, np.asarray(box(left=26, right=44)) > 0
    assert (after[~(left | right)] == before[~(left | right)]).all()
    for hole in (left, right):
        assert (after[hole] != before[hole]).any(1).mean() > 0.5
    assert [(ref.role, ref.prompt) for ref in load_recipe("out.png").inputs][1:] == [("mask", 0), ("mask", 0)]
    assert done(cli("verify out.png")).stdout == "out.png: identical\n"


def test_twenty_edits_of_a_file_in_a_row_change_no_byte_outside_the_masks(folder: Path, prior: object) -> None:
    """Read, resize to the model's grid, fill, resize back, write: the known bytes take none of these ways."""
    masks = (box(), box(left=26, right=44))
    before = pixels("in.png")
    for k in range(20):
        source = "in.png" if k == 0 else "out.png"
        dreamsampler.inpaint(source, masks[k % 2], "cat", model=prior, steps=1, seed=k).save("out.png")
    after, inside = pixels("out.png"), np.maximum(*(np.asarray(mask) for mask in masks)) > 0
    assert (after[~inside] == before[~inside]).all()
    assert (after[inside] != before[inside]).any(1).mean() > 0.5


def test_pictures_of_a_batch_are_what_each_is_alone(folder: Path, prior: object) -> None:
    pictures = [picture(seed=k) for k in range(3)]
    together = dreamsampler.inpaint(pictures, box(), "cat", model=prior, steps=2, batch=3)
    alone = dreamsampler.inpaint(pictures[2], box(), "cat", model=prior, steps=2)
    assert np.abs(np.asarray(together.images[2]).astype(int) - np.asarray(alone.image).astype(int)).max() <= 1


def test_an_inpainting_model_runs_and_verifies(cli: Cli, tmp_path: Path, sd1: Path) -> None:
    nine = write_sd1(tmp_path / "nine", unet={"in_channels": 9})
    words = "--mask left.png --mask right.png -p cat --steps 2 --method stable-inpaint:guidance_scale=3 -o out.png"
    done(cli(f"inpaint in.png {words} -m {nine}"))
    assert done(cli("verify out.png")).stdout == "out.png: identical\n"
    wrong = cli(f"inpaint in.png {words} -m {sd1}")
    assert wrong.exit_code == 2
    assert "takes 4 channels" in wrong.stderr
    wrong = cli(f"inpaint in.png --mask left.png -p cat -m {nine} -o out.png")
    assert wrong.exit_code == 2
    assert "--method stable-inpaint" in wrong.stderr


def test_bench_restore_posterior_and_memory_print_and_write_tables(
    cli: Cli,
    sd1: Path,
    clip_folder: Path,  # noqa: F811
) -> None:
    words = f"-n 1 --steps 2 --size 64 --judge {clip_folder} -m {sd1} --method ddnm --method start --task mouth -o made"
    said = done(cli("bench restore " + words))
    assert "| mouth | ddnm |" in said.stdout
    assert {path.name for path in Path("made").iterdir()} >= {
        "restore.md",
        "restore.csv",
        "restore.json",
        "restore.png",
    }
    said = done(cli("bench posterior --method ddnm --samples 3 --steps 3 -o made"))
    assert "| blur | ddnm |" in said.stdout
    assert Path("made/posterior.md").exists()
    assert "smear" in cli(f"bench restore --method smear --judge {clip_folder} -m {sd1}").stderr
    said = done(cli(f"bench memory -m {sd1} -o made"))
    assert "| released procedure | 12 |" in said.stdout
    assert Path("made/memory.md").exists()
    wrong = cli(f"bench memory -m {sd1} --size 50")
    assert (wrong.exit_code, wrong.stderr.splitlines()) == (
        2, ["dreamsampler: size=50: expected a multiple of 16 pixels"]
    )  # fmt: skip
