"""`bench restore`: inpainting and restoration measured against the truth, on scenes of Icon World."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core.errors import NonFinite
from ..core.types import Prior
from ..io.content import sha256_bytes
from ..io.images import read_image
from ..io.png import write_png
from ..io.sheets import picture_sheet
from ..io.tensors import to_pixels, to_tensor
from ..operators.mask import paste, union
from ..runs.model import model_ref
from ..runs.recipe import ModelRef, case_key
from .clock import peak_mebibytes, reset_peak
from .metrics.encoder import ClipEncoder
from .metrics.frechet import frechet
from .problems import PROBLEMS, Problem, problem
from .shared import check_scenes, picture_path, weights_id
from .solvers import Solver, judge_result
from .store import Item, OnItem, Result, Store, work_through
from .tables import Cell, Column, Table, summarize, write_tables

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
"""What is compared unless told otherwise. "start" is the picture that a method is given to begin with: grey holes, or
the pseudo-inverse of the measurement. "truth" is the right answer: its CLIP-Acc says what the judge can see. RePaint
takes part where there are holes."""

COLUMNS = (
    Column("PSNR", "higher", 2, 1.0, "dB"),
    Column("SSIM", "higher", 3),
    Column("PSNR in the hole", "higher", 2, 1.0, "dB"),
    Column("CLIP-Acc in the hole", "higher", 1, 100.0, "%"),
    Column("PSNR outside, raw", "higher", 2, 1.0, "dB"),
    Column("misfit", "lower", 4),
    Column("evaluations", "lower", 0),
    Column("seconds", "lower", 2),
    Column("peak memory", "lower", 0, 1.0, "MiB"),
)
FRECHET = Column("Fréchet distance", "lower", 3)


@dataclass(frozen=True)
class RestoreBenchmark:
    """Everything that was measured: a table by task, the results behind it, the files written."""

    table: Table
    results: tuple[Result, ...]
    files: tuple[Path, ...]


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
) -> RestoreBenchmark:
    """Fill and restore scenes by every method and measure the results.

    Known pixels are pasted back for every method, as the command does; "PSNR outside, raw" says how far each method's
    own picture strays there. CLIP-Acc is the judge's verdict on the source with the hole's content alone replaced.

    Args:
        prior: the diffusion model.
        judge: a CLIP model that knows this world.
        methods: names of `methods.registry` with options ("treg:guidance_scale=4"), or "start", or "truth".
        tasks: names in `bench.problems.PROBLEMS`.
        split: "dev" or "test". Choose settings on "dev" only.
        n: problems of each task.
        first: number of the first.
        steps: N of every method, unless its options say otherwise ("psld:steps=200").
        size: side in pixels; by default what the prior was trained on.
        seed: problem k is solved with seed + k.
        out: folder for results (an interrupted run goes on), tables and a picture sheet.
        sheet: problems of each task that the sheet shows.
        on_item: progress.

    Raises:
        InputError: an unknown method, task or split, n < 1, or a folder that cannot be written.

    Example: docs/benchmarks.md.
    """
    check_scenes(n, split)
    solvers = [Solver.parse(text, steps) for text in methods]
    side = size or prior.native_size or 128
    bench = _Bench(prior, judge, side, model_ref(prior), weights_id(judge.model), out)
    items: list[Item] = []
    for task in tasks:
        for k in range(first, first + n):
            given = problem(task, split, k, side)
            items += [bench.item(s, given, task, split, k, seed + k) for s in solvers if s.takes(given)]
    results = work_through(items, Store(None if out is None else out / "results.jsonl"), on_item)
    title = f"Inpainting and restoration, {split} split, {n} problems a task, {bench.model.id}"
    table = bench.with_frechet(summarize(results, ("task", "method"), COLUMNS, title), results)
    files = [] if out is None else write_tables(out, "restore", (table,))
    if out is not None and sheet:
        files.append(out / "restore.png")
        write_png(files[-1], bench.sheet(results, tasks, split, range(first, first + min(n, sheet)), solvers))
    return RestoreBenchmark(table, tuple(results), tuple(files))


@dataclass
class _Bench:
    """What all items of one benchmark share."""

    prior: Prior
    judge: ClipEncoder
    side: int
    model: ModelRef
    judged: str
    out: Path | None
    made: dict[str, Tensor] = field(default_factory=dict)

    def item(self, solver: Solver, given: Problem, task: str, split: str, number: int, seed: int) -> Item:
        settings: dict[str, Any] = {f"with {name}": str(value) for name, value in solver.options.items()}
        settings |= {"method": solver.method, "steps": solver.steps, "task": task, "size": self.side}
        settings |= {"judge": self.judged, "scenes": sha256_bytes(given.key.encode())}
        key = case_key("bench-restore", self.model, given.prompts, settings, (seed,))
        labels = {"task": task, "method": solver.name, "split": split, "problem": str(number)}
        return Item(key, f"{task} {number}: {solver.name}", lambda: self._measure(solver, given, seed, key, labels))

    def _measure(self, solver: Solver, given: Problem, seed: int, key: str, labels: Mapping[str, str]) -> Result:
        device = self.prior.device
        reset_peak(device)
        begun = time.perf_counter()
        try:
            raw, evaluations = solver(self.prior, given, seed)
        except NonFinite as error:
            return Result(key, labels, {column.name: None for column in COLUMNS}, str(error))
        raw = raw.detach().float().cpu().clamp(-1, 1)
        values: dict[str, float | None] = {"seconds": time.perf_counter() - begun, "evaluations": float(evaluations)}
        if device.type == "cuda":  # elsewhere only the whole process has a peak
            values["peak memory"] = peak_mebibytes(device)
        values |= judge_result(raw, given, self.judge)
        image = raw if given.source is None else paste(given.source, raw, union(given.holes))
        self._keep(key, image)
        return Result(key, labels, values)

    def _keep(self, key: str, image: Tensor) -> None:
        """Results are pictures on disk where there is a folder, for the sheet and the Fréchet distance."""
        if self.out is None:
            self.made[key] = image
        else:
            (self.out / "pictures").mkdir(parents=True, exist_ok=True)
            write_png(self._path(key), to_pixels(image)[0])

    def _path(self, key: str) -> Path:
        return picture_path(self.out or Path(), key)

    def picture(self, key: str) -> Tensor | None:
        """A result [1, 3, H, W], if it is still there."""
        if self.out is None:
            return self.made.get(key)
        return to_tensor(read_image(self._path(key)).pixels) if self._path(key).exists() else None

    def with_frechet(self, table: Table, results: Sequence[Result]) -> Table:
        """The table with the Fréchet distance of each row's pictures to the truths."""
        rows = []
        for labels, cells in table.rows:
            members = [r for r in results if (r.labels["task"], r.labels["method"]) == labels]
            rows.append((labels, (*cells, self._frechet(members))))
        return Table(table.title, table.labels, (*table.columns, FRECHET), tuple(rows))

    def _frechet(self, members: Sequence[Result]) -> Cell:
        made, true = [], []
        for result in members:
            image = self.picture(result.key)
            if image is not None:
                labels = result.labels
                truth = problem(labels["task"], labels["split"], int(labels["problem"]), self.side).truth
                made.append(self.judge.images(image))
                true.append(self.judge.images(truth))
        if len(made) < 2:
            return Cell(None, None, None, 0, len(members))
        return Cell(frechet(torch.cat(made), torch.cat(true)), None, None, len(made), len(members) - len(made))

    def sheet(
        self, results: Sequence[Result], tasks: Sequence[str], split: str, numbers: range, solvers: Sequence[Solver]
    ) -> Any:
        """Truth, start, then every method's answer; a row a problem."""
        by_label = {(r.labels["task"], r.labels["problem"], r.labels["method"]): r.key for r in results}
        rows, labels = [], []
        for task in tasks:
            for k in numbers:
                given = problem(task, split, k, self.side)
                cells: list[np.ndarray | None] = [
                    to_pixels(given.truth)[0],
                    to_pixels(given.measurement.first_guess())[0],
                ]
                for solver in solvers:
                    key = by_label.get((task, str(k), solver.name))
                    image = None if key is None else self.picture(key)
                    cells.append(None if image is None else to_pixels(image)[0])
                rows.append(cells)
                labels.append([f"truth: {given.prompt}", f"given: {task}", *(solver.name for solver in solvers)])
        return picture_sheet(rows, labels, cell=max(self.side, 160))
