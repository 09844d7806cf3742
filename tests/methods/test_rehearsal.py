"""Every method's parts can be made without a model, so that its numbers are checked before one is loaded."""

import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.methods.inverse import RESTORING, options_of
from dreamsampler.methods.rehearsal import rehearsed


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
