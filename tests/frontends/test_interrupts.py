import os
import signal
import time

import pytest

from dreamsampler.frontends.cli.interrupts import AGAIN, insistent_interrupts


def test_a_swallowed_interrupt_comes_again():
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(KeyboardInterrupt), insistent_interrupts():  # noqa: PT012
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1.0)
        except KeyboardInterrupt:
            pass  # as an extension's import does
        time.sleep(10 * AGAIN)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGALRM) is before


def test_nothing_comes_after_the_context_is_left():
    with pytest.raises(KeyboardInterrupt), insistent_interrupts():  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1.0)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
