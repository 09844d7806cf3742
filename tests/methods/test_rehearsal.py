"""Numbers of drawing methods are checked before a model is loaded."""

import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.methods.drawing.registry import VECTORIZING
from dreamsampler.methods.rehearsal import rehearsed_drawer


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
        ("chain:psld_steps=0", "steps=0: expected a whole number, 1 or more"),
        ("vectorfusion:begin=nowhere", "begin='nowhere': expected 'live' or 'random'"),
    ],
)
def test_numbers_of_a_drawing_method_are_refused_before_there_is_a_model(text, message):
    with pytest.raises(InputError, match=f"method '{text}': .*{message}"):
        rehearsed_drawer(text)
