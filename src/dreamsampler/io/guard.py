"""What a command reads is never overwritten or deleted by it, wherever and in whichever order the files were named.

Inside `protecting()`, every file that `io.content` reads is noted, and so is every output that `io.atomic` checks. The
second mention of a file in the other role is an error: a mask inside an operator's words, the start of a drawing and
a checkpoint that a fresh run would delete are then as safe as the picture itself. What was written by the command
itself may be read again. Outside (a Python session that edits a file again and again) nothing is noted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import InputError


@dataclass
class _Files:
    """Names as the user wrote them, by what they lead to."""

    read: dict[str, str] = field(default_factory=dict)
    promised: dict[str, str] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)


_current: ContextVar[_Files | None] = ContextVar("files of this command", default=None)


@contextmanager
def protecting() -> Iterator[None]:
    """Protect what is read inside the block from what is written there.

    Example:
        >>> with protecting():
        ...     note_read("mask.png")
        ...     note_output("./mask.png")
        Traceback (most recent call last):
        ...
        dreamsampler.core.errors.InputError: ./mask.png: is the input mask.png; name another file
    """
    token = _current.set(_Files())
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def unnoted() -> Iterator[None]:
    """Read inside the block without noting it: state files that a run reads and writes again."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def note_read(path: str | os.PathLike[str]) -> None:
    """Note that a file is an input.

    Raises:
        InputError: it was named as an output before.
    """
    files = _current.get()
    if files is None:
        return
    key = _key(path)
    if key in files.written:
        return
    if key in files.promised:
        raise InputError(f"{os.fspath(path)}: is also the output {files.promised[key]}; name another file for that")
    files.read.setdefault(key, os.fspath(path))


def note_output(path: str | os.PathLike[str]) -> None:
    """Note that a file will be written, or is to be deleted.

    Raises:
        InputError: it was read before.
    """
    files = _current.get()
    if files is None:
        return
    key = _key(path)
    if key in files.read:
        raise InputError(f"{os.fspath(path)}: is the input {files.read[key]}; name another file")
    files.promised.setdefault(key, os.fspath(path))


def note_written(path: str | os.PathLike[str]) -> None:
    """Note that a file is this command's own from here on."""
    files = _current.get()
    if files is not None:
        files.written.add(_key(path))


def remove(path: str | os.PathLike[str]) -> None:
    """Delete a file if it is there and is no input.

    Raises:
        InputError: it is an input, or cannot be deleted.
    """
    note_output(path)
    try:
        Path(path).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{os.fspath(path)}: cannot be deleted ({error.strerror or error})") from error
    note_written(path)


def _key(path: str | os.PathLike[str]) -> str:
    """One key for all names of a file: links are followed, and hard links share it."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return os.path.realpath(os.fspath(path))
    return f"{status.st_dev}:{status.st_ino}"
