"""`bench edit`: text-guided editing measured against the true counterfactual, on pairs of Icon World."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from iconworld import TASKS, EditPair, edit_pairs

from ...core.types import Prior
from ...io.tensors import to_tensor
from ...runs.model import model_ref
from ..editors import Case as Given
from ..editors import Editor
from ..harness import Answer, Benchmark, Case, Row, Shown, Span, run_suite
from ..metrics.base import Metric, Sample, measure
from ..metrics.clip import ClipAccuracy, ClipSimilarity
from ..metrics.encoder import ClipEncoder, VisionEncoder
from ..metrics.psnr import PSNR, PSNROutside
from ..metrics.ssim import SSIM
from ..metrics.structure import StructureDistance
from ..shared import weights_id
from ..store import OnItem, Values
from ..tables import Column

METHODS = (
    "dreamsampler",
    "dreamsampler-caption",
    "ddim-swap",
    "sdedit",
    "cfgpp",
    "dds",
    "sds",
    "flowedit",
    "edit-friendly",
)
"""What is compared unless told otherwise; "dreamsampler-mask" and "blended" are given the region that changes."""

COLUMNS = (
    Column("CLIP-Acc", "higher", 1, 100.0, "%"),
    Column("CLIP similarity", "higher", 3),
    Column("structure distance", "lower", 4),
    Column("PSNR", "higher", 2, 1.0, "dB"),
    Column("SSIM", "higher", 3),
    Column("PSNR outside", "higher", 2, 1.0, "dB"),
    Column("evaluations", "", 0),
)


@dataclass(frozen=True)
class EditSuite:
    """Pairs of Icon World; the truth is the same scene with one thing changed."""

    metrics: tuple[Metric, ...]
    side: int
    device: torch.device
    name: str = "edit"
    title: str = "Editing"
    columns: tuple[Column, ...] = COLUMNS

    def case(self, task: str, split: str, number: int) -> Case:
        """Return a pair as a case: the source and both captions are given, the region only to methods that need it."""
        pair: EditPair = edit_pairs(task, split, 1, number)[0]
        region = torch.from_numpy(pair.change_mask(self.side)).float()[None, None]
        source, truth = (to_tensor(scene.picture(self.side)) for scene in (pair.source, pair.target))
        return Case(
            task,
            number,
            pair.source.to_json() + pair.target.to_json(),
            (pair.source_prompt, pair.target_prompt),
            (source, pair.source_prompt, pair.target_prompt, region, truth),
            (Shown(pair.source_prompt, source), Shown(f"truth: {pair.target_prompt}", truth)),
        )

    def measure(self, answer: Answer, case: Case) -> Values:
        """Return the metrics of one edited picture."""
        source, source_text, target_text, region, truth = case.given
        sample = Sample(
            answer.image[0],
            source=source[0],
            truth=truth[0],
            changed=region[0, 0] > 0,
            source_text=source_text,
            target_text=target_text,
        )
        return measure(self.metrics, sample)


def row_of(text: str, prior: Prior) -> Row:
    """Return the row of an editing method, written "sdedit:denoise=0.7"."""
    editor = Editor.parse(text)

    def answer(case: Case, seed: int) -> Answer:
        source, source_text, target_text, region, _ = case.given
        outcome = editor(prior, Given(source, source_text, target_text, region, seed))
        return Answer(outcome.images.detach().float().cpu(), evaluations=outcome.receipt.evaluations)

    return Row(text, editor.settings, answer)


def run(
    prior: Prior,
    judge: ClipEncoder,
    *,
    methods: Sequence[str] = METHODS,
    tasks: Sequence[str] = tuple(TASKS),
    split: str = "test",
    n: int = 200,
    first: int = 0,
    size: int | None = None,
    vision: VisionEncoder | None = None,
    seed: int = 0,
    out: Path | None = None,
    sheet: int = 2,
    on_item: OnItem | None = None,
) -> Benchmark:
    """Edit counterfactual pairs by every method and measure the results.

    Args:
        prior: the diffusion model.
        judge: a CLIP model that knows this world: CLIP-Acc, CLIP similarity and, unless `vision` is given, the
            structure distance are its.
        methods: names with optional settings, see `bench.editors`.
        tasks: names in `iconworld.TASKS`.
        split: "dev" or "test". Choose settings on "dev" only.
        n, first: pairs of each task, and the number of the first.
        size: side in pixels; by default what the prior was trained on.
        vision: a vision transformer whose keys give the structure distance.
        seed: pair k is edited with seed + k.
        out, sheet, on_item: see `bench.harness.run_suite`.

    Raises:
        InputError: an unknown method, task or split, n < 1, or a folder that cannot be written.

    Example: docs/benchmarks.md.
    """
    side = size or prior.native_size or 128
    tower = vision or VisionEncoder(judge.model.vision_model, judge.preprocess)
    metrics = (ClipAccuracy(judge), ClipSimilarity(judge), StructureDistance(tower), PSNR(), SSIM(), PSNROutside())
    known = {"size": side, "judge": weights_id(judge.model, tower.model)}
    suite = EditSuite(metrics, side, torch.device(prior.device))
    rows = [row_of(text, prior) for text in methods]
    span = Span(tuple(tasks), split, n, first, seed)
    return run_suite(suite, rows, span, model_ref(prior), known, out=out, sheet=sheet, on_item=on_item)
