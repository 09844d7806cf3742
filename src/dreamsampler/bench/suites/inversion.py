"""`bench inversion`: what inversion loses, and whether strength means the same edit at any number of steps.

The default number of steps rests on these two suites.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from iconworld import edit_pairs

from ...core.errors import InputError
from ...core.types import Prior
from ...io.tensors import to_tensor
from ...runs.model import model_ref
from ...steering.inversion import METHODS
from ...steering.strength import PaperStrength
from ...tasks.edit import edit, inversion_report
from ..harness import Answer, Benchmark, Case, Row, Shown, Span, run_suite
from ..metrics.psnr import decibels
from ..store import OnItem, Values
from ..tables import Column

ROUND_TRIP = (
    Column("loss", "lower", 2, 1.0, "dB"),
    Column("PSNR", "higher", 2, 1.0, "dB"),
    Column("autoencoder", "", 2, 1.0, "dB"),
    Column("evaluations", "", 0),
)
EQUIVALENCE = (
    Column("PSNR to finest", "higher", 2, 1.0, "dB"),
    Column("PSNR to truth", "higher", 2, 1.0, "dB"),
    Column("evaluations", "", 0),
)
SCHEMES: Mapping[str, Mapping[str, Any]] = {
    "strength=1": {"strength": 1.0},
    "paper_c=0.2": {"weight": PaperStrength(0.2)},
}
"""What is held constant while the number of steps changes."""


@dataclass(frozen=True)
class PairSuite:
    """Pairs of Icon World, the source to be inverted or edited."""

    name: str
    title: str
    columns: tuple[Column, ...]
    side: int
    caption: bool
    device: torch.device
    extra: Callable[[Answer, Case], Values]

    def case(self, task: str, split: str, number: int) -> Case:
        """Return a pair as a case: source, truth, the prompt to invert under and the target's."""
        pair = edit_pairs(task, split, 1, number)[0]
        source, truth = (to_tensor(scene.picture(self.side)) for scene in (pair.source, pair.target))
        given = (source, truth, pair.source_prompt if self.caption else "", pair.target_prompt)
        scenes = pair.source.to_json() + pair.target.to_json()
        shown = (Shown(pair.source_prompt, source), Shown(f"truth: {pair.target_prompt}", truth))
        return Case(task, number, scenes, (pair.source_prompt, pair.target_prompt), given, shown)

    def measure(self, answer: Answer, case: Case) -> Values:
        """Return the values of one answer."""
        return self.extra(answer, case)


def _trip(prior: Prior, method: str, steps: int, case: Case, seed: int) -> Answer:
    source, _, base, _ = case.given
    before = prior.evaluations
    report = inversion_report(prior, source, source_prompt=base, steps=steps, inversion=method, seeds=[seed])
    # the way back down costs as many evaluations as there are steps
    return Answer(report.reconstruction, report, prior.evaluations - before - steps)


def _kept(answer: Answer, case: Case) -> Values:
    vae, back = answer.raw.vae_psnr[0], answer.raw.inversion_psnr[0]
    return {"loss": vae - back, "PSNR": back, "autoencoder": vae}


@dataclass
class _Edits:
    """Edits of one scheme at several numbers of steps; the finest of a case is what the others are compared with."""

    prior: Prior
    inversion: str
    finest: int
    found: dict[tuple[str, str, int], Tensor] = field(default_factory=dict)

    def answer(self, scheme: str, steps: int, case: Case, seed: int) -> Answer:
        source, _, base, target = case.given
        done = edit(
            self.prior, source, [target], source_prompt=base, steps=steps, inversion=self.inversion, seeds=[seed],
            **SCHEMES[scheme],
        )  # fmt: skip
        fine = None
        if steps != self.finest:
            key = (scheme, case.task, case.number)
            if key not in self.found:
                self.found = {key: self.answer(scheme, self.finest, case, seed).image}  # of one case at a time
            fine = self.found[key]
        return Answer(done.images, fine, done.receipt.evaluations)


def _compared(answer: Answer, case: Case) -> Values:
    values = {"PSNR to truth": decibels(answer.image, case.given[1])}
    return values if answer.raw is None else values | {"PSNR to finest": decibels(answer.image, answer.raw)}


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
) -> tuple[Benchmark, Benchmark]:
    """Measure inversion and strength at several numbers of steps; return both benchmarks.

    Args:
        steps: N of the round trips.
        edit_steps: N of the edits; the finest is the reference that the others are compared with.
        methods: inversion methods; see `steering.inversion`.
        tasks, split, n, first: the pairs of Icon World: n of each task.
        caption: invert under the picture's caption in place of the null prompt.
        inversion: method of the edits.
        size: side in pixels; by default what the prior was trained on.
        out, on_item: see `bench.harness.run_suite`.

    Raises:
        InputError: an unknown method, task or split, or a number out of range.

    Example: docs/benchmarks.md.
    """
    if not steps or not edit_steps:
        raise InputError(f"steps={steps}, edit_steps={edit_steps}: expected at least one number of steps in each")
    side = size or prior.native_size or 128
    span, model = Span(tuple(tasks), split, n, first), model_ref(prior)
    under = "caption" if caption else "null prompt"
    known = {"size": side, "caption": caption, "inversion": inversion, "finest": max(edit_steps)}
    suite = partial(PairSuite, side=side, caption=caption, device=torch.device(prior.device))
    trips = suite("inversion", f"Round trip under the {under}", ROUND_TRIP, extra=_kept)
    rows = [
        Row(f"{method}:steps={count}", {"steps": count}, partial(_trip, prior, method, count))
        for method in methods
        for count in steps
    ]
    edits = _Edits(prior, inversion, max(edit_steps))
    title = f"The same edit at N steps ({inversion} inversion under the {under})"
    same = suite("strength", title, EQUIVALENCE, extra=_compared)
    edited = [
        Row(f"{scheme}:steps={count}", {"steps": count}, partial(edits.answer, scheme, count))
        for scheme in SCHEMES
        for count in edit_steps
    ]
    return (
        run_suite(trips, rows, span, model, known, out=out, on_item=on_item),
        run_suite(same, edited, span, model, known, out=out, on_item=on_item),
    )
