"""`bench speed`: what an edit costs beyond the network's own time, and beside the released procedure."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..core.errors import InputError
from ..core.loop import dream_sample
from ..core.noise import Noise
from ..core.state import State
from ..priors.latent import LatentDiffusionPrior
from ..steering.guidance import Branches
from ..steering.inversion import invert
from ..steering.renoise import keep
from ..steering.solve import Solve
from ..steering.strength import PaperStrength
from ..steering.text import TextPull
from ..tasks.edit import edit
from .clock import Taken, Watched, peak_mebibytes, reset_peak, spread, taken
from .released import Network, released_edit
from .store import OnItem, make_folder
from .tables import Cell, Column, Table, write_tables

COST = (
    Column("evaluations", "", 0),
    Column("calls", "", 0),
    Column("seconds", "lower", 3),
    Column("in network", "", 3, 1.0, "s"),
    Column("outside", "lower", 4, 1.0, "s"),
    Column("outside / network", "lower", 2, 100.0, "%"),
    Column("processor", "lower", 3, 1.0, "s"),
    Column("beside bare calls", "lower", 3),
    Column("beside released", "lower", 3),
    Column("processor, beside released", "lower", 3),
)
RATE = (
    Column("images / s", "higher", 3),
    Column("seconds / image", "lower", 3),
    Column("peak memory", "lower", 0, 1.0, "MiB"),
)
C = 0.2


@dataclass(frozen=True)
class SpeedReport:
    """What was measured.

    Attributes:
        cost, rate: the tables.
        evaluation_ratio: of the edit's evaluations to the released procedure's.
        wall_ratio: of their wall times, the median over pairs of neighboring runs.
        processor_ratio: the same of processor times, which a busy machine disturbs less. On a CPU only.
        overhead: share of the loop's time outside the network over the time inside, median.
        difference: largest difference of the two edited latents, which should be rounding.
        files: written, if a folder was given.
    """

    cost: Table
    rate: Table
    evaluation_ratio: float | None
    wall_ratio: float | None
    processor_ratio: float | None
    overhead: float
    difference: float | None
    files: tuple[Path, ...] = ()


def run(
    prior: Any,
    *,
    steps: int = 20,
    repeats: int = 5,
    batches: Sequence[int] = (1, 4, 16),
    size: int | None = None,
    prompt: str = "a dog",
    seed: int = 0,
    out: Path | None = None,
    on_item: OnItem | None = None,
) -> SpeedReport:
    """Time an edit, its loop alone, the loop's network calls alone, and the released procedure, in turns.

    Args:
        prior: a latent diffusion prior (with a network).
        steps: N.
        repeats: rounds; the first, a warm-up, is thrown away.
        batches: sizes for images per second and peak memory.
        size: side in pixels; by default what the prior was trained on.

    Raises:
        InputError: the prior has no network, or a number is out of range.

    Example: docs/benchmarks.md.
    """
    if not isinstance(prior, LatentDiffusionPrior):
        raise InputError("prior: has no network to time; load a checkpoint")
    if repeats < 1 or not batches or min(batches) < 1:
        raise InputError(f"repeats={repeats}, batches={list(batches)}: expected at least 1 of each")
    make_folder(out)
    side = size or int(prior.native_size)
    once, total, timings = _Once(prior, steps, side, prompt, seed), repeats + 1 + len(batches), []
    tell = on_item or (lambda done, total, title: None)
    for k in range(repeats + 1):
        tell(k, total, f"round {k} of {repeats}" if k else "warm-up")
        timings.append(once.timing())
    rows = []
    for k, batch in enumerate(batches, repeats + 1):
        tell(k, total, f"batch {batch}")
        rows.append(((str(batch),), _rate(prior, batch, steps, side, prompt, seed)))
    tell(total, total, "")
    timings = timings[1:]
    dtype = str(prior.dtype).removeprefix("torch.")
    title = f"{prior.describe().model}, {prior.device}, {dtype}, {side} px, {steps} steps"
    cost = _cost_table(timings, once, f"{title}: one edit, median [least, greatest] of {repeats} rounds")
    rate = Table(f"{title}: edits by batch", ("batch",), RATE, tuple(rows))
    walls = [t.loop.wall / t.released.wall for t in timings if t.released is not None]
    processor = [t.loop.processor / t.released.processor for t in timings if t.released is not None]
    on_cpu = prior.device.type == "cpu"
    report = SpeedReport(
        cost,
        rate,
        once.evaluations / once.released_evaluations if walls else None,
        statistics.median(walls) if walls else None,
        statistics.median(processor) if walls and on_cpu else None,
        statistics.median(t.outside / t.inside for t in timings),
        once.difference,
    )
    files = () if out is None else tuple(write_tables(out, "speed", (cost, rate)))
    return dataclasses.replace(report, files=files)


@dataclass(frozen=True)
class _Timing:
    """One round: seconds inside and outside the network, and what each form of the edit took."""

    inside: float
    outside: float
    loop: Taken
    bare: Taken
    whole: Taken
    released: Taken | None


class _Once:
    """One edit in its several forms, on the same latent, prompts and levels."""

    def __init__(self, prior: Any, steps: int, side: int, prompt: str, seed: int) -> None:
        self.prior, self.steps, self.prompt, self.seed = prior, steps, prompt, seed
        self.image = _picture(1, side, seed)
        self.visits = prior.schedule.visits(steps)
        with torch.no_grad():
            self.z = prior.space.encode(self.image)
            self.null, self.cond = prior.embed([""]), prior.embed([prompt])
        # the released procedure knows no size conditioning
        sized = getattr(prior.unet.config, "addition_embed_type", None) == "text_time"
        self.network = None if sized else Network(prior, self.null, self.cond)
        self.evaluations = self.calls = self.released_evaluations = 0
        self.difference: float | None = None

    def loop(self) -> Tensor:
        """Inversion and Algorithm 3 from latent to latent."""
        state = State.start(self.z, [self.seed])
        top = invert(self.prior, state, self.visits, self.null, "plain", clean=False)
        pull = TextPull((PaperStrength(C),))
        guide = Branches(self.null, (self.cond,), pull.active)
        begin = State.start(top.z, top.noise, z0=self.z)
        return dream_sample(begin, self.prior, self.visits, guide, Solve((pull,)), keep).z0

    def whole(self) -> object:
        """The public function, from picture to picture."""
        strength = PaperStrength(C)
        return edit(
            self.prior, self.image, [self.prompt], steps=self.steps, weight=strength, inversion="plain", seeds=[0]
        )

    def timing(self) -> _Timing:
        device, unet = self.prior.device, self.prior.unet
        with Watched(unet, device) as watched:
            wall = taken(self.loop, device).wall
        self.evaluations, self.calls = watched.latents, len(watched.calls)
        loop, bare = taken(self.loop, device), taken(watched.repeat, device)
        released = None if self.network is None else taken(self.released, device)
        whole = taken(self.whole, device)
        if self.network is not None and self.difference is None:
            with Watched(unet, device) as other:
                theirs = self.released()
            self.released_evaluations, self.difference = other.latents, float((theirs - self.loop()).abs().max())
        return _Timing(watched.inside, wall - watched.inside, loop, bare, whole, released)

    def released(self) -> Tensor:
        """The released procedure, from latent to latent."""
        if self.network is None:
            raise InputError("prior: the released procedure knows no size conditioning")
        return released_edit(self.network, self.z, self.visits, C)


def _cost_table(timings: Sequence[_Timing], once: _Once, title: str) -> Table:
    none = Cell(None, None, None, 0, 0)
    released = [t.released for t in timings if t.released is not None]
    on_cpu = once.prior.device.type == "cpu"

    def row(
        evaluations: int, calls: int, each: Sequence[Taken], hooked: tuple[Cell, ...] = (none,) * 3
    ) -> tuple[Cell, ...]:
        counts = [Cell(float(n), None, None, 1, 0) for n in (evaluations, calls)]
        beside = [none, none]
        if released:
            pairs = list(zip(each, released, strict=True))
            beside = [
                spread([e.wall / r.wall for e, r in pairs]),
                spread([e.processor / r.processor for e, r in pairs]),
            ]
        return (
            *counts,
            spread([e.wall for e in each]),
            *hooked,
            spread([e.processor for e in each]) if on_cpu else none,
            spread([e.wall / t.bare.wall for e, t in zip(each, timings, strict=True)]),
            beside[0],
            beside[1] if on_cpu else none,
        )

    hooked = (
        spread([t.inside for t in timings]),
        spread([t.outside for t in timings]),
        spread([100.0 * t.outside / t.inside for t in timings]),
    )
    own = once.evaluations, once.calls
    rows = [
        (("loop",), row(*own, [t.loop for t in timings], hooked)),
        (("bare network calls",), row(*own, [t.bare for t in timings])),
        (("edit, with autoencoder and text",), row(*own, [t.whole for t in timings])),
    ]
    if released:
        rows.append((("released procedure",), row(once.released_evaluations, 2 * once.steps, released)))
    return Table(title, ("what",), COST, tuple(rows))


def _rate(prior: Any, batch: int, steps: int, side: int, prompt: str, seed: int) -> tuple[Cell, ...]:
    """Images per second, seconds an image and peak memory of one edit of a whole batch."""
    images = _picture(batch, side, seed)
    reset_peak(prior.device)
    wall = taken(lambda: edit(prior, images, [prompt], steps=steps, seeds=list(range(batch))), prior.device).wall
    return spread([batch / wall]), spread([wall / batch]), spread([peak_mebibytes(prior.device)])


def _picture(batch: int, side: int, seed: int) -> Tensor:
    """Smooth random pictures: speed does not ask what they show."""
    rough = Noise(range(seed, seed + batch)).normal(torch.empty(batch, 3, 8, 8))
    return torch.nn.functional.interpolate(rough, (side, side), mode="bilinear").clamp(-1, 1)
