"""Timing of a network from the outside: hooks count its calls, its latents and the seconds inside it."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple

import torch

from .tables import Cell


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what was asked of it; clocks lie before that."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


class Taken(NamedTuple):
    """Seconds on the wall, and seconds of this process's processors: those do not count other programs' work."""

    wall: float
    processor: float


def taken(work: Callable[[], object], device: torch.device) -> Taken:
    """What a piece of work takes."""
    synchronise(device)
    begun = time.perf_counter(), time.process_time()
    work()
    synchronise(device)
    return Taken(time.perf_counter() - begun[0], time.process_time() - begun[1])


@dataclass
class Watched:
    """Hooks on a network while the block runs.

    Attributes:
        latents: how many it saw, counted at its door (the prior's own counter has no say).
        calls: positional and keyword arguments of every call, for repeating them exactly.
        inside: seconds inside it.
    """

    network: torch.nn.Module
    device: torch.device
    latents: int = 0
    inside: float = 0.0
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)

    def __enter__(self) -> Watched:
        self._handles = [
            self.network.register_forward_pre_hook(self._before, with_kwargs=True),
            self.network.register_forward_hook(self._after),
        ]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for handle in self._handles:
            handle.remove()

    def _before(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.calls.append((args, kwargs))
        self.latents += args[0].shape[0]
        synchronise(self.device)
        self._begun = time.perf_counter()

    def _after(self, module: torch.nn.Module, args: tuple[Any, ...], output: Any) -> None:
        synchronise(self.device)
        self.inside += time.perf_counter() - self._begun

    @torch.no_grad()
    def repeat(self) -> None:
        """The same calls again, and nothing between them."""
        for args, kwargs in self.calls:
            self.network(*args, **kwargs)


def spread(values: Sequence[float]) -> Cell:
    """Median with the least and the greatest value in place of an interval."""
    return Cell(statistics.median(values), min(values), max(values), len(values), 0)


def peak_mebibytes(device: torch.device) -> float:
    """Most memory used so far: on CUDA since `reset_peak`, elsewhere by the whole process since it began."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def reset_peak(device: torch.device) -> None:
    """Begin a new peak, where the device can."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
