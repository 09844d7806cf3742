"""`bench restore`: inpainting and restoration measured against the truth, on scenes of Icon World."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ...core.types import Prior
from ...operators.mask import paste, union
from ...runs.model import model_ref
from ..harness import Answer, Benchmark, Case, Row, Shown, Span, run_suite
from ..metrics.encoder import ClipEncoder
from ..metrics.frechet import frechet
from ..problems import PROBLEMS, Problem, problem
from ..shared import weights_id
from ..solvers import Solver, judge_result
from ..store import OnItem, Values
from ..tables import Column

METHODS = (
    "dreamsampler",
    "latent-dps",
    "psld",
    "treg",
    "repaint",
    "resample:pixel_iterations=200,latent_iterations=50",
    "p2l",
    "diffpir",
    "ddnm",
    "flowdps:rate=2.0",
    "start",
    "truth",
)
"""What is compared unless told otherwise. "start" is the picture that a method is given to begin with: gray holes, or
the pseudo-inverse of the measurement. "truth" is the right answer: its CLIP-Acc says what the judge can see. RePaint
takes part where there are holes."""

COLUMNS = (
    Column("PSNR", "higher", 2, 1.0, "dB"),
    Column("SSIM", "higher", 3),
    Column("PSNR in the hole", "higher", 2, 1.0, "dB"),
    Column("CLIP-Acc in the hole", "higher", 1, 100.0, "%"),
    Column("PSNR outside, raw", "higher", 2, 1.0, "dB"),
    Column("misfit", "lower", 4),
    Column("evaluations", "", 0),
)
FRECHET = Column("Fréchet distance", "lower", 3)


@dataclass(frozen=True)
class RestoreSuite:
    """Inverse problems with known answers.

    Known pixels are pasted back for every method, as the command does; "PSNR outside, raw" is how far each method's own
    picture strays there. CLIP-Acc is the judge's verdict on the source with the hole's content alone replaced.
    """

    judge: ClipEncoder
    side: int
    device: torch.device
    name: str = "restore"
    title: str = "Inpainting and restoration"
    columns: tuple[Column, ...] = COLUMNS

    def case(self, task: str, split: str, number: int) -> Case:
        """Return a problem as a case."""
        given = problem(task, split, number, self.side)
        guess = given.measurement.first_guess()
        shown = (Shown(f"truth: {given.prompt}", given.truth), Shown(f"given: {task}", guess))
        return Case(task, number, given.key, given.prompts, given, shown)

    def measure(self, answer: Answer, case: Case) -> Values:
        """Return the measures of one raw picture."""
        return judge_result(answer.raw, case.given, self.judge)


def row_of(text: str, steps: int, prior: Prior) -> Row:
    """Return the row of a method for inverse problems, written "treg:guidance_scale=4"."""
    solver = Solver.parse(text, steps)

    def answer(case: Case, seed: int) -> Answer:
        given: Problem = case.given
        raw, evaluations = solver(prior, given, seed)
        raw = raw.detach().float().cpu().clamp(-1, 1)
        image = raw if given.source is None else paste(given.source, raw, union(given.holes))
        return Answer(image, raw, evaluations)

    return Row(text, {"steps": solver.steps, **solver.options}, answer, lambda case: solver.takes(case.given))


def frechet_to_truth(judge: ClipEncoder) -> Callable[[Sequence[tuple[Case, Tensor]]], float | None]:
    """Return the measure of a row's answers together: the Fréchet distance to the truths in the judge's features."""

    def distance(answers: Sequence[tuple[Case, Tensor]]) -> float | None:
        if len(answers) < 2:
            return None
        made = torch.cat([judge.images(image) for _, image in answers])
        return frechet(made, torch.cat([judge.images(case.given.truth) for case, _ in answers]))

    return distance


def run(
    prior: Prior,
    judge: ClipEncoder,
    *,
    methods: Sequence[str] = METHODS,
    tasks: Sequence[str] = tuple(PROBLEMS),
    split: str = "test",
    n: int = 50,
    first: int = 0,
    steps: int = 100,
    size: int | None = None,
    seed: int = 0,
    out: Path | None = None,
    sheet: int = 2,
    on_item: OnItem | None = None,
) -> Benchmark:
    """Fill and restore scenes by every method and measure the results.

    Args:
        prior: the diffusion model.
        judge: a CLIP model that knows this world.
        methods: names in `methods.registry` with options ("treg:guidance_scale=4"), or "start", or "truth".
        tasks: names in `bench.problems.PROBLEMS`.
        split: "dev" or "test". Choose settings on "dev" only.
        n, first: problems of each task, and the number of the first.
        steps: N of every method, unless its options say otherwise ("psld:steps=200").
        size: side in pixels; by default what the prior was trained on.
        seed: problem k is solved with seed + k.
        out, sheet, on_item: see `bench.harness.run_suite`.

    Raises:
        InputError: an unknown method, task or split, n < 1, or a folder that cannot be written.

    Example: docs/benchmarks.md.
    """
    side = size or prior.native_size or 128
    suite = RestoreSuite(judge, side, torch.device(prior.device))
    rows = [row_of(text, steps, prior) for text in methods]
    span = Span(tuple(tasks), split, n, first, seed)
    known = {"size": side, "judge": weights_id(judge.model)}
    pooled = {FRECHET: frechet_to_truth(judge)}
    return run_suite(suite, rows, span, model_ref(prior), known, out=out, sheet=sheet, pooled=pooled, on_item=on_item)
