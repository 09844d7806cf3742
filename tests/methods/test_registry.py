"""One registry, one parser: every method's options are declared, and checked before a model is loaded."""

import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.core.settings import options_of
from dreamsampler.methods.registry import ENTRIES, find, names, option_names, parse

CASES = [(entry.kind, entry.name) for entry in ENTRIES]


def test_every_method_has_one_line_of_its_own():
    assert len(CASES) == len(set(CASES))
    assert {"sdedit", "flowedit", "dreamsampler"} < set(names("edit"))
    assert {"psld", "ddnm", "dreamsampler"} < set(names("inverse"))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_defaults_pass_and_every_option_is_explained(kind, name):
    assert type(parse(name, kind)) is find(name, kind).method
    for option in options_of(find(name, kind).method):
        assert option.help.endswith("."), option.name


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_no_option_takes_what_is_not_finite(kind, name):
    numbers = [option.name for option in options_of(find(name, kind).method) if option.kind is float]
    assert numbers or kind == "drawing"
    for option in numbers:
        for value in ("nan", "inf"):
            with pytest.raises(InputError, match=f"^method '{name}:{option}={value}': {option}={value}: expected a"):
                parse(f"{name}:{option}={value}", kind)


def test_what_is_out_of_range_names_the_method_as_it_was_given():
    with pytest.raises(InputError, match=r"^method 'psld:omega=-1': omega=-1.0: expected a number, 0 or more"):
        parse("psld:omega=-1", "inverse")
    with pytest.raises(InputError, match=r"no option 'tau'; it has steps, guidance_scale, denoise"):
        parse("sdedit:tau=1", "edit")
    with pytest.raises(InputError, match=r"method='walk': expected one of dreamsampler"):
        parse("walk", "inverse")


def test_the_text_comes_before_what_is_shared():
    made = parse("psld:omega=0,gamma=0,steps=7", "inverse", steps=30)
    assert (made.steps, made.omega, made.gamma) == (7, 0.0, 0.0)
    assert parse("psld", "inverse", steps=30).steps == 30


def test_only_some_fill_holes_alone_and_one_has_a_loader_of_its_own():
    assert [name for name in names("inverse") if find(name, "inverse").masks_only] == ["repaint", "stable-inpaint"]
    assert find("psld:omega=0.5", "inverse").load.__name__ == "load"
    assert find("stable-inpaint", "inverse").load.__name__ == "load_inpainting"
    assert option_names("ddnm", "inverse")[:3] == ("steps", "guidance_scale", "negative_prompt")
