"""`bench edit`: text-guided editing measured against the true counterfactual, on pairs of Icon World."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from iconworld import TASKS, EditPair, edit_pairs

from ..core.errors import InputError, NonFinite
from ..core.types import Prior
from ..io.content import sha256_bytes
from ..io.png import write_png
from ..io.sheets import picture_sheet
from ..io.tensors import to_pixels, to_tensor
from ..runs.model import model_ref
from ..runs.recipe import ModelRef, Scalar, case_key
from .editors import Case, Editor
from .metrics.base import Metric, Sample, measure
from .metrics.clip import ClipAccuracy, ClipSimilarity
from .metrics.encoder import ClipEncoder, VisionEncoder
from .metrics.psnr import PSNR, PSNROutside
from .metrics.ssim import SSIM
from .metrics.structure import StructureDistance
from .shared import check_scenes, picture_path, weights_id
from .store import Item, OnItem, Result, Store, make_folder, work_through
from .tables import Column, Table, summarize, write_tables

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

SETTINGS: Mapping[str, Mapping[str, Scalar]] = {}
"""Settings for this world that differ from a method's published ones, chosen on the development split."""

COLUMNS = (
    Column("CLIP-Acc", "higher", 1, 100.0, "%"),
    Column("CLIP similarity", "higher", 3),
    Column("structure distance", "lower", 2, 1000.0, "x 1000"),
    Column("PSNR", "higher", 2, 1.0, "dB"),
    Column("SSIM", "higher", 3),
    Column("PSNR outside", "higher", 2, 1.0, "dB"),
    Column("evaluations", "lower", 0),
    Column("seconds", "lower", 2),
)


@dataclass(frozen=True)
class EditBenchmark:
    """Everything that was measured: a table over all tasks, one by task, the results behind them, the files written."""

    overall: Table
    by_task: Table
    results: tuple[Result, ...]
    files: tuple[Path, ...]


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
) -> EditBenchmark:
    """Edit counterfactual pairs by every method and measure the results.

    Args:
        prior: the diffusion model.
        judge: a CLIP model that knows this world: CLIP-Acc, CLIP similarity and, unless `vision` is given, the
            structure distance are its.
        methods: names with optional settings, see `bench.editors`.
        tasks: names in `iconworld.TASKS`.
        split: "dev" or "test". Choose settings on "dev" only.
        n: pairs of each task.
        first: number of the first pair.
        size: side in pixels; by default what the prior was trained on.
        vision: another model for the structure distance, such as DINO.
        seed: pair k is edited with seed + k.
        out: folder for results (`results.jsonl`; an interrupted run goes on), tables and a picture sheet.
        sheet: pairs of each task that the sheet shows.
        on_item: progress.

    Raises:
        InputError: an unknown method, task or split, n < 1, or a folder that cannot be written.

    Example: docs/benchmarks.md.
    """
    check_scenes(n, split)
    editors = [Editor.parse(text, SETTINGS) for text in methods]
    if len(editors) != len({editor.name for editor in editors}):
        raise InputError("methods: one is named twice")
    make_folder(out)
    side = size or prior.native_size or 128
    judges = [judge.model] if vision is None else [judge.model, vision.model]
    bench = _Bench(prior, _metrics(judge, vision), side, model_ref(prior), weights_id(*judges), out)
    items, rows = [], []
    for task in tasks:
        for k, pair in enumerate(edit_pairs(task, split, n, first), first):
            made = [bench.item(editor, pair, split, k, seed + k, keep=k - first < sheet) for editor in editors]
            items += made
            if k - first < sheet:
                rows.append((pair, made))
    store = Store(None if out is None else out / "results.jsonl")
    if out is not None:
        (out / "pictures").mkdir(exist_ok=True)
    bench.warm_up(any(item.key not in store.results for item in items))
    results = work_through(items, store, on_item)
    title = f"Editing, {split} split, {n} pairs a task, {bench.model.id}"
    overall = summarize(results, ("method",), COLUMNS, f"{title}: all tasks")
    by_task = summarize(results, ("task", "method"), COLUMNS, f"{title}: by task")
    files = [] if out is None else write_tables(out, "edit", (overall, by_task))
    if out is not None and rows:
        files.append(out / "edit.png")
        write_png(files[-1], _sheet(rows, editors, side, out))
    return EditBenchmark(overall, by_task, tuple(results), tuple(files))


