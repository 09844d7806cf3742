"""Whole or not at all, and known beforehand."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.io.atomic import check_writable, make_folder, replacing, write_bytes, write_text


def test_it_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    write_text(path, "é")
    assert path.read_text("utf-8") == "é"
    path.chmod(0o640)
    write_bytes(path, b"second")
    assert path.read_bytes() == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["out.txt"]


def fail_half_way(path: Path, error: Exception) -> None:
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise error


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        fail_half_way(path, ZeroDivisionError())
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.txt"]


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"), replacing(tmp_path / "out.txt"):
        pass
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_an_input_error_and_another_files_trouble_is_not(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No space"):
        fail_half_way(tmp_path / "out.txt", OSError(28, "No space left on device"))
    with pytest.raises(FileNotFoundError):
        fail_half_way(tmp_path / "out.txt", FileNotFoundError(2, "No such file", "another"))
    assert os.listdir(tmp_path) == []


def test_a_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)
    write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "name of a file"),
        ("a\0b", "name of a file"),
        ("missing/out.png", "no folder"),
        ("file/out.png", "not a folder"),
        ("folder.png", "is a folder"),
        ("out.jpg", "must end in .png"),
        ("out", "must end in .png"),
        ("x" * 300 + ".png", "cannot be written"),
        ("fifo.png", "not a regular file"),
        ("loop.png/out.png", "no folder|cannot be written"),
    ],
)
def test_places_that_cannot_be_written_are_known_beforehand(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "fifo.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(InputError, match=message):
        check_writable(os.path.join(tmp_path, name) if name else name, (".png",))
    assert sorted(os.listdir(tmp_path)) == before


def test_the_check_leaves_nothing_behind(tmp_path: Path) -> None:
    assert check_writable(tmp_path / "OUT.PNG", (".png",)) == tmp_path.resolve() / "OUT.PNG"
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a file system that nobody can write to")
def test_a_folder_that_refuses_even_root() -> None:
    with pytest.raises(InputError, match="cannot be written to"):
        check_writable("/proc/out.png", (".png",))


def test_a_folder_is_made_or_refused_beforehand(tmp_path: Path) -> None:
    assert make_folder(tmp_path / "new" / "folder") == tmp_path / "new" / "folder"
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    assert make_folder(tmp_path / "new") == tmp_path / "new", "one that is there is taken as it is"
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file: is not a folder"):
        make_folder(tmp_path / "file")
    with pytest.raises(InputError, match="below: cannot be made a folder"):
        make_folder(tmp_path / "file" / "below")
