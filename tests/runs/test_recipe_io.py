"""Recipes on disk, and the inputs that they ask for."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.runs.recipe import InputRef, ModelRef, Recipe
from dreamsampler.runs.recipe_io import find_inputs, input_ref, load_recipe, save_picture

PIXELS = np.full((4, 5, 3), 9, dtype=np.uint8)


def recipe(*inputs: InputRef) -> Recipe:
    return Recipe("edit", ModelRef("bundled"), ("a cat",), inputs, {"steps": 3})


def test_a_picture_and_a_json_file_carry_the_recipe(tmp_path: Path) -> None:
    save_picture(tmp_path / "out.png", PIXELS, recipe())
    (tmp_path / "out.json").write_text(recipe().to_json())
    assert load_recipe(tmp_path / "out.png") == recipe()
    assert load_recipe(tmp_path / "out.json") == recipe()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}", "lacks the field"),
        (b"\xff\xfe", "neither PNG, SVG nor JSON"),
        (b" " * 5_000_000, "no recipe is that large"),
    ],
)
def test_other_files_are_refused_by_name(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        load_recipe(path)
    assert str(path) in str(caught.value)


def test_inputs_below_the_result_are_named_by_path_and_others_by_name_only(tmp_path: Path) -> None:
    near, far = tmp_path / "work" / "masks" / "m.png", tmp_path / "home" / "in.png"
    for path in (near, far):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"content")
    assert input_ref("mask", near, tmp_path / "work", prompt=0).name == "masks/m.png"
    assert input_ref("image", far, tmp_path / "work").name == "in.png"


def test_inputs_are_found_and_verified(tmp_path: Path) -> None:
    path = tmp_path / "in.png"
    path.write_bytes(b"content")
    asks = recipe(input_ref("image", path, tmp_path))
    assert find_inputs(asks, [tmp_path / "nowhere", tmp_path]) == (path,)
    with pytest.raises(InputError, match="not found in"):
        find_inputs(asks, [tmp_path / "nowhere"])
    path.write_bytes(b"changed")
    with pytest.raises(InputError, match="has changed since"):
        find_inputs(asks, [tmp_path])
    os.remove(path)
    with pytest.raises(InputError, match="not found"):
        find_inputs(asks, [tmp_path])
    with pytest.raises(InputError, match="pass it again"):
        find_inputs(recipe(InputRef("image", "a" * 64)), [tmp_path])


def test_a_changed_copy_does_not_hide_the_right_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "in.png").write_bytes(b"changed")
    (tmp_path / "in.png").write_bytes(b"content")
    asks = recipe(input_ref("image", tmp_path / "in.png", tmp_path))
    assert find_inputs(asks, [tmp_path / "a", tmp_path]) == (tmp_path / "in.png",)