@dataclass(frozen=True)
class _Bench:
    """What all items of one benchmark share."""

    prior: Prior
    metrics: tuple[Metric, ...]
    side: int
    model: ModelRef
    judge: str
    out: Path | None

    def item(self, editor: Editor, pair: EditPair, split: str, number: int, seed: int, keep: bool) -> Item:
        scenes = sha256_bytes((pair.source.to_json() + pair.target.to_json()).encode())
        settings: dict[str, Scalar] = {f"with {name}": value for name, value in editor.settings.items()}
        settings |= {"method": editor.method, "scenes": scenes, "size": self.side, "judge": self.judge}
        prompts = (pair.source_prompt, pair.target_prompt)
        key = case_key("bench-edit", self.model, prompts, settings, (seed,))
        labels = {"method": editor.name, "task": pair.task, "split": split, "pair": str(number)}
        path = None if self.out is None or not keep else picture_path(self.out, key)
        return Item(
            key, f"{pair.task} {number}: {editor.name}", lambda: self._measure(editor, pair, seed, key, labels, path)
        )

    def warm_up(self, needed: bool) -> None:
        """The first call of a network is slow and is nobody's own time."""
        if needed:
            pair = edit_pairs("cat2dog", "dev", 1)[0]
            Editor.parse("sdedit:steps=2")(self.prior, self._case(pair, 0))

    def _case(self, pair: EditPair, seed: int) -> Case:
        region = torch.from_numpy(pair.change_mask(self.side)).float()[None, None]
        return Case(to_tensor(pair.source.picture(self.side)), pair.source_prompt, pair.target_prompt, region, seed)

    def _measure(
        self, editor: Editor, pair: EditPair, seed: int, key: str, labels: Mapping[str, str], path: Path | None
    ) -> Result:
        case = self._case(pair, seed)
        begun = time.perf_counter()
        try:
            outcome = editor(self.prior, case)
        except NonFinite as error:
            return Result(key, labels, {column.name: None for column in COLUMNS}, str(error))
        image = outcome.images[0].cpu()
        seconds = time.perf_counter() - begun
        if path is not None:
            write_png(path, to_pixels(image[None])[0])
        sample = Sample(
            image,
            source=case.image[0],
            truth=to_tensor(pair.target.picture(self.side))[0],
            changed=case.region[0, 0] > 0,
            source_text=pair.source_prompt,
            target_text=pair.target_prompt,
        )
        values = measure(self.metrics, sample)
        values |= {"evaluations": float(outcome.receipt.evaluations), "seconds": seconds}
        return Result(key, labels, values)


def _metrics(judge: ClipEncoder, vision: VisionEncoder | None) -> tuple[Metric, ...]:
    tower = vision or VisionEncoder(judge.model.vision_model, judge.preprocess)
    return (ClipAccuracy(judge), ClipSimilarity(judge), StructureDistance(tower), PSNR(), SSIM(), PSNROutside())


def _sheet(
    rows: Sequence[tuple[EditPair, Sequence[Item]]], editors: Sequence[Editor], side: int, out: Path
) -> Image.Image:
    """Source, true counterfactual, then every method's answer; an empty place where its picture is gone."""
    cells: list[list[np.ndarray | Image.Image | None]] = []
    labels = []
    for pair, items in rows:
        made: list[np.ndarray | Image.Image | None] = [pair.source.picture(side), pair.target.picture(side)]
        for item in items:
            path = picture_path(out, item.key)
            made.append(Image.open(path).convert("RGB") if path.exists() else None)
        cells.append(made)
        labels.append([pair.source_prompt, f"truth: {pair.target_prompt}", *(editor.name for editor in editors)])
    return picture_sheet(cells, labels, cell=2 * side if side < 200 else side)
