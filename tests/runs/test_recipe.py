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
from dreamsampler.runs.recipe import InputRef, ModelRef, Recipe, current_versions
from dreamsampler.runs.settings import TASKS, Setting, check_settings

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
    assert example(settings={}).settings.keys() == {setting.name for setting in TASKS["edit"]}
    assert example(settings={"start": 1}).to_json() == example(settings={"start": 1.0}).to_json()
    assert example().settings["strength"] == (1.0, 2.5)


def test_every_default_lies_within_its_own_range() -> None:
    for task in TASKS:
        checked = check_settings(task, {})
        assert check_settings(task, checked) == checked


def test_it_cannot_be_changed() -> None:
    recipe = example()
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.task = "invert"  # type: ignore[misc]
    with pytest.raises(TypeError):
        recipe.settings["steps"] = 5  # type: ignore[index]
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
    tasks = {"draw": (Setting("steps", "int", 2),)}
    fixed = Recipe("draw", ModelRef("bundled"), ("é",), settings={"steps": 3}, versions={"torch": "1"}, tasks=tasks)
    assert fixed.recipe_hash() == "9b7b9dda284631fb66c375b0eff1c62a6674a5caa79eb5175fe59bf3783807c9"


def test_versions_are_those_installed() -> None:
    assert current_versions()["dreamsampler"] == "0.1.0"
    assert "torch" in example().versions


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"more": 1}, "unknown field 'more'"),
        ({"format": 2}, "use a newer one"),
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
        ({"settings": {"steps": 0}}, "settings.steps: 0; expected 1"),
        ({"settings": {"steps": 2.0}}, "settings.steps"),
        ({"settings": {"steps": True}}, "settings.steps"),
        ({"settings": {"steps": 10**400}}, "settings.steps: a huge number"),
        ({"settings": {"start": 1.5}}, "settings.start"),
        ({"settings": {"start": 10**400}}, "settings.start"),
        ({"settings": {"start": "1"}}, "settings.start"),
        ({"settings": {"strength": [1, "2"]}}, r"settings.strength\[1\]"),
        ({"settings": {"dtype": "float8"}}, "settings.dtype"),
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


def test_other_tasks_can_be_named_with_their_settings() -> None:
    tasks = TASKS | {"bench": (Setting("pictures", "int", 8, 1, 100),)}
    recipe = Recipe("bench", ModelRef("bundled"), settings={"pictures": 9}, tasks=tasks)
    assert Recipe.from_json(recipe.to_json(), tasks) == recipe
    assert recipe.with_notes("a").settings["pictures"] == 9
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    with pytest.raises(InputError, match="task"):
        Recipe.from_json(recipe.to_json())
