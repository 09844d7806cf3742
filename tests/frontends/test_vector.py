"""`vectorize` and `rasterize`: files that can be read, runs that go on where they were stopped."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import dreamsampler
from dreamsampler.core.errors import InputError
from dreamsampler.generators.svg.reader import read_provenance
from dreamsampler.io.tensor_file import checkpoint_of, read_tensors, write_tensors
from dreamsampler.runs import observe
from dreamsampler.runs.observe import Event
from dreamsampler.runs.recipe import Recipe

from .conftest import Cli


def disc(size: int = 32) -> Image.Image:
    y, x = np.mgrid[:size, :size]
    inside = ((x - 16) ** 2 + (y - 14) ** 2 < 81)[..., None]
    return Image.fromarray(np.where(inside, (220, 40, 40), (240, 240, 220)).astype(np.uint8))


@pytest.fixture
def icon(folder: Path) -> Path:
    disc().save("icon.png")
    return Path("icon.png")


def test_a_drawing_without_a_model(cli: Cli, icon: Path) -> None:
    done = cli("vectorize icon.png --method data --paths 4 --steps 40 -o o.svg --preview o.png --animate o.gif")
    assert done.exit_code == 0, done.stderr
    assert "1 path," in done.stdout, "a disc takes one of the four"
    drawn = np.asarray(Image.open("o.png")).astype(float)
    assert np.abs(drawn - np.asarray(disc())).mean() < 12
    with Image.open("o.gif") as film:
        assert film.n_frames > 10
    recipe = Recipe.from_json(json.dumps(read_provenance(Path("o.svg"))["recipe"]))
    assert (recipe.task, recipe.settings.paths, recipe.inputs[0].name) == ("vectorize", 4, "icon.png")
    shown = cli("rasterize o.svg --size 32 -o again.png")
    assert shown.exit_code == 0, shown.stderr
    assert np.abs(np.asarray(Image.open("again.png")).astype(float) - drawn).max() <= 2, "the file shows the drawing"
    assert not checkpoint_of("o.svg").exists()


def test_the_prior_takes_part(cli: Cli, sd1: Path, icon: Path) -> None:
    words = ("vectorize", "icon.png", "-p", "dog", "--paths", "3", "--steps", "4", "-m", sd1)
    done = cli(*words, "-o", "a.svg", "--json")
    assert done.exit_code == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["evaluations"] > 0
    assert (1 <= facts["paths"] <= 3, facts["files"]) == (True, ["a.svg"])
    assert facts["bytes"] == Path("a.svg").stat().st_size
    assert cli(*words, "-o", "b.svg").exit_code == 0
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()


def test_a_degraded_measurement(cli: Cli, icon: Path) -> None:
    assert cli("degrade icon.png --operator sr:factor=2 --noise-std 0.05 -o y.npy").exit_code == 0
    line = "vectorize y.npy --operator sr:factor=2 --noise-std 0.05 --method data --paths 4 --steps 30 -o o.svg"
    done = cli(*line.split(), "--preview", "o.png")
    assert done.exit_code == 0, done.stderr
    assert Image.open("o.png").size == (32, 32), "the drawing has the scene's size"


def test_a_stopped_run_goes_on_to_the_same_bytes(prior: object, icon: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "SAVE_EVERY", 0.0)
    arguments = {"model": prior, "paths": 3, "steps": 8}
    whole = dreamsampler.vectorize(icon, "dog", **arguments)
    part = Path("state.safetensors")

    class Killed(Exception):
        pass

    def stop(event: Event) -> None:
        if event.phase == "draw" and event.step == 2:
            raise Killed

    with pytest.raises(Killed):
        dreamsampler.vectorize(icon, "dog", checkpoint=part, callback=stop, **arguments)
    assert part.exists()
    with pytest.raises(InputError, match="other settings"):
        dreamsampler.vectorize(icon, "cat", checkpoint=part, **arguments)
    seen: list[tuple[str, int]] = []
    rest = dreamsampler.vectorize(
        icon, "dog", checkpoint=part, callback=lambda event: seen.append((event.phase, event.step)), **arguments
    )
    assert seen[0] in (("draw", 2), ("draw", 3)), "not from the beginning"
    assert whole.save("whole.svg")[0].read_bytes() == rest.save("rest.svg")[0].read_bytes()
    assert not part.exists()


def test_checkpoints_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    z = torch.arange(4.0)
    write_tensors(path, {"z": z, "same": z}, "key")
    assert torch.equal(read_tensors(path, "key")["same"], z)
    with pytest.raises(InputError, match="other settings"):
        read_tensors(path, "another")
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(InputError, match="damaged"):
        read_tensors(path, "key")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("vectorize nope.png -o o.svg", "no such file"),
        ("vectorize icon.png -o o.png", ".svg"),
        ("vectorize icon.png -o icon.png", ".svg"),
        ("vectorize icon.png --paths 0 -o o.svg", "paths=0"),
        ("vectorize icon.png --paths 999999 -o o.svg", "paths=999999"),
        ("vectorize icon.png --segments 1 -o o.svg", "segments=1"),
        ("vectorize icon.png --steps 0 -o o.svg", "steps=0"),
        ("vectorize icon.png --method magic -o o.svg", "magic"),
        ("vectorize icon.png --method data:x=1 -o o.svg", "no option 'x'"),
        ("vectorize icon.png --init nowhere.svg -o o.svg", "nowhere.svg"),
        ("vectorize icon.png --init magic -o o.svg", "magic"),
        ("vectorize icon.png --noise-std -1 -o o.svg", "noise"),
        ("vectorize icon.png --operator wurst -o o.svg", "wurst"),
        ("vectorize icon.png --model nowhere -o o.svg", "nowhere"),
        ("vectorize -o o.svg", "nothing to draw"),
        ("vectorize -p dog --operator blur:sigma=2 -o o.svg", "operator"),
        ("vectorize -p dog --no-sample --method live -o o.svg", "needs a picture"),
        ("vectorize -p dog --no-sample --init trace -o o.svg", "needs a picture"),
        ("vectorize icon.png --no-sample -o o.svg", "--no-sample"),
        ("vectorize icon.png --size 8 --operator blur:sigma=1 -o o.svg", "size=8"),
        ("vectorize icon.png --size 0 -o o.svg", "size='0'"),
        ("vectorize icon.png --size 99999 -o o.svg", "size='99999'"),
        ("vectorize icon.png --init good.svg -o good.svg", "is the input"),
        ("vectorize icon.png --operator blur:sigma=3,size=nan -o o.svg", "size=nan"),
        ("vectorize icon.png --size 9000 -o o.svg", "megapixels"),
        ("vectorize icon.png --init bomb.svg -o o.svg", "entities"),
        ("rasterize ring.svg -o o.png", "ring.svg"),
        ("verify good.svg", "carries no recipe"),
        ("verify bomb.svg", "bomb.svg"),
        ("rasterize nope.svg -o o.png", "no such file"),
        ("rasterize icon.png -o o.png", "XML"),
        ("rasterize empty.svg -o o.png", "nothing to draw"),
        ("rasterize bomb.svg -o o.png", "bomb.svg"),
        ("rasterize good.svg --size 0 -o o.png", "size"),
        ("rasterize good.svg --size 999999 -o o.png", "size"),
    ],
)
def test_bad_input_is_one_line(cli: Cli, icon: Path, words: str, said: str) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">{}</svg>'
    Path("empty.svg").write_text(svg.format(""))
    Path("good.svg").write_text(svg.format('<rect width="4" height="4"/>'))
    Path("bomb.svg").write_text('<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + svg.format("&a;"))
    Path("ring.svg").symlink_to("ring.svg")
    before = sorted(Path().iterdir())
    done = cli(words)
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    assert done.stderr.count("\n") == 1, done.stderr
    assert said in done.stderr
    assert sorted(Path().iterdir()) == before


def test_noise_that_is_not_given_is_estimated_and_said(cli: Cli, icon: Path) -> None:
    assert cli("degrade icon.png --operator blur:sigma=2 --noise-std 0.1 -o y.npy").exit_code == 0
    line = "vectorize y.npy --operator blur:sigma=2 --method data --paths 4 --steps 20"
    done = cli(f"{line} -o o.svg")
    assert done.exit_code == 0, done.stderr
    found = re.search(r"noise of (0\.\d+) estimated", done.stderr)
    assert found is not None, done.stderr
    assert float(found[1]) == pytest.approx(0.1, rel=0.25)
    assert "estimated" not in cli(f"{line} --noise-std 0.1 -o p.svg").stderr
    clean = cli("vectorize icon.png --method data --paths 4 --steps 2 -o q.svg")
    assert (clean.exit_code, "estimated" in clean.stderr) == (0, False)
