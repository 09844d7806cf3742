"""Every method's parts can be made without a model, so that its numbers are checked before one is loaded."""

import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.methods.drawing.registry import VECTORIZING
from dreamsampler.methods.inverse.registry import RESTORING, options_of
from dreamsampler.methods.rehearsal import rehearsed, rehearsed_drawer


@pytest.mark.parametrize("name", RESTORING)
def test_the_defaults_of_every_method_pass(name: str) -> None:
    assert rehearsed(name) == (name, {})


@pytest.mark.parametrize("name", RESTORING)
def test_no_option_takes_what_is_not_finite(name: str) -> None:
    numbers = [option for option, kind in options_of(name).items() if kind is float]
    assert numbers
    for option in numbers:
        for value in ("nan", "inf"):
            with pytest.raises(InputError, match=f"{option}='{value}'; expected a number"):
                rehearsed(f"{name}:{option}={value}")


def test_what_is_out_of_range_names_the_method_as_it_was_given() -> None:
    with pytest.raises(InputError, match=r"^method 'psld:omega=-1': omega=-1.0, gamma=0.5: expected weights"):
        rehearsed("psld:omega=-1")
    assert rehearsed("psld:omega=0,gamma=0") == ("psld", {"omega": 0.0, "gamma": 0.0})


@pytest.mark.parametrize("name", [*VECTORIZING, "chain:then=pds", "chain:then=vectorfusion", "vectorfusion:low=0.5"])
def test_every_way_of_drawing_can_be_rehearsed(name):
    assert rehearsed_drawer(name).name == name.split(":")[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dreamsampler:estimate_std=-1", "estimate_std=-1.0: expected a number, 0 to"),
        ("sds:fit=2", "fit=2.0: expected a number, 0 to 1"),
        ("sds:scale=-1", "scale=-1.0: expected a finite number"),
        ("sds:low=0.9,high=0.1", "low=0.9, high=0.1"),
        ("chain:psld_steps=0", "steps=0: expected 1 to"),
        ("vectorfusion:begin=nowhere", "begin='nowhere': expected 'live' or 'random'"),
    ],
)
def test_numbers_of_a_drawing_method_are_refused_before_there_is_a_model(text, message):
    with pytest.raises(InputError, match=f"method '{text}': .*{message}"):
        rehearsed_drawer(text)
