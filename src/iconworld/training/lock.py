"""One run at a time on a stage's state: a second one would overwrite what the first has learned."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from dreamsampler.core.errors import InputError
from iconworld.training.checkpoint import writing
from iconworld.training.parallel import rank


@contextlib.contextmanager
def only_run(checkpoint: Path) -> Iterator[None]:
    """Hold the lock beside ``checkpoint`` while the block runs; the system takes it back however the process ends.

    Of several processes the first holds it for all. Where the system or the disk knows no such locks, there is none.

    Raises:
        InputError: another run holds it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    if rank() != 0:
        yield
        return
    lock = checkpoint.with_suffix(".lock")
    with writing(lock):
        file = lock.open("ab")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"{checkpoint}: another run is at work on it; wait for its end, stop it, or choose another --out"
            ) from error
        except OSError:
            pass
        yield
