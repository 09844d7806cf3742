import os
import signal
import time

import pytest

from dreamsampler.frontends.cli.interrupts import AGAIN, insistent_interrupts


@pytest.mark.usefixtures("interruptible")
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


@pytest.mark.usefixtures("interruptible")
def test_nothing_comes_after_the_context_is_left():
    with pytest.raises(KeyboardInterrupt), insistent_interrupts():  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1.0)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_ignored_interrupt_stays_ignored():
    # a job in the background of a script: who presses Ctrl-C there means another program
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with insistent_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
