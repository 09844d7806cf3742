"""What comes of a benchmark's results: the answers kept as files, tables, a sheet of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from ..io.atomic import write_bytes
from ..io.images import read_image
from ..io.png import write_png
from ..io.sheets import picture_sheet
from ..io.tensors import to_pixels, to_tensor
from .store import Result
from .suite import Answer, Case, Pooled, Row, Span, Suite
from .tables import Column, Table, paired, summarize

TIMES = (Column("seconds", "lower", 2), Column("peak memory", "lower", 0, 1.0, "MiB"))
"""What differs from run to run: kept in `times.jsonl`, shown behind a suite's own columns."""


@dataclass
class Answers:
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


def tables_of(
    suite: Suite,
    rows: Sequence[Row],
    span: Span,
    results: Sequence[Result],
    model: str,
    answers: Answers,
    cases: Sequence[Case],
    pooled: Mapping[Column, Pooled],
) -> list[Table]:
    """By task; over all tasks; and the differences to the first row."""
    title = f"{suite.title}, {span.split} split, {span.n} cases a task, {model}"
    columns = (*suite.columns, *(c for c in TIMES if any(c.name in r.values for r in results)))
    extra = _pooled(results, answers, cases, pooled)
    by_task = summarize([*results, *extra], ("task", "method"), (*columns, *pooled), f"{title}: by task")
    tables = [by_task]
    if len(span.tasks) > 1:
        tables.insert(0, summarize(results, ("method",), columns, f"{title}: all tasks"))
    if len(rows) > 1 and span.n > 1:
        measured = [column for column in suite.columns if column.better]
        tables.append(paired(results, rows[0].name, measured, f"{title}: difference to {rows[0].name}, case by case"))
    return tables


def _pooled(
    results: Sequence[Result], keep: Answers, cases: Sequence[Case], pooled: Mapping[Column, Pooled]
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


def sheet_of(cases: Sequence[Case], rows: Sequence[Row], results: Sequence[Result], keep: Answers) -> Any:
    """What was given, every method's answer, the truth; a line a case, an empty place where a picture is gone."""
    keys = {(r.labels["task"], r.labels["case"], r.labels["method"]): r.key for r in results}
    cells, labels = [], []
    for case in cases:
        answers = [keep.get(keys.get((case.task, str(case.number), row.name), "")) for row in rows]
        images = [*(s.image for s in case.before), *answers, *(s.image for s in case.after)]
        cells.append([None if image is None else to_pixels(image)[0] for image in images])
        labels.append([*(s.label for s in case.before), *(row.name for row in rows), *(s.label for s in case.after)])
    return picture_sheet(cells, labels, cell=160)
