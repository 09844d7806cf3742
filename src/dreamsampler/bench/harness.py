"""One harness for every benchmark on scenes: cases x methods x measures -> store -> tables -> sheet.

A suite says what its cases are, how a method answers one and what is measured of the answer; everything else is here.
Results are kept one line each and never computed twice; times are kept apart from them, so that two runs with one seed
give the same bytes in `results.jsonl`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from ..core.errors import InputError, NonFinite
from ..io.atomic import write_bytes
from ..io.content import sha256_bytes
from ..io.images import read_image
from ..io.png import write_png
from ..io.sheets import picture_sheet
from ..io.tensors import to_pixels, to_tensor
from ..runs.recipe import ModelRef, case_key
from .clock import peak_mebibytes, reset_peak
from .shared import check_scenes
from .store import Item, OnItem, Result, Store, Values, make_folder, work_through
from .tables import Column, Table, paired, summarize, write_tables

TIMES = (Column("seconds", "lower", 2), Column("peak memory", "lower", 0, 1.0, "MiB"))
"""What differs from run to run: kept in `times.jsonl`, shown behind a suite's own columns."""


@dataclass(frozen=True)
class Shown:
    """A picture on the sheet beside the answers: its label and its tensor [1, 3, H, W] in [-1, 1]."""

    label: str
    image: Tensor


