"""Counterfactual pairs: one thing changes, and nothing outside the mask."""

from __future__ import annotations

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from iconworld import TASKS, edit_pairs


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("size", [64, 128])
def test_pictures_differ_only_inside_the_mask(task, size):
    for pair in edit_pairs(task, "dev", 3):
        a, b = pair.source.picture(size), pair.target.picture(size)
        mask = pair.change_mask(size, grow=0)
        assert (a != b).any()
        np.testing.assert_array_equal(a[~mask], b[~mask])
        assert pair.change_mask(size).sum() > mask.sum()


@pytest.mark.parametrize("task", TASKS)
def test_pairs_are_fixed_by_split_and_number(task):
    first = edit_pairs(task, "test", 3)
    assert edit_pairs(task, "test", 2, start=1) == first[1:]
    keys = {p.source.to_json() for split in ("train", "dev", "test") for p in edit_pairs(task, split, 3)}
    assert len(keys) == 9
    assert all(p.source_prompt != p.target_prompt for p in first)


CHANGED = {
    "cat2dog": {"kind", "color"},
    "horse2zebra": {"kind", "color"},
    "animal2glasses": {"wears"},
    "face2glasses": {"wears"},
    "face2smile": {"expression"},
    "object-color": {"color"},
    "background-color": set(),
}


@pytest.mark.parametrize("task", CHANGED)
def test_only_the_named_thing_changes(task):
    for pair in edit_pairs(task, "dev", 8):
        a, b = vars(pair.source.figures[0]), vars(pair.target.figures[0])
        assert {k for k in a if a[k] != b[k]} <= CHANGED[task]
        assert (pair.source.background != pair.target.background) == (task == "background-color")
        assert pair.source.background.pattern == pair.target.background.pattern


def test_cat_to_dog_keeps_the_coat():
    pairs = edit_pairs("cat2dog", "dev", 12)
    assert all(p.source.colors == p.target.colors for p in pairs)
    assert {p.source.figures[0].view for p in pairs} > {"face"}


def test_one_of_two_changes_one_side():
    for pair in edit_pairs("one-of-two", "dev", 4):
        same = [a == b for a, b in zip(pair.source.figures, pair.target.figures, strict=True)]
        assert sorted(same) == [False, True]
        kept = same.index(True)
        mask = pair.change_mask(64)
        half = mask[:, 32:] if pair.source.figures[kept].x < 64 else mask[:, :32]
        assert half.sum() == mask.sum()


def test_bad_requests_are_refused():
    with pytest.raises(InputError, match="task"):
        edit_pairs("cat2submarine", "dev", 1)
    with pytest.raises(InputError, match="n is"):
        edit_pairs("cat2dog", "dev", -1)
    with pytest.raises(InputError, match="split"):
        edit_pairs("cat2dog", "holdout", 1)
