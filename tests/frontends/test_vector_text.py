"""Drawings out of a prompt alone, the canvas's size, and SVG files that come out of their recipe again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import dreamsampler
from dreamsampler.core.errors import InputError
from dreamsampler.generators.svg.reader import read_provenance, read_svg
from dreamsampler.io.tensor_file import checkpoint_of, read_tensors
from dreamsampler.runs import observe
from dreamsampler.runs.observe import Event
from dreamsampler.runs.recipe_io import load_recipe
from dreamsampler.runs.result import Result
from dreamsampler.runs.run import repeat
from dreamsampler.runs.verify import read_claim

from .conftest import Cli
from .test_vector import disc

FEW = {"paths": 3, "steps": 4}


@pytest.fixture
def icon(folder: Path) -> Path:
    disc().save("icon.png")
    return Path("icon.png")


def test_a_prompt_alone_draws_what_generate_makes_of_it(cli: Cli, sd1: Path, prior: object) -> None:
    done = cli("vectorize", "-p", "dog", "--paths", "3", "--steps", "4", "--seed", "5", "-m", sd1, "-o", "o.svg")
    assert done.exit_code == 0, done.stderr
    assert "dB to the sample" in done.stdout
    assert load_recipe("o.svg").inputs == ()
    dreamsampler.generate("dog", model=prior, seed=5).save("dog.png")
    dreamsampler.vectorize("dog.png", "dog", model=prior, seed=5, noise_std=0.0, **FEW).save("from-picture.svg")
    drawn, expected = read_svg(Path("o.svg")), read_svg(Path("from-picture.svg"))
    assert drawn.size == (64, 64), "the model's own size"
    assert torch.equal(drawn.points, expected.points)
    assert torch.equal(drawn.rgba, expected.rgba)
    said = cli("verify", "o.svg", "-m", sd1)
    assert (said.exit_code, said.stdout) == (0, "o.svg: identical\n"), said.stderr


def test_nothing_measured_and_nothing_sampled(prior: object, folder: Path) -> None:
    before = prior.evaluations
    made = dreamsampler.vectorize(prompt="dog", sample=False, size="48x32", model=prior, **FEW)
    assert made.drawing.size == (32, 48)
    assert prior.evaluations - before == 4 * 2 + 2, "every step is the prior's, and the calibration"
    assert (made.measurement, made.psnr()) == (None, None)
    assert not [note for note in made.notes if "root mean square" in note]
    settings = made.recipe.settings
    assert (settings.sample, settings.init, settings.fit, settings.guidance_scale) == (
        False,
        "random",
        0.0,
        7.5,
    )
    asked = dreamsampler.vectorize(
        prompt="dog", sample=False, model=prior, method="dreamsampler:guidance_scale=1,denoise=0.6", init="grid", **FEW
    )
    assert (asked.recipe.settings.guidance_scale, asked.recipe.settings.denoise) == (1.0, 0.6)
    assert dreamsampler.verify(made.save("o.svg")[0], model=prior).identical


def test_a_stopped_run_does_not_sample_again(prior: object, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "SAVE_EVERY", 0.0)
    whole = dreamsampler.vectorize(prompt="dog", model=prior, **FEW)

    def stop(event: Event) -> None:
        if event.phase == "draw":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dreamsampler.vectorize(prompt="dog", model=prior, checkpoint="p.safetensors", callback=stop, **FEW)
    before = prior.evaluations
    rest = dreamsampler.vectorize(prompt="dog", model=prior, checkpoint="p.safetensors", **FEW)
    assert prior.evaluations - before < 10
    assert whole.save("a.svg")[0].read_bytes() == rest.save("b.svg")[0].read_bytes()


def test_a_drawing_without_a_model_verifies(cli: Cli, icon: Path) -> None:
    assert cli("vectorize icon.png --method data --paths 4 --steps 20 -o o.svg").exit_code == 0
    said = cli("verify o.svg --json")
    assert said.exit_code == 0, said.stderr
    assert json.loads(said.stdout)["identical"] is True
    text = Path("o.svg").read_text(encoding="utf-8")
    Path("scaled.svg").write_text(text.replace('width="32" height="32" viewBox', 'width="64" height="64" viewBox'))
    said = cli("verify scaled.svg")
    assert said.exit_code == 1
    assert "the same picture, but the file is not the one" in said.stdout
    Path("other.svg").write_text(text.replace('<g id="shapes">', '<g id="shapes"><rect width="9" height="9"/>'))
    said = cli("verify other.svg")
    assert said.exit_code == 1
    assert "differs: by at most" in said.stdout
    icon.rename("moved.png")
    said = cli("verify o.svg")
    assert (said.exit_code, said.stderr.count("\n")) == (2, 1)
    assert "icon.png" in said.stderr
    assert cli("verify o.svg --input moved.png").exit_code == 0


def test_a_recipe_is_run_again_from_its_file(icon: Path) -> None:
    start = dreamsampler.vectorize(icon, method="data", paths=2, steps=2).save("start.svg")[0]
    made = dreamsampler.vectorize(icon, method="data:crossing_weight=0.5", init=start, steps=3, size=24, seed=3)
    Path("results").mkdir()
    (saved,) = made.save("results/o.svg")
    assert [(ref.role, ref.name) for ref in load_recipe(saved).inputs] == [
        ("measurement", "icon.png"), ("start", "start.svg")
    ]  # fmt: skip
    claim = read_claim(saved)
    again: Result = repeat(claim.recipe, claim.job.inputs)
    assert again.items[0].pixels.shape == (24, 24, 3)
    (written,) = again.save("results/again.svg")
    assert (
        written.read_text(encoding="utf-8").split("</metadata>")[1]
        == saved.read_text(encoding="utf-8").split("</metadata>")[1]
    )
    assert dreamsampler.verify(saved).identical


def test_size_is_the_canvas(icon: Path) -> None:
    made = dreamsampler.vectorize(icon, method="data", size=16, operator="identity", **FEW)
    assert made.drawing.size == (16, 16)
    disc().crop((0, 0, 32, 16)).save("wide.png")
    assert dreamsampler.vectorize("wide.png", method="data", size=64, **FEW).drawing.size == (32, 64)
    assert dreamsampler.vectorize("wide.png", method="data", size=32, operator="blur:sigma=1", **FEW).drawing.size == (
        16,
        32,
    ), "the size that it has anyway"
    with pytest.raises(InputError, match="size=40"):
        dreamsampler.vectorize("wide.png", method="data", size=40, operator="blur:sigma=1", **FEW)


def test_fresh_forgets_a_stopped_run(cli: Cli, icon: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "SAVE_EVERY", 0.0)
    part = checkpoint_of("o.svg")

    def stop(event: Event) -> None:
        if event.step == 3:
            raise KeyboardInterrupt

    arguments = {"method": "data", "paths": 3, "steps": 20}
    with pytest.raises(KeyboardInterrupt):
        dreamsampler.vectorize(icon, checkpoint=part, callback=stop, **arguments)
    with pytest.raises(InputError, match="other settings"):
        read_tensors(part, "another run")
    line = "vectorize icon.png --method data --paths 3 -o o.svg --steps"
    refused = cli(f"{line} 21")
    assert (refused.exit_code, part.exists()) == (2, True)
    assert "delete it" in refused.stderr
    done = cli(f"{line} 21 --fresh")
    assert done.exit_code == 0, done.stderr
    assert "going on" not in done.stderr
    assert not part.exists()
    help_text = " ".join(cli("vectorize --help").stdout.split())
    assert "goes on where it stood" in help_text
    assert "--fresh" in help_text


def test_recipes_of_strangers_are_checked(icon: Path) -> None:
    (saved,) = dreamsampler.vectorize(icon, method="data", **FEW).save("o.svg")
    text = saved.read_text(encoding="utf-8")
    recipe = read_provenance(saved)["recipe"]

    def changed(**fields: object) -> Path:
        path = Path("changed.svg")
        document = json.dumps({"recipe": {**recipe, **fields}}, sort_keys=True)
        head, rest = text.split('<metadata id="provenance">')
        path.write_text(head + '<metadata id="provenance">' + document + "</metadata>" + rest.split("</metadata>")[1])
        return path

    assert dreamsampler.verify(changed()).identical
    for fields, said in (
        ({"settings": {**recipe["settings"], "method": "dreamsampler"}}, "needs a model"),
        ({"settings": {**recipe["settings"], "method": "magic"}}, "magic"),
        ({"settings": {**recipe["settings"], "paths": 10**9}}, "paths"),
        ({"settings": {**recipe["settings"], "init": "../../etc/passwd.svg"}}, "start"),
        ({"inputs": []}, "model"),
        ({"inputs": recipe["inputs"] * 2}, "several"),
        ({"seeds": [1, 2]}, "2 pictures"),
    ):
        with pytest.raises(InputError, match=said):
            dreamsampler.verify(changed(**fields))
    Path("none.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><rect width="4" height="4"/></svg>')
    with pytest.raises(InputError, match=r"none\.svg: carries no recipe"):
        dreamsampler.verify("none.svg")
    Path("broken.svg").write_text("<svg><")
    with pytest.raises(InputError, match=r"broken\.svg: is not well-formed"):
        dreamsampler.verify("broken.svg")