@dataclass(frozen=True, eq=False)
class Case:
    """One thing to answer.

    Attributes:
        task, number: which one; the same pair always gives the same case.
        scenes: JSON or SVG of the scenes, which identifies the case.
        prompts: the texts that a method may be told.
        given: what the suite's methods take.
        before, after: pictures on the sheet left and right of the answers.
    """

    task: str
    number: int
    scenes: str
    prompts: tuple[str, ...]
    given: Any
    before: tuple[Shown, ...] = ()
    after: tuple[Shown, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a method makes of a case.

    Attributes:
        image: the picture that is kept and shown, [1, 3, H, W] in [-1, 1].
        raw: what is measured, where that differs (before known pixels are pasted back); or a drawing.
        evaluations: of the network.
        document: the bytes of a file that is kept in place of the picture (an SVG), with its ending.
    """

    image: Tensor
    raw: Any = None
    evaluations: int = 0
    document: tuple[bytes, str] | None = None


@dataclass(frozen=True)
class Row:
    """One method with its settings: a row of the table.

    Attributes:
        name: as the user wrote it.
        settings: all that decides its answers, for the result's key.
        answer: (case, seed) -> Answer.
        takes: whether it can answer a case.
    """

    name: str
    settings: Mapping[str, Any]
    answer: Callable[[Case, int], Answer]
    takes: Callable[[Case], bool] = lambda case: True


class Suite(Protocol):
    """What one benchmark adds to the harness."""

    @property
    def name(self) -> str:
        """Name of its files, "edit"."""
        ...

    @property
    def title(self) -> str:
        """Title of its tables, without the numbers."""
        ...

    @property
    def columns(self) -> tuple[Column, ...]: ...

    @property
    def device(self) -> torch.device: ...

    def case(self, task: str, split: str, number: int) -> Case:
        """Return case `number` of a task; InputError if there is no such task."""
        ...

    def measure(self, answer: Answer, case: Case) -> Values:
        """Return the measured values of an answer."""
        ...


@dataclass(frozen=True)
class Span:
    """Which cases are run: `n` of each task from number `first` on, case k with seed `seed` + k."""

    tasks: tuple[str, ...]
    split: str = "test"
    n: int = 20
    first: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        check_scenes(self.n, self.split)
        if not self.tasks:
            raise InputError("tasks: expected at least one")


@dataclass(frozen=True)
class Benchmark:
    """Everything that was measured.

    Attributes:
        tables: by task; over all tasks where there are several; differences to the first row, case by case.
        results: behind them.
        files: written, if a folder was given.
        answers: the pictures that are still there, by the result's key.
    """

    tables: tuple[Table, ...]
    results: tuple[Result, ...]
    files: tuple[Path, ...]
    answers: Mapping[str, Tensor] = field(default_factory=dict, repr=False)


Pooled = Callable[[Sequence[tuple[Case, Tensor]]], float | None]
"""A measure of all answers of a row together, such as a Fréchet distance."""


def run_suite(
    suite: Suite,
    rows: Sequence[Row],
    span: Span,
    model: ModelRef,
    known: Mapping[str, Any],
    *,
    out: Path | None = None,
    sheet: int = 2,
    pooled: Mapping[Column, Pooled] | None = None,
    on_item: OnItem | None = None,
) -> Benchmark:
    """Answer every case by every method, measure the answers and make tables and a sheet of them.

    Args:
        suite: what is measured.
        rows: the methods; differences are shown to the first.
        span: which cases.
        model: the prior, as a recipe names it.
        known: what else decides a result: sizes, the evaluator's weights, settings that all rows share.
        out: folder for results (an interrupted run goes on), times, tables, pictures and the sheet.
        sheet: cases of each task on the sheet.
        pooled: columns that are measured on all answers of a row together.
        on_item: progress.

    Raises:
        InputError: two rows of one name, no task of a name, or a folder that cannot be written.
    """
    names = [row.name for row in rows]
    if len(set(names)) != len(names) or not names:
        raise InputError(f"methods: {', '.join(names)}; expected at least one, and each once")
    make_folder(out)
    keep = _Keeper(out)
    work = _Work(suite, model, known, keep, Store(None if out is None else out / "times.jsonl"))
    cases = [suite.case(task, span.split, k) for task in span.tasks for k in range(span.first, span.first + span.n)]
    items = [work.item(row, case, span) for case in cases for row in rows if row.takes(case)]
    store = Store(None if out is None else out / "results.jsonl")
    results = [work.timed(result) for result in work_through(items, store, on_item)]
    tables = _tables(suite, rows, span, results, work, cases, pooled or {})
    files = [] if out is None else write_tables(out, suite.name, tables)
    if out is not None and sheet:
        files.append(out / f"{suite.name}.png")
        shown = [case for case in cases if case.number < span.first + sheet]
        write_png(files[-1], _sheet(shown, rows, results, keep))
    return Benchmark(tuple(tables), tuple(results), tuple(files), keep.made)


@dataclass
class _Keeper:
    """The answers: in memory, or as files of the results' folder."""

    out: Path | None
    made: dict[str, Tensor] = field(default_factory=dict)

    def put(self, key: str, answer: Answer) -> None:
        if self.out is None:
            self.made[key] = answer.image
            return
        folder = make_sub(self.out, "pictures")
        write_png(folder / f"{key[:24]}.png", to_pixels(answer.image)[0])
        if answer.document is not None:
            data, ending = answer.document
            write_bytes(make_sub(self.out, "drawings") / f"{key[:24]}{ending}", data)

    def get(self, key: str) -> Tensor | None:
        if self.out is None:
            return self.made.get(key)
        path = self.out / "pictures" / f"{key[:24]}.png"
        return to_tensor(read_image(path).pixels) if path.exists() else None


def make_sub(folder: Path, name: str) -> Path:
    """Return a folder inside the results' folder, made if it was not there."""
    made = folder / name
    made.mkdir(parents=True, exist_ok=True)
    return made


@dataclass
class _Work:
    """What all items of one benchmark share."""

    suite: Suite
    model: ModelRef
    known: Mapping[str, Any]
    keep: _Keeper
    times: Store

    def item(self, row: Row, case: Case, span: Span) -> Item:
        seed = span.seed + case.number
        scenes = sha256_bytes(case.scenes.encode())
        settings = {**self.known, **{f"with {k}": _plain(v) for k, v in row.settings.items()}}
        settings |= {"method": row.name.partition(":")[0], "task": case.task, "scenes": scenes}
        key = case_key(f"bench-{self.suite.name}", self.model, case.prompts, settings, (seed,))
        labels = {"task": case.task, "method": row.name, "split": span.split, "case": str(case.number)}
        title = f"{case.task} {case.number}: {row.name}"
        return Item(key, title, lambda: self._result(row, case, seed, key, labels))

    def _result(self, row: Row, case: Case, seed: int, key: str, labels: Mapping[str, str]) -> Result:
        device = self.suite.device
        reset_peak(device)
        begun = time.perf_counter()
        try:
            answer = row.answer(case, seed)
        except NonFinite as error:
            return Result(key, labels, {column.name: None for column in self.suite.columns}, str(error))
        times: dict[str, float | None] = {"seconds": time.perf_counter() - begun}
        if device.type == "cuda":  # elsewhere only the whole process has a peak
            times["peak memory"] = peak_mebibytes(device)
        self.times.add(Result(key, labels, times))
        values = {**self.suite.measure(answer, case), "evaluations": float(answer.evaluations)}
        self.keep.put(key, answer)
        return Result(key, labels, values)

    def timed(self, result: Result) -> Result:
        """The result with the times of its run, where they are known."""
        found = self.times.results.get(result.key)
        return result if found is None else dataclasses.replace(result, values={**result.values, **found.values})


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _tables(
    suite: Suite,
    rows: Sequence[Row],
    span: Span,
    results: Sequence[Result],
    work: _Work,
    cases: Sequence[Case],
    pooled: Mapping[Column, Pooled],
) -> list[Table]:
    """By task; over all tasks; and the differences to the first row."""
    title = f"{suite.title}, {span.split} split, {span.n} cases a task, {work.model.id}"
    columns = (*suite.columns, *(c for c in TIMES if any(c.name in r.values for r in results)))
    extra = _pooled(results, work.keep, cases, pooled)
    by_task = summarize([*results, *extra], ("task", "method"), (*columns, *pooled), f"{title}: by task")
    tables = [by_task]
    if len(span.tasks) > 1:
        tables.insert(0, summarize(results, ("method",), columns, f"{title}: all tasks"))
    if len(rows) > 1 and span.n > 1:
        measured = [column for column in suite.columns if column.better]
        tables.append(paired(results, rows[0].name, measured, f"{title}: difference to {rows[0].name}, case by case"))
    return tables


def _pooled(
    results: Sequence[Result], keep: _Keeper, cases: Sequence[Case], pooled: Mapping[Column, Pooled]
) -> list[Result]:
    """A result for each row of each task that holds what was measured on all its answers together."""
    found: dict[tuple[str, str], list[tuple[Case, Tensor]]] = {}
    by_number = {(case.task, str(case.number)): case for case in cases}
    for result in results:
        image = keep.get(result.key) if pooled else None
        if image is not None:
            case = by_number[result.labels["task"], result.labels["case"]]
            found.setdefault((result.labels["task"], result.labels["method"]), []).append((case, image))
    made = []
    for (task, method), answers in found.items():
        values = {column.name: measure(answers) for column, measure in pooled.items()}
        made.append(Result("", {"task": task, "method": method}, values))
    return made


def _sheet(cases: Sequence[Case], rows: Sequence[Row], results: Sequence[Result], keep: _Keeper) -> Any:
    """What was given, every method's answer, the truth; a line a case, an empty place where a picture is gone."""
    keys = {(r.labels["task"], r.labels["case"], r.labels["method"]): r.key for r in results}
    cells, labels = [], []
    for case in cases:
        answers = [keep.get(keys.get((case.task, str(case.number), row.name), "")) for row in rows]
        images = [*(s.image for s in case.before), *answers, *(s.image for s in case.after)]
        cells.append([None if image is None else to_pixels(image)[0] for image in images])
        labels.append([*(s.label for s in case.before), *(row.name for row in rows), *(s.label for s in case.after)])
    return picture_sheet(cells, labels, cell=160)
