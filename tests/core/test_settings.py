"""A number is declared once: checks, words, schema and tables are all of one declaration."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar, Literal

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.core.schema import json_schema, table
from dreamsampler.core.settings import Doc, Ge, Gt, Le, check, dump, make, options_of, parse, settings


@settings
class Example:
    steps: Annotated[int, Ge(1), Le(100), Doc("Levels to visit.")] = 50
    weight: Annotated[float | tuple[float, ...], Ge(0), Doc("How strong.")] = 1.0
    denoise: Annotated[float, Gt(0), Le(1), Doc("Share of the path.")] = 1.0
    kind: Annotated[Literal["plain", "two-step"], Doc("Which.")] = "plain"
    rate: Annotated[float | None, Ge(0), Doc("None finds it.")] = None
    raw: Annotated[bool, Doc("A flag.")] = False


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"steps": 0}, "steps=0: expected a whole number, 1 to 100"),
        ({"steps": True}, "steps=True"),
        ({"steps": 2.0}, "steps=2.0"),
        ({"weight": float("nan")}, "weight=nan: expected a number, 0 or more"),
        ({"weight": (1.0, -1.0)}, "weight=-1.0"),
        ({"weight": ()}, "weight: 0 values"),
        ({"denoise": 0}, "denoise=0: expected a number, above 0 to 1"),
        ({"kind": "x"}, "kind='x': expected one of plain, two-step"),
        ({"steps": None}, "steps=None"),
        ({"raw": 1}, "raw=1: expected true or false"),
        ({"stepz": 1}, "'stepz': unknown; expected one of steps"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(values: dict, words: str) -> None:
    with pytest.raises(InputError) as caught:
        check(Example, values, "settings.")
    assert str(caught.value).startswith("settings.")
    assert words in str(caught.value)


def test_values_come_out_in_their_declared_type() -> None:
    made = Example(steps=np.int64(3), weight=2, rate=np.float32(0.5))  # type: ignore[arg-type]
    assert [type(v) for v in (made.steps, made.weight, made.rate)] == [int, float, float]
    assert check(Example, {"weight": [1, 2]}).weight == (1.0, 2.0)


def test_a_dump_is_complete_and_reads_back() -> None:
    made = Example(weight=(1.0, 2.0))
    assert list(dump(made)) == [field.name for field in dataclasses.fields(Example)]
    assert check(Example, dump(made)) == made


def test_words_become_values() -> None:
    assert parse(Example, "steps=3, rate=none,raw=true,kind=two-step") == {
        "steps": 3,
        "rate": None,
        "raw": True,
        "kind": "two-step",
    }
    for text in ("steps=1.5", "steps=101", "kind=x", "nope=1", "steps"):
        with pytest.raises(InputError, match="method"):
            parse(Example, text)


def test_schema_and_table_hold_range_default_and_help() -> None:
    steps = json_schema(Example)["properties"]["steps"]
    assert steps == {"type": "integer", "minimum": 1, "maximum": 100, "default": 50, "description": "Levels to visit."}
    assert "| `steps` | `50` | a whole number, 1 to 100 | Levels to visit. |" in table(Example)
    assert options_of(Example)[2].low_open


@settings
class WithPresets:
    steps: Annotated[int, Ge(1), Doc("Levels to visit.")] = 50
    strength: Annotated[float, Ge(0), Doc("How strong.")] = 1.0
    sample: Annotated[bool, Doc("First a picture.")] = True
    PRESETS: ClassVar = {"paper": {"steps": 200, "strength": 0.5}, "alone": {"sample": False, "strength": 3.0}}
    IMPLIED: ClassVar = {("sample", False): "alone"}


def test_what_is_given_wins_over_the_preset_and_that_over_the_defaults() -> None:
    assert make(WithPresets, {"strength": 2.0}, "paper") == WithPresets(200, 2.0)
    assert make(WithPresets, {"sample": False}) == WithPresets(sample=False, strength=3.0)
    assert make(WithPresets, {"sample": False, "strength": 1.0}).strength == 1.0
    with pytest.raises(InputError, match="preset='papr': expected one of paper, alone"):
        make(WithPresets, {}, "papr")
    with pytest.raises(InputError, match="preset='paper': expected one of none"):
        make(Example, {}, "paper")


def test_texts_of_strangers_hold_no_control_characters() -> None:
    @settings
    class Words:
        prompt: Annotated[str, Doc("Words.")] = ""

    for text in ("\x1b[31m", "\ud800", "x" * 10_001):
        with pytest.raises(InputError, match="printable"):
            Words(text)
