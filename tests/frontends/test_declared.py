"""Numbers are declared once: options, keywords, recipes, schema and the documents' tables follow from the settings."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from pathlib import Path

import pytest

import dreamsampler
from dreamsampler.core.errors import InputError
from dreamsampler.core.schema import table
from dreamsampler.core.settings import convert, dump, make, options_of
from dreamsampler.runs.recipe_io import load_recipe
from dreamsampler.runs.registry import TASKS, Task
from dreamsampler.tasks.edit import Edit
from dreamsampler.tasks.inpaint import Inpaint
from dreamsampler.tasks.restore import Restore
from dreamsampler.tasks.settings import EditSettings, InpaintSettings, RestoreSettings

from .conftest import Cli, picture

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_every_number_is_an_option_a_keyword_and_a_line_of_the_page(cli: Cli, task: Task) -> None:
    shown = cli(task.name, "--help").stdout
    keywords = inspect.signature(getattr(dreamsampler, task.name)).parameters
    for option in options_of(task.settings):
        word = f"--{option.name}".replace("_", "-")
        assert word[:16] in shown  # long words are cut in a narrow terminal
        assert keywords[option.name].default == option.default or option.default is dataclasses.MISSING
    page = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    written = re.search(rf"<!-- options: {task.name} -->\n(.*?)\n<!-- end -->", page, re.S)
    assert written is not None
    expected = f"`dreamsampler schema {task.name} --markdown` prints the table anew"
    assert written[1] == table(task.settings), expected
    assert cli("schema", task.name, "--markdown").stdout.strip() == table(task.settings)
    schema = json.loads(cli("schema", task.name).stdout)
    assert schema["properties"].keys() == {option.name for option in options_of(task.settings)}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("edit in.png -p dog -o o.png --start 0.5", "--start: is called --denoise now"),
        ("edit in.png -p dog -o o.png --raw", "--raw: is called --no-composite now"),
        ("generate -p dog -o o.png --scale 3", "--scale: is called --guidance-scale now"),
        ("generate -p dog -o o.png --cfgpp", "--cfgpp: is called --renoise uncond now"),
        ("inpaint in.png --mask left.png -p dog -o o.png --guidance 3", "--guidance: is called --guidance-scale now"),
        ("inpaint in.png --mask left.png -p dog -o o.png --null-prompt x", "is called --negative-prompt now"),
        ("restore in.png --operator grey -o o.png --noise 0.1", "--noise: is called --noise-std now"),
        ("edit in.png -p dog -o o.png --preset papr", "preset='papr': expected one of paper"),
        ("edit in.png -p dog -o o.png --preset paper --strength 2", "give one of the two"),
        ("schema paint", "task: 'paint'; expected edit"),
    ],
)
def test_old_words_and_unknown_presets_are_refused_with_the_remedy(cli: Cli, line: str, said: str) -> None:
    done = cli(line)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr
    assert not Path("o.png").exists()


@pytest.mark.parametrize(
    ("keyword", "said"),
    [({"start": 0.5}, "denoise"), ({"raw": True}, "composite=False"), ({"progress": print}, "callback")],
)
def test_old_keywords_are_refused_with_the_new_one_named(prior: object, keyword: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        dreamsampler.edit(picture(), "dog", model=prior, **keyword)


def test_presets_are_recipes_and_commands(cli: Cli, sd1: Path) -> None:
    words = f"inpaint in.png --mask left.png -p cat -m {sd1} --steps 2 --preset released"
    assert cli(f"{words} -o a.png").exit_code == 0
    found = load_recipe("a.png").settings
    assert found == make(InpaintSettings, {"steps": 2}, "released")
    assert (found.strength, found.until, found.iterations, found.noise_std) == (1.0, 0.85, 10, 0.01)
    assert cli("verify a.png").stdout == "a.png: identical\n"
    assert cli(f"{words} --inversion none -o b.png").exit_code == 0
    assert load_recipe("b.png").settings == dataclasses.replace(found, inversion="none")
    assert convert(Inpaint, found) == Inpaint.released(steps=2)
    assert dump(make(EditSettings, {}, "paper")).items() >= {"steps": 200, "paper_c": 0.2, "inversion": "plain"}.items()


def test_settings_and_keywords_say_the_same(prior: object) -> None:
    one = dreamsampler.edit(picture(), "dog", model=prior, steps=1, denoise=0.5, size=32)
    other = dreamsampler.edit(picture(), "dog", model=prior, settings=EditSettings(steps=1, denoise=0.5, size="32"))
    mixed = dreamsampler.edit(picture(), "dog", model=prior, settings=EditSettings(steps=1), denoise=0.5, size="32")
    assert one.recipe.recipe_hash() == other.recipe.recipe_hash() == mixed.recipe.recipe_hash()
    with pytest.raises(InputError, match="not both"):
        dreamsampler.edit(picture(), "dog", model=prior, settings=EditSettings(), preset="paper")
    with pytest.raises(InputError, match="stepz"):
        dreamsampler.edit(picture(), "dog", model=prior, settings=EditSettings(), stepz=3)
    with pytest.raises(InputError, match="stepz"):
        dreamsampler.edit(picture(), "dog", model=prior, stepz=3)


def test_a_task_has_every_number_of_its_algorithm() -> None:
    for algorithm, task in ((Edit, EditSettings), (Inpaint, InpaintSettings), (Restore, RestoreSettings)):
        assert {option.name for option in options_of(algorithm)} <= {option.name for option in options_of(task)}
