"""A group of commands whose failures are one line on stderr."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from ...core.errors import DreamSamplerError, OutOfMemory
from ...io.guard import protecting
from ...tasks.words import RENAMED
from .console import quiet_libraries
from .interrupts import insistent_interrupts

INTERRUPTED = 130


class Commands(TyperGroup):
    """A group of commands whose failures are one line on stderr.

    Exit codes: 0 done; 1 a program error, or a verification that differs; 2 bad input, one line; 130 interrupted.
    """

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        debug = "--debug" in words
        try:
            with insistent_interrupts(), protecting(), contextlib.nullcontext() if debug else quiet_libraries():
                code = super().main(words, prog_name, complete_var, False, windows_expand_args, **extra)
            sys.stdout.flush()  # here, where a reader that went away is caught, and not at the interpreter's end
            if code == INTERRUPTED:
                raise KeyboardInterrupt
        except BaseException as error:
            code = report_failure(error, debug)
        if not standalone_mode:
            return code
        sys.exit(code if isinstance(code, int) else 0)


def report_failure(error: BaseException, debug: bool = False) -> int:
    """Say what went wrong on one line of stderr and return the exit code; with `debug`, the traceback before it."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return _say("interrupted; nothing was left half-written", INTERRUPTED)
    if isinstance(error, BrokenPipeError):
        # who read our output went away: say nothing more, not even when the interpreter flushes at its end
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, OutOfMemory):
        return _say(as_options(str(error)), 2)
    if isinstance(error, DreamSamplerError):
        return _say(str(error), 2)
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return _say("out of memory; ask for a smaller size, fewer pictures at once or a smaller model", 2)
    # usage errors of the parser: the class has changed its home between versions, its form has not
    words = getattr(error, "format_message", None)
    if words is not None:
        command = getattr(getattr(error, "ctx", None), "command_path", "dreamsampler")
        text = words().strip()
        old = (getattr(error, "option_name", None) or "").removeprefix("--").replace("-", "_")
        if old in RENAMED:
            text = f"--{old.replace('_', '-')}: is called --{RENAMED[old].replace('_', '-')} now"
        # without a command there is nothing wrong to name
        return _say(f"{text or 'no command'} (see `{command} --help`)", 2)
    return _say(f"unexpected {type(error).__name__}: {error} (--debug shows where; please report it)", 1)


def as_options(text: str) -> str:
    """A remedy in Python's words, `dtype='bfloat16'`, in the terminal's: `--dtype bfloat16`."""
    return re.sub(
        r"\b(max_batch|dtype|device|size)=(['\"]?)([\w:]+)\2", lambda m: f"--{m[1].replace('_', '-')} {m[3]}", text
    )


def _say(text: str, code: int) -> int:
    # a file name may hold what the terminal cannot show
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    line = " ".join(text.split()).encode(encoding, "backslashreplace").decode(encoding)
    with contextlib.suppress(OSError):
        print(f"dreamsampler: {line}", file=sys.stderr)
    return code
