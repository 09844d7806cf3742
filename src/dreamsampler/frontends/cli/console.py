"""What the commands print: a progress bar for people, plain lines for everything else, JSON for programs."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import options as opt

if TYPE_CHECKING:
    from ...runs.observe import Event

Show = Callable[["Event"], None]

LOOK_EVERY = 25
"""Steps between looks at how close a drawing is: each renders it."""

_PHASES = {
    "invert": "inverting",
    "check": "checking the inversion",
    "edit": "editing",
    "sample": "sampling",
}


@dataclass
class Console:
    """Where a command speaks: results on stdout, notes and progress on stderr. Its arguments are a command's options.

    Args:
        quiet: say nothing at all.
        as_json: one line of JSON on stdout in place of sentences.
        debug: nothing here; the group of commands looks for it before any option is read.
    """

    quiet: opt.Quiet = False
    as_json: opt.Json = False
    debug: opt.Debug = False
    _began: float = field(default_factory=time.monotonic, init=False)

    @property
    def seconds(self) -> float:
        """Since the command began."""
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        """A result in words."""
        if not (self.quiet or self.as_json):
            print(text)

    def note(self, text: str) -> None:
        """Something that was done or should be known, on one line of stderr."""
        if not (self.quiet or self.as_json):
            print("note: " + " ".join(text.split()), file=sys.stderr)

    def summary(self, **facts: object) -> None:
        """The same for programs."""
        if self.as_json and not self.quiet:
            print(json.dumps(facts, ensure_ascii=False))

    @contextlib.contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """A spinner for what has no steps; nothing where stderr is not a terminal."""
        if not self._live():
            yield
            return
        from rich.console import Console as Rich

        with Rich(stderr=True).status(text):
            yield

    @contextlib.contextmanager
    def progress(self) -> Iterator[Show | None]:
        """An observer that draws one bar a phase, with steps and time left; None where stderr is not a terminal."""
        if not self._live():
            yield None
            return
        from rich.console import Console as Rich
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Rich(stderr=True), transient=True) as bars:
            tasks: dict[str, Any] = {}

            near = ""

            def show(event: Event) -> None:
                nonlocal near
                phase, words = event.phase, _PHASES.get(event.phase, event.phase)
                if event.psnr is not None and event.step % LOOK_EVERY == 1:
                    near = f"  {event.psnr():.1f} dB"
                if event.loss is not None:
                    words += f" loss {event.loss:.4g}{near}"
                if phase not in tasks or event.step == 1:
                    for task in tasks.values():
                        bars.remove_task(task)
                    tasks.clear()
                    tasks[phase] = bars.add_task(words, total=event.total)
                bars.update(tasks[phase], completed=event.step, total=event.total, description=words)

            yield show

    @contextlib.contextmanager
    def counting(self) -> Iterator[Callable[[int, int, str], None] | None]:
        """A callback (items done, items in all, the next one's title) that draws one bar."""
        with self.progress() as show:
            if show is None:
                yield None
                return
            from ...runs.observe import Event

            draw = show
            yield lambda done, total, title: draw(Event(title or "done", done, total))

    def _live(self) -> bool:
        return not (self.quiet or self.as_json) and sys.stderr.isatty()


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Silence the model libraries' notices while a command runs: what matters of them is in the notes of its result.

    To be entered before they are imported; what the user has set in the environment stays.
    """
    for name in ("TRANSFORMERS_VERBOSITY", "DIFFUSERS_VERBOSITY"):
        os.environ.setdefault(name, "error")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    ours = logging.getLogger("dreamsampler")
    level = ours.level
    ours.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        ours.setLevel(level)


def size_words(size: tuple[int, int]) -> str:
    """(width, height) as "512 x 384"."""
    return f"{size[0]} x {size[1]}"
