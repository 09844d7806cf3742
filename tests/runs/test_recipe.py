"""A recipe says everything, comes back unchanged, and believes nothing that a stranger writes."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamsampler.core.errors import InputError
from dreamsampler.core.settings import check, dump, make
from dreamsampler.runs.recipe import InputRef, ModelRef, Recipe, current_versions
from dreamsampler.runs.registry import TASKS
from dreamsampler.runs.upgrade import upgraded
from dreamsampler.tasks.settings import EditSettings

A, B = "a" * 64, "b" * 64


def example(**changes: Any) -> Recipe:
    parts: dict[str, Any] = {
        "task": "edit",
        "model": ModelRef("some/model", "main", {"unet/model.safetensors": A}),
        "prompts": ("a cat", "ein Bär"),
        "inputs": (InputRef("image", A, "in.png"), InputRef("mask", B, "masks/m.png", 1, True)),
        "settings": {"steps": 20, "strength": (1, 2.5)},
        "seeds": (0, -5, 2**64 - 1),
        "notes": ("padded",),
    }
    return Recipe(**(parts | changes))


def document(**changes: Any) -> dict[str, Any]:
    return json.loads(example().to_json()) | changes


def test_it_comes_back_from_json_pickle_and_copy() -> None:
    recipe = example()
    for other in (Recipe.from_json(recipe.to_json()), pickle.loads(pickle.dumps(recipe)), copy.deepcopy(recipe)):
        assert other == recipe
        assert other.recipe_hash() == recipe.recipe_hash()
        assert hash(other) == hash(recipe)


def test_settings_are_complete_and_canonical() -> None:
    assert example(settings={}).settings == EditSettings()
    assert document()["settings"].keys() == {field.name for field in dataclasses.fields(EditSettings)}
    assert example(settings={"denoise": 1}).to_json() == example(settings={"denoise": 1.0}).to_json()
    assert example().settings.strength == (1.0, 2.5)


def test_every_default_lies_within_its_own_range() -> None:
    for task in TASKS.values():
        given = {"operator": "grey"} if task.name == "restore" else {}
        checked = check(task.settings, given)
        assert check(task.settings, dump(checked)) == checked
        for preset in getattr(task.settings, "PRESETS", {}):
            assert make(task.settings, given, preset) != checked


def test_it_cannot_be_changed() -> None:
    recipe = example()
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.task = "invert"  # type: ignore[misc]
    with pytest.raises(TypeError):
        recipe.versions["torch"] = "0"  # type: ignore[index]
    with pytest.raises(TypeError):
        recipe.model.sha256["x"] = A  # type: ignore[index]


@pytest.mark.parametrize(
    "changes",
    [
        {"task": "invert", "settings": {"steps": 20}},
        {"model": ModelRef("some/other")},
        {"prompts": ("a cat", "a bear")},
        {"prompts": ("ein Bär", "a cat")},
        {"inputs": ()},
        {"settings": {"steps": 21, "strength": (1, 2.5)}},
        {"settings": {"steps": 20, "strength": (1, 2.5), "source_prompt": "x"}},
        {"seeds": (0,)},
        {"versions": {"torch": "0"}},
    ],
)
def test_the_hash_sees_all_that_determines_the_result(changes: dict[str, Any]) -> None:
    assert example(**changes).recipe_hash() != example().recipe_hash()


def test_the_hash_does_not_see_the_receipt() -> None:
    noted = example().with_notes("fell back to float32")
    assert noted.notes == ("padded", "fell back to float32")
    assert noted != example()
    assert noted.recipe_hash() == example().recipe_hash()


def test_the_hash_is_the_same_on_every_machine() -> None:
    fixed = Recipe("invert", ModelRef("bundled"), ("é",), settings={"steps": 3}, versions={"torch": "1"})
    assert fixed.recipe_hash() == "fa8c030496a03bd0293abc6b7d8358d270a3ad4fcb1ef4709b91abd89afd708e"


def test_versions_are_those_installed() -> None:
    assert current_versions()["dreamsampler"] == "0.1.0"
    assert "torch" in example().versions


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"more": 1}, "unknown field 'more'"),
        ({"format": 3}, "use a newer one"),
        ({"format": True}, "format"),
        ({"format": 1.0}, "format"),
        ({"task": "paint"}, "task"),
        ({"task": 3}, "task"),
        ({"task": ["edit"]}, "task"),
        ({"model": "bundled"}, "model"),
        ({"model": {"id": "", "revision": None, "sha256": {}}}, "model.id"),
        ({"model": {"id": "x", "revision": 1, "sha256": {}}}, "model.revision"),
        ({"model": {"id": "x", "revision": None, "sha256": {"w": "AA"}}}, "model.sha256.w"),
        ({"model": {"id": "x", "revision": None}}, "lacks the field 'sha256'"),
        ({"prompts": "a cat"}, "prompts"),
        ({"prompts": [1]}, r"prompts\[0\]"),
        ({"prompts": ["\x1b[31m"]}, "control character"),
        ({"prompts": ["\ud800"]}, "control character"),
        ({"prompts": ["x" * 10_001]}, "10001 characters"),
        ({"prompts": ["x"] * 65}, "65 items"),
        ({"inputs": [{"role": "image", "sha256": A, "name": "/etc/passwd"}]}, "relative path"),
        ({"inputs": [{"role": "image", "sha256": A, "name": "../up.png"}]}, "relative path"),
        ({"inputs": [{"role": "image", "sha256": A, "name": "a/../../up.png"}]}, "relative path"),
        ({"inputs": [{"role": "image", "sha256": A, "name": "C:\\up.png"}]}, "relative path"),
        ({"inputs": [{"role": "Image!", "sha256": A, "name": "a"}]}, "inputs.role"),
        ({"inputs": [{"role": "image", "sha256": A}]}, "lacks the field 'name'"),
        ({"inputs": [{"role": "mask", "sha256": A, "name": "a", "prompt": 2}]}, "there are 2 prompts"),
        ({"inputs": [{"role": "mask", "sha256": A, "name": "a", "inverted": 1}]}, "inverted"),
        ({"settings": []}, "settings"),
        ({"settings": {"stpes": 5}}, "'stpes'"),
        ({"settings": {"steps": 0}}, "settings.steps=0: expected a whole number, 1"),
        ({"settings": {"steps": 2.0}}, "settings.steps"),
        ({"settings": {"steps": True}}, "settings.steps"),
        ({"settings": {"steps": 10**400}}, "settings.steps=1"),
        ({"settings": {"denoise": 1.5}}, "settings.denoise"),
        ({"settings": {"denoise": 10**400}}, "settings.denoise"),
        ({"settings": {"denoise": "1"}}, "settings.denoise"),
        ({"settings": {"strength": [1, "2"]}}, "settings.strength='2'"),
        ({"settings": {"source_prompt": "\x1b[31m"}}, "settings.source_prompt"),
        ({"settings": {"size": "huge"}}, "settings.size"),
        ({"task": "restore", "settings": {}}, "settings.operator: is missing"),
        ({"run": {"dtype": "float8"}}, "run.dtype"),
        ({"run": 3}, "run"),
        ({"settings": {"steps": None}}, "settings.steps"),
        ({"seeds": []}, "seeds"),
        ({"seeds": [2**64]}, r"seeds\[0\]"),
        ({"seeds": [False]}, r"seeds\[0\]"),
        ({"versions": {"torch": 2}}, "versions.torch"),
        ({"notes": None}, "notes"),
    ],
)
def test_a_document_that_is_not_right_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError, match=field):
        Recipe.from_json(json.dumps(document(**changes)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON"),
        ("[]", "expected an object"),
        ("{" * 100_000, "no JSON"),
        ("[" * 500_000, "no JSON"),
        ('{"a": 1, "a": 1}', "'a' occurs twice"),
        ('{"format": NaN}', "NaN"),
        ('{"format": -Infinity}', "Infinity"),
        ('{"format": ' + "9" * 5000 + "}", "no JSON"),
        ("x" * 2_000_000, "at most"),
        ("{" + ",".join(f'"{i}": 0' for i in range(2000)) + "}", "1000 fields"),
        ("{}", "lacks the field 'format'"),
    ],
)
def test_text_that_is_no_recipe_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Recipe.from_json(text)


def test_every_field_is_required() -> None:
    for name in document():
        rest = {key: value for key, value in document().items() if key != name}
        with pytest.raises(InputError, match=f"lacks the field '{name}'"):
            Recipe.from_json(json.dumps(rest))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(document())), json_values)
def test_any_value_in_any_field_gives_a_recipe_or_an_input_error(name: str, value: object) -> None:
    text = json.dumps(document(**{name: value}))
    try:
        recipe = Recipe.from_json(text)
    except InputError:
        return
    assert Recipe.from_json(recipe.to_json()) == recipe


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(document()["settings"])), json_values)
def test_any_value_in_any_setting_gives_a_recipe_or_an_input_error(name: str, value: object) -> None:
    try:
        recipe = Recipe.from_json(json.dumps(document(settings={name: value})))
    except InputError as error:
        assert name in str(error)  # noqa: PT017 - both outcomes are right
    else:
        assert Recipe.from_json(recipe.to_json()) == recipe


OLD = {
    "edit": (
        {"start": 0.5, "raw": True, "strength": 0.2, "strength_kind": "paper", "steps": 9, "device": "cpu"},
        {"denoise": 0.5, "composite": False, "paper_c": 0.2, "steps": 9},
    ),
    "invert": ({"start": 0.5, "dtype": "float32"}, {"denoise": 0.5}),
    "generate": (
        {"scale": 3.0, "carry": "null", "width": 64, "height": 32},
        {"guidance_scale": 3.0, "renoise": "uncond", "size": "64x32"},
    ),
    "inpaint": (
        {"guidance": 3.0, "null_prompt": "x", "raw": False, "strength": None},
        {"guidance_scale": 3.0, "negative_prompt": "x", "composite": True, "strength": None},
    ),
    "restore": ({"operator": ["grey"], "sigma": 0.5, "size": "native"}, {"operator": ("grey",), "noise_std": 0.5}),
    "vectorize": (
        {"fade": 0.5, "price": 0.0, "trust": 0.1},
        {"final_weight": 0.5, "penalty": 0.0, "estimate_std": 0.1},
    ),
}


@pytest.mark.parametrize("task", OLD)
def test_recipes_of_format_1_are_read_in_the_words_of_now(task: str) -> None:
    then, now = OLD[task]
    old = document(format=1, task=task, settings=then)
    del old["run"]
    recipe = Recipe.from_json(json.dumps(old))
    assert {name: getattr(recipe.settings, name) for name in now} == now
    assert recipe.run.device == then.get("device")
    assert upgraded(old)["format"] == 2


def test_settings_are_known_by_their_type() -> None:
    assert example().settings_as(EditSettings).steps == 20
    with pytest.raises(InputError, match="task: 'invert'"):
        example(task="invert", settings={}).settings_as(EditSettings)
