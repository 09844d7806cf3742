"""Results are written whole or not at all, and whether they can be is known before the long work starts."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..core.errors import InputError
from .content import name_of
from .guard import note_output, note_written


def check_writable(path: str | os.PathLike[str], suffixes: Sequence[str] = ()) -> Path:
    """The path, once it is known that a file can be written there. Leaves nothing behind.

    Args:
        path: where the result will go; links are followed, so that the file they point to is replaced.
        suffixes: the endings allowed, such as (".png",), in lower case; () allows any.

    Raises:
        InputError: no folder, a folder of that name, a wrong ending, or a place that cannot be written to; or it is
            an input of the same command (see `io.guard`).

    Example:
        >>> check_writable("no/such/folder/out.png")
        Traceback (most recent call last):
        ...
        dreamsampler.core.errors.InputError: no/such/folder/out.png: there is no folder no/such/folder; make it first
    """
    target = _checked_target(path, suffixes)
    note_output(target)
    return target


def _checked_target(path: str | os.PathLike[str], suffixes: Sequence[str]) -> Path:
    text = name_of(path)
    if not text or "\0" in text:
        raise InputError(f"output {text!r}: expected the name of a file")
    if suffixes and Path(text).suffix.lower() not in suffixes:
        raise InputError(f"{text}: the output's name must end in {' or '.join(suffixes)}")
    try:
        target = Path(os.path.realpath(text))
        if not target.parent.exists():
            raise InputError(f"{text}: there is no folder {Path(text).parent}; make it first")
        if not target.parent.is_dir():
            raise InputError(f"{text}: {Path(text).parent} is not a folder")
        if target.is_dir():
            raise InputError(f"{text}: is a folder; name a file in it")
        if target.exists() and not target.is_file():
            raise InputError(f"{text}: is not a regular file; name another")
        if target.exists() and not os.access(target, os.W_OK):
            raise InputError(f"{text}: is write-protected; name another file or lift the protection")
        os.lstat(target.parent / target.name)  # raises where the name itself is impossible
    except FileNotFoundError:
        pass
    except OSError as error:
        raise InputError(f"{text}: cannot be written ({error.strerror or error})") from error
    except UnicodeError as error:  # a name that the system's encoding does not have
        raise InputError(f"output {text!r}: is no file name on this system; name another") from error
    sweep(target)
    probe = _temporary(target)
    try:
        # only the attempt tells: permission bits mean little to root, on network drives and on read-only mounts
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        probe.unlink()
    except OSError as error:
        raise InputError(f"{text}: the folder cannot be written to ({error.strerror or error})") from error
    return target


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], suffixes: Sequence[str] = ()) -> Iterator[Path]:
    """A temporary path in the same folder; it takes the place of `path` when the block ends well, else it is removed.

    Raises:
        InputError: as `check_writable`, or the disk is full, or the folder went away.

    Example:
        with replacing("out.svg") as temporary:
            drawing.save(temporary)
    """
    target = check_writable(path, suffixes)
    temporary = _temporary(target)
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
        note_written(target)
        _sync_folder(target.parent)
    except OSError as error:
        # the block may read other files too: only what concerns the output becomes an error about the output
        if error.filename is None or os.fspath(error.filename) in (os.fspath(temporary), os.fspath(target)):
            raise InputError(f"{os.fspath(path)}: cannot be written ({error.strerror or error})") from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def make_folder(path: str | os.PathLike[str]) -> Path:
    """A folder for results, made if it is not there, and known to take files.

    Raises:
        InputError: something else has that name, or it cannot be made or written to.
    """
    text, folder = os.fspath(path), Path(path)
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{text}: is not a folder; name another")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{text}: cannot be made a folder ({error.strerror or error}); name another") from error
    _checked_target(folder / "probe", ())
    return folder


def write_bytes(path: str | os.PathLike[str], data: bytes, suffixes: Sequence[str] = ()) -> None:
    """Write a whole file, or leave everything as it was.

    Raises:
        InputError: as `replacing`.
    """
    with replacing(path, suffixes) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike[str], text: str, suffixes: Sequence[str] = ()) -> None:
    """`write_bytes` of UTF-8 text."""
    write_bytes(path, text.encode("utf-8"), suffixes)


@contextlib.contextmanager
def replacing_all(paths: Sequence[str | os.PathLike[str]]) -> Iterator[tuple[Path, ...]]:
    """Temporary paths for several files that belong together: all take their places, or none does.

    They are written in full before the first of them is renamed, so that a kill in the long part leaves the old set.

    Raises:
        InputError: as `replacing`.
    """
    with contextlib.ExitStack() as stack:
        # renamed when the stack unwinds, the last first
        yield tuple(stack.enter_context(replacing(path)) for path in paths)


def write_all(files: Mapping[Path, bytes]) -> None:
    """Write files that belong together, as `replacing_all`.

    Raises:
        InputError: as `replacing`.
    """
    with replacing_all(tuple(files)) as temporaries:
        for temporary, data in zip(temporaries, files.values(), strict=True):
            temporary.write_bytes(data)


def sweep(target: Path) -> None:
    """Delete the temporary files of `target` whose process on this machine was killed."""
    start = _prefix(target)
    try:
        found = [entry.name for entry in os.scandir(target.parent) if entry.name.startswith(start)]
    except OSError:
        return
    for name in found:
        number = name.removeprefix(start).split("-")[0]
        if number.isdigit() and int(number) != os.getpid() and not _alive(int(number)):
            with contextlib.suppress(OSError):
                (target.parent / name).unlink()


def _temporary(target: Path) -> Path:
    """A name of its own in the same folder (renaming is atomic only there), with the same ending (writers go by it).

    It tells the target, the machine and the process, so that what a kill leaves is known and swept later.
    """
    return target.parent / f"{_prefix(target)}{os.getpid()}-{secrets.token_hex(4)}.tmp{target.suffix[:32]}"


def _prefix(target: Path) -> str:
    name = os.fsencode(target.name) + b"\0" + platform.node().encode("utf-8", "surrogateescape")
    return f".{hashlib.sha256(name).hexdigest()[:12]}-"


def _alive(process: int) -> bool:
    if os.name == "nt":
        return True  # asking would end it there
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _sync_folder(folder: Path) -> None:
    """Make the renaming last through a power cut, where the system allows opening a folder."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return  # some file systems cannot; the file itself is safe
    finally:
        os.close(handle)
