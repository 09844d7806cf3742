"""Operators written in words."""

from pathlib import Path

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.operators import Mask, gaussian_blur, motion_blur, parse
from dreamsampler.operators.parse import EXAMPLES, Readers

READERS = Readers(mask=lambda path: torch.eye(8)[None, None], kernel=lambda path: torch.full((3, 3), 2.0))


@pytest.mark.parametrize("text", EXAMPLES.values())
def test_every_example_is_an_operator(text):
    operator = parse(text, READERS)
    assert operator.scene(operator.measured((3, 64, 64))) == (3, 64, 64)


def test_values_reach_the_operator():
    x = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(parse("blur:sigma=2,size=7").forward(x), gaussian_blur(2, 7).forward(x))
    torch.testing.assert_close(parse(" motion: length=5 , angle=30 ").forward(x), motion_blur(5, 30).forward(x))
    assert parse("sr:factor=4,kind=box").measured((3, 16, 16)) == (3, 4, 4)
    assert float(parse("mask:rows=0-3,cols=4-7").forward(torch.ones(1, 1, 8, 8)).sum()) == 64 - 16
    assert isinstance(parse("mask:file=eyes.png", READERS), Mask)


def test_the_first_operator_is_applied_first():
    assert parse(["grey", "sr:factor=2"]).measured((3, 8, 8)) == (1, 4, 4)
    with pytest.raises(InputError, match="beyond"):
        parse(["sr:factor=4", "mask:rows=0-7,cols=0-7"]).measured((3, 16, 16))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("smudge:sigma=2", "unknown kind 'smudge'"),
        ("blur", "sigma is missing"),
        ("blur:sigma", "'sigma' is not field=value"),
        ("blur:sigma=two", "sigma='two' is not a number"),
        ("blur:sigma=2,sigma=3", "given twice"),
        ("blur:sigma=2,width=3", "unknown field width"),
        ("blur:sigma=2,size=2.5", "size=2.5 is not a whole number"),
        ("mask:rows=1,cols=2-3", "rows='1' is not first-last"),
        ("kernel:file=k.npy,normalize=perhaps", "neither true nor false"),
        ("sr:factor=0", "factor=0"),
    ],
)
def test_mistakes_are_named(text, message):
    with pytest.raises(InputError, match=message):
        parse(text, READERS)


def test_files_need_a_reader():
    with pytest.raises(InputError, match="files cannot be read here"):
        parse("mask:file=eyes.png")
    with pytest.raises(InputError, match="is white all over"):
        parse("mask:file=white.png", READERS._replace(mask=lambda path: torch.ones(1, 1, 8, 8)))
    seen = []
    parse("kernel:file=a/b.npy,normalize=true", READERS._replace(kernel=lambda p: seen.append(p) or torch.ones(3, 3)))
    assert seen == [Path("a/b.npy")]
