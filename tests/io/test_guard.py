"""A file that a command reads is neither overwritten nor deleted by it, in whichever order the two are named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.io.atomic import check_writable, write_all, write_bytes
from dreamsampler.io.content import read_bytes, read_own
from dreamsampler.io.guard import protecting, remove


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    path = tmp_path / "mask.png"
    path.write_bytes(b"mask")
    return path


@pytest.mark.parametrize("alias", ["mask.png", "./mask.png", "soft.png", "hard.png"])
def test_what_was_read_is_not_written_under_any_of_its_names(
    mask: Path, alias: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mask.parent)
    Path("soft.png").symlink_to(mask)
    os.link(mask, "hard.png")
    with protecting():
        read_bytes(mask)
        with pytest.raises(InputError, match=r"is the input .*mask\.png"):
            write_bytes(alias, b"result")
        with pytest.raises(InputError, match="is the input"):
            remove(alias)
    assert mask.read_bytes() == b"mask"


def test_what_will_be_written_is_not_read(mask: Path) -> None:
    with protecting():
        check_writable(mask)
        with pytest.raises(InputError, match="is also the output"):
            read_bytes(mask)


def test_own_files_may_be_read_and_written_again(mask: Path) -> None:
    out = mask.with_name("out.png")
    with protecting():
        read_own(mask)
        write_bytes(mask, b"1")
        for k in range(3):
            write_bytes(out, b"%d" % k)
            assert read_bytes(out) == b"%d" % k


def test_a_session_of_python_may_overwrite_what_it_read_before(mask: Path) -> None:
    read_bytes(mask)
    write_bytes(mask, b"second")
    assert mask.read_bytes() == b"second"


def test_leftovers_of_a_killed_process_are_swept_and_those_of_a_living_one_are_not(tmp_path: Path) -> None:
    from dreamsampler.io import atomic

    start = atomic._prefix(tmp_path / "out.png")
    dead, mine, other = f"{start}{2**22 + 7}-ab.tmp.png", f"{start}{os.getpid()}-ab.tmp.png", ".else-1-ab.tmp.png"
    for name in (dead, mine, other):
        (tmp_path / name).write_bytes(b"half")
    write_bytes(tmp_path / "out.png", b"whole")
    assert sorted(os.listdir(tmp_path)) == sorted([mine, other, "out.png"])


def test_files_that_belong_together_are_written_together(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(InputError, match="no folder"):
        write_all({tmp_path / "a": b"new", tmp_path / "missing" / "b": b"new"})
    assert (tmp_path / "a").read_bytes() == b"old"
    write_all({tmp_path / "a": b"new", tmp_path / "b": b"new"})
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


@pytest.mark.parametrize("name", ["\ud800.png", "x" * 300 + ".png", "x" * 5000])
def test_names_that_the_system_does_not_have(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for use in (read_bytes, check_writable):
        with pytest.raises(InputError, match=r"file name|cannot be"):
            use(name)
