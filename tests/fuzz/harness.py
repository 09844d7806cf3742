"""Call a function with every case of a class and count what happens.

A class of inputs is a `Target`: a generator of (label, input), the call, and how long one call may take. Every error
that is not a `DreamSamplerError` is a failure, and so is a call beyond its time. Each module `tests/fuzz/cases_*.py`
offers `TARGETS`, a tuple of them; `python -m tests.fuzz` (`make fuzz`) runs all cases of all modules, the suite runs
the first few of each class.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dreamsampler.core.errors import DreamSamplerError

Case = tuple[str, Any]


@dataclass(frozen=True)
class Target:
    """A class of inputs.

    Attributes:
        name: of the class, "svg: encodings".
        cases: makes (label, input) from a random generator; may be endless.
        call: what is called with each input.
        count: how many cases a full run takes.
        sample: how many of them the suite takes.
        allowed: errors that say no in words.
        seconds: CPU time that one call may take.
    """

    name: str
    cases: Callable[[random.Random], Iterator[Case]]
    call: Callable[[Any], object]
    count: int = 1000
    sample: int = 5
    allowed: tuple[type[Exception], ...] = (DreamSamplerError,)
    seconds: float = 30.0


@dataclass
class Counts:
    """What happened: cases that were accepted, refused in words, and the labels of those that failed."""

    accepted: int = 0
    refused: int = 0
    failed: list[str] = field(default_factory=list)


def run(target: Target, limit: int, seed: int = 0) -> Counts:
    """Run up to `limit` cases of a class."""
    counts = Counts()
    for number, (label, given) in enumerate(target.cases(random.Random(seed))):
        if number >= limit:
            break
        start = time.process_time()
        try:
            target.call(given)
            counts.accepted += 1
        except target.allowed:
            counts.refused += 1
        except Exception as error:  # the purpose of the harness: anything else is a failure
            counts.failed.append(f"{label}: {type(error).__name__}: {str(error)[:120]}")
            continue
        if time.process_time() - start > target.seconds:
            counts.failed.append(f"{label}: {time.process_time() - start:.0f} s")
    return counts


def targets() -> list[Target]:
    """Return the classes of all modules."""
    names = sorted(info.name for info in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = [importlib.import_module(f"{__package__}.{name}") for name in names if name.startswith("cases_")]
    return [target for module in modules for target in module.TARGETS]


def mutations(data: bytes, rng: random.Random) -> Iterator[Case]:
    """Yield a file with bytes flipped, cut out, doubled and replaced, endlessly."""
    number = 0
    while True:
        changed = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 5, 20))):
            at, length = rng.randrange(len(changed)), rng.choice((1, 1, 2, 8, 40))
            piece = bytes(changed[at : at + length])
            other = rng.choice((b"", piece * 3, rng.randbytes(length), piece[::-1], b"0" * length))
            changed[at : at + length] = other
            changed = changed or bytearray(b"x")
        number += 1
        yield f"mutation {number}", bytes(changed)
