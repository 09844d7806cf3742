"""`bench inversion`: what inversion loses, and whether strength means the same edit at any number of steps.

The default number of steps rests on these two tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from iconworld import EditPair, edit_pairs

from ..core.errors import InputError
from ..core.types import Prior
from ..io.content import sha256_bytes
from ..io.tensors import to_tensor
from ..runs.model import model_ref
from ..runs.recipe import Scalar, case_key
from ..steering.inversion import METHODS
from ..steering.strength import PaperStrength, Weight
from ..tasks.edit import edit, inversion_report
from .metrics.psnr import decibels
from .shared import check_scenes
from .store import Item, OnItem, Result, Store, make_folder, work_through
from .tables import Column, Table, summarize, write_tables

ROUND_TRIP = (
    Column("loss", "lower", 2, 1.0, "dB"),
    Column("PSNR", "higher", 2, 1.0, "dB"),
    Column("autoencoder", "", 2, 1.0, "dB"),
    Column("evaluations", "lower", 0),
)
EQUIVALENCE = (
    Column("PSNR to finest", "higher", 2, 1.0, "dB"),
    Column("PSNR to truth", "higher", 2, 1.0, "dB"),
    Column("evaluations", "lower", 0),
)
SCHEMES: dict[str, Callable[[], float | Weight]] = {"Strength(1)": lambda: 1.0, "c = 0.2": lambda: PaperStrength(0.2)}
"""What is held constant while the number of steps changes."""


@dataclass(frozen=True)
class InversionReport:
    """Round trips by method and steps; edits by scheme and steps; the files written, if a folder was given."""

    round_trip: Table
    equivalence: Table
    files: tuple[Path, ...] = ()


def run(
    prior: Prior,
    *,
    steps: Sequence[int] = (8, 16, 25, 50, 100, 200),
    edit_steps: Sequence[int] = (10, 20, 50, 100, 200),
    methods: Sequence[str] = METHODS,
    tasks: Sequence[str] = ("cat2dog", "horse2zebra"),
    split: str = "dev",
    n: int = 8,
    first: int = 0,
    caption: bool = False,
    inversion: str = "two-step",
    size: int | None = None,
    out: Path | None = None,
    on_item: OnItem | None = None,
) -> InversionReport:
    """Measure inversion and strength at several numbers of steps.

    Args:
        steps: N of the round trips.
        edit_steps: N of the edits; the finest is the reference that the others are compared with.
        methods: inversion methods; see `steering.inversion`.
        tasks, n, first: the pairs of Icon World: n of each task.
        split: "dev" or "test".
        caption: invert under the picture's caption in place of the null prompt.
        inversion: method of the edits.
        size: side in pixels; by default what the prior was trained on.
        out: folder for `inversion.jsonl` (an interrupted run goes on) and tables.

    Raises:
        InputError: an unknown method, task or split, or a number out of range.

    Example: docs/benchmarks.md.
    """
    check_scenes(n, split)
    if not steps or not edit_steps:
        raise InputError(f"steps={steps}, edit_steps={edit_steps}: expected at least one number of steps in each")
    make_folder(out)
    side = size or prior.native_size or 128
    work = _Work(prior, side, caption, inversion, max(edit_steps))
    pairs = [pair for task in tasks for pair in edit_pairs(task, split, n, first)]
    trips = [work.round_trip(pair, method, count) for pair in pairs for method in methods for count in steps]
    edits = [work.edit(pair, scheme, count) for pair in pairs for scheme in SCHEMES for count in edit_steps]
    results = work_through([*trips, *edits], Store(None if out is None else out / "inversion.jsonl"), on_item)
    under = "caption" if caption else "null prompt"
    title = f"{model_ref(prior).id}, {', '.join(tasks)}, {n} {split} pairs each"
    round_trip = summarize(
        _sorted(results[: len(trips)], methods),
        ("inversion", "steps"),
        ROUND_TRIP,
        f"Round trip under the {under}: {title}",
    )
    equivalence = summarize(
        _sorted(results[len(trips) :], tuple(SCHEMES)),
        ("held constant", "steps"),
        EQUIVALENCE,
        f"The same edit at N steps ({inversion} inversion under the {under}): {title}",
    )
    files = () if out is None else tuple(write_tables(out, "inversion", (round_trip, equivalence)))
    return InversionReport(round_trip, equivalence, files)


def _sorted(results: Sequence[Result], order: Sequence[str]) -> list[Result]:
    """By the first label in the order given, then by steps."""
    return sorted(results, key=lambda r: (order.index(next(iter(r.labels.values()))), int(r.labels["steps"])))


class _Work:
    """The two kinds of work on a pair."""

    def __init__(self, prior: Prior, side: int, caption: bool, inversion: str, finest: int) -> None:
        self.prior, self.side, self.caption, self.inversion, self.finest = prior, side, caption, inversion, finest
        self.model = model_ref(prior)
        # the finest edit of a pair is the reference for all others of it
        self.edited = lru_cache(maxsize=4)(self._edited)

    def _key(self, kind: str, pair: EditPair, settings: Mapping[str, Scalar]) -> str:
        scenes = sha256_bytes((pair.source.to_json() + pair.target.to_json()).encode())
        known: dict[str, Scalar] = {"kind": kind, "scenes": scenes, "size": self.side, "caption": self.caption}
        prompts = (pair.source_prompt, pair.target_prompt)
        return case_key("bench-inversion", self.model, prompts, {**known, **settings}, (0,))

    def _base(self, pair: EditPair) -> str:
        return pair.source_prompt if self.caption else ""

    def round_trip(self, pair: EditPair, method: str, steps: int) -> Item:
        key = self._key("round trip", pair, {"method": method, "steps": steps})
        labels = {"inversion": method, "steps": str(steps), "task": pair.task}

        def work() -> Result:
            picture = to_tensor(pair.source.picture(self.side))
            before = self.prior.evaluations
            report = inversion_report(
                self.prior, picture, source_prompt=self._base(pair), steps=steps, inversion=method, seeds=[0]
            )
            spent = self.prior.evaluations - before
            vae, back = report.vae_psnr[0], (report.inversion_psnr or (0.0,))[0]
            # the way back down costs N of them
            values = {"loss": vae - back, "PSNR": back, "autoencoder": vae, "evaluations": float(spent - steps)}
            return Result(key, labels, values)

        return Item(key, f"round trip, {method}, {steps} steps", work)

    def edit(self, pair: EditPair, scheme: str, steps: int) -> Item:
        settings: dict[str, Scalar] = {"scheme": scheme, "steps": steps, "finest": self.finest}
        key = self._key("edit", pair, settings | {"inversion": self.inversion})
        labels = {"held constant": scheme, "steps": str(steps), "task": pair.task}

        def work() -> Result:
            image, spent = self.edited(pair, scheme, steps)
            truth = to_tensor(pair.target.picture(self.side))
            values: dict[str, float | None] = {"PSNR to truth": decibels(image, truth), "evaluations": float(spent)}
            if steps != self.finest:
                values["PSNR to finest"] = decibels(image, self.edited(pair, scheme, self.finest)[0])
            return Result(key, labels, values)

        return Item(key, f"edit, {scheme}, {steps} steps", work)

    def _edited(self, pair: EditPair, scheme: str, steps: int) -> tuple[Tensor, int]:
        strength = SCHEMES[scheme]()
        result = edit(
            self.prior,
            to_tensor(pair.source.picture(self.side)),
            [pair.target_prompt],
            source_prompt=self._base(pair),
            steps=steps,
            **({"weight": strength} if callable(strength) else {"strength": strength}),
            inversion=self.inversion,
            seeds=[0],
        )
        return torch.as_tensor(result.images).cpu(), result.receipt.evaluations
