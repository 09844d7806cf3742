"""One harness for every benchmark on scenes: cases x methods x measures -> store -> tables -> sheet.

A suite says what its cases are, how a method answers one and what is measured of the answer; everything else is here.
Results are kept one line each and never computed twice; times are kept apart from them, so that two runs with one seed
give the same bytes in `results.jsonl`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import InputError, NonFinite
from ..io.content import sha256_bytes
from ..io.png import write_png
from ..runs.recipe import ModelRef, case_key
from .clock import peak_mebibytes, reset_peak
from .report import Answers, sheet_of, tables_of
from .store import Item, OnItem, Result, Store, make_folder, work_through
from .suite import Answer, Benchmark, Case, Pooled, Row, Shown, Span, Suite
from .tables import Column, write_tables

__all__ = ["Answer", "Benchmark", "Case", "Pooled", "Row", "Shown", "Span", "Suite", "run_suite"]


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
    keep = Answers(out)
    work = _Work(suite, model, known, keep, Store(None if out is None else out / "times.jsonl"))
    cases = [suite.case(task, span.split, k) for task in span.tasks for k in range(span.first, span.first + span.n)]
    items = [work.item(row, case, span) for case in cases for row in rows if row.takes(case)]
    store = Store(None if out is None else out / "results.jsonl")
    results = [work.timed(result) for result in work_through(items, store, on_item)]
    tables = tables_of(suite, rows, span, results, model.id, keep, cases, pooled or {})
    files = [] if out is None else write_tables(out, suite.name, tables)
    if out is not None and sheet:
        files.append(out / f"{suite.name}.png")
        shown = [case for case in cases if case.number < span.first + sheet]
        write_png(files[-1], sheet_of(shown, rows, results, keep))
    return Benchmark(tuple(tables), tuple(results), tuple(files), keep.made)


@dataclass
class _Work:
    """What all items of one benchmark share."""

    suite: Suite
    model: ModelRef
    known: Mapping[str, Any]
    keep: Answers
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
