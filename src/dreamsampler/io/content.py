"""The bytes of a file and their hash, with every way in which there may be none said in words."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from ..core.errors import InputError
from .guard import note_read, unnoted

MAX_FILE_BYTES = 512 * 2**20
_CHUNK = 2**20


def regular_file(path: str | os.PathLike[str]) -> Path:
    """The path, once it is known to name a readable regular file that is not empty.

    Raises:
        InputError: the path is empty, does not exist, or names a folder, a device, or an empty file; or it is an output
            of the same command (see `io.guard`).
    """
    text = name_of(path)
    if not text or "\0" in text:
        raise InputError(f"path {text!r}: expected the name of a file")
    try:
        status = os.stat(text)
    except FileNotFoundError as error:
        raise InputError(f"{text}: no such file; check the name and the folder") from error
    except OSError as error:
        raise InputError(f"{text}: cannot be opened ({error.strerror or error})") from error
    except UnicodeError as error:  # a name that the system's encoding does not have
        raise InputError(f"path {text!r}: is no file name on this system; rename the file") from error
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{text}: is a folder; expected a file")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{text}: is not a regular file; save it to disk first")
    if status.st_size == 0:
        raise InputError(f"{text}: is empty (0 bytes); save or download it again")
    note_read(text)
    return Path(text)


def name_of(path: object) -> str:
    """Return a path as text.

    Raises:
        InputError: it is no path, or one of bytes.
    """
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if not isinstance(text, str):
        raise InputError(f"path: got {type(path).__name__}; expected the name of a file")
    return text


def read_bytes(path: str | os.PathLike[str], limit: int = MAX_FILE_BYTES) -> bytes:
    """All of a file, if it is no larger than `limit` bytes.

    Raises:
        InputError: as `regular_file`, or the file is too large or cannot be read.
    """
    file = regular_file(path)
    try:
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error})") from error
    if len(data) > limit:
        raise InputError(f"{file}: is larger than {limit / 2**20:.0f} MiB, the most that is read; make it smaller")
    return data


def read_own(path: str | os.PathLike[str], limit: int = MAX_FILE_BYTES) -> bytes:
    """Return all of a file of this library's own, which the same run will write again: no input of `io.guard`.

    Raises:
        InputError: as `read_bytes`.
    """
    with unnoted():
        return read_bytes(path, limit)


def sha256_bytes(data: bytes) -> str:
    """SHA-256 of the bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's content, read in pieces, as 64 hexadecimal digits.

    Raises:
        InputError: as `regular_file`, or the file cannot be read.
    """
    file, digest = regular_file(path), hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while piece := stream.read(_CHUNK):
                digest.update(piece)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error})") from error
    return digest.hexdigest()
