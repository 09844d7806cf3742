"""Ctrl-C that is never lost.

An interrupt is an exception raised wherever the program happens to be; inside an extension's import or a finaliser it
is swallowed there, and the run goes on for minutes. So it is raised again every two seconds until the program ends.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

AGAIN = 2.0
"""Seconds; cleaning up after an interrupt takes milliseconds."""


@contextlib.contextmanager
def insistent_interrupts() -> Iterator[None]:
    """Inside, SIGINT raises KeyboardInterrupt until this context is left (POSIX, main thread; elsewhere as usual)."""
    usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not usable or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, AGAIN)
        raise KeyboardInterrupt

    def unraisable(unheard: sys.UnraisableHookArgs) -> None:
        if not isinstance(unheard.exc_value, KeyboardInterrupt):  # an interrupt comes again, so it needs no report
            report(unheard)

    report, sys.unraisablehook = sys.unraisablehook, unraisable
    earlier = signal.signal(signal.SIGALRM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        sys.unraisablehook = report
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGALRM, earlier)
