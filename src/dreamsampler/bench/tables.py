"""One table for all benchmarks: means with bootstrap intervals, undefined values counted, in Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.errors import InputError
from ..io.atomic import write_all
from .store import Result


@dataclass(frozen=True)
class Column:
    """A measured quantity.

    Args:
        name: its key in the results.
        better: "higher", "lower", or "" where neither is.
        digits: decimals in Markdown.
        factor: results are shown times this (100 for shares in percent); named in the heading by `unit`.
        unit: "dB", "%", "s", ...
    """

    name: str
    better: str = ""
    digits: int = 2
    factor: float = 1.0
    unit: str = ""

    def heading(self) -> str:
        arrow = {"higher": " ↑", "lower": " ↓"}.get(self.better, "")
        return f"{self.name}{f' ({self.unit})' if self.unit else ''}{arrow}"


@dataclass(frozen=True)
class Cell:
    """Mean of n defined values with its bootstrap interval, and how many were undefined. No mean without values."""

    mean: float | None
    low: float | None
    high: float | None
    count: int
    undefined: int

    def show(self, digits: int) -> str:
        if self.mean is None:
            return "undefined" if self.undefined else ""
        text = f"{self.mean:.{digits}f}"
        if self.low is not None and self.high is not None and self.count > 1 and self.low != self.high:
            text += f" [{self.low:.{digits}f}, {self.high:.{digits}f}]"
        return f"{text} ({self.undefined} undefined)" if self.undefined else text


@dataclass(frozen=True)
class Table:
    """Rows by labels, columns by quantity."""

    title: str
    labels: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[Cell, ...]], ...]

    def markdown(self) -> str:
        """A GitHub table under its title."""
        head = [*self.labels, *(column.heading() for column in self.columns)]
        lines = [f"### {self.title}", "", "| " + " | ".join(head) + " |"]
        lines.append("|" + "---|" * len(self.labels) + "---:|" * len(self.columns))
        for labels, cells in self.rows:
            shown = [cell.show(column.digits) for cell, column in zip(cells, self.columns, strict=True)]
            lines.append("| " + " | ".join([*labels, *shown]) + " |")
        return "\n".join(lines) + "\n"

    def csv(self) -> str:
        """One line a row; mean, low, high, n and undefined of every column; nothing where there is no mean."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        parts = ("", " low", " high", " n", " undefined")
        writer.writerow([*self.labels, *(column.name + part for column in self.columns for part in parts)])
        for labels, cells in self.rows:
            numbers: list[object] = []
            for cell in cells:
                numbers += [
                    "" if v is None else v for v in (cell.mean, cell.low, cell.high, cell.count, cell.undefined)
                ]
            writer.writerow([*labels, *numbers])
        return stream.getvalue()

    def json(self) -> str:
        """The same as objects; null where there is no mean."""
        rows = []
        for labels, cells in self.rows:
            row: dict[str, object] = dict(zip(self.labels, labels, strict=True))
            row |= {column.name: vars(cell) for column, cell in zip(self.columns, cells, strict=True)}
            rows.append(row)
        document = {"title": self.title, "units": {c.name: c.unit for c in self.columns}, "rows": rows}
        return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)


def bootstrap(values: Sequence[float], seed: int = 0, draws: int = 2000, level: float = 0.95) -> tuple[float, float]:
    """Percentile interval of the mean: `draws` means of resampled values (Efron 1979).

    Raises:
        InputError: no values.

    Example:
        >>> bootstrap([1.0, 1.0, 1.0])
        (1.0, 1.0)
    """
    if not values:
        raise InputError("values: a mean of nothing has no interval")
    data = np.asarray(values, dtype=np.float64)
    rng = np.random.default_rng(seed)
    # in slices: 2000 resamples of a long column need not stand in memory at once
    means = np.concatenate(
        [data[rng.integers(0, len(data), (100, len(data)))].mean(1) for _ in range(-(-draws // 100))]
    )
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(means[:draws], [tail, 1.0 - tail])
    return float(low), float(high)


def cell_of(values: Sequence[float | None], factor: float = 1.0, seed: int = 0) -> Cell:
    """Mean and interval of the defined values, times `factor`."""
    defined = [value * factor for value in values if value is not None]
    if not defined:
        return Cell(None, None, None, 0, len(values))
    low, high = bootstrap(defined, seed)
    return Cell(math.fsum(defined) / len(defined), low, high, len(defined), len(values) - len(defined))


def summarize(
    results: Sequence[Result], labels: Sequence[str], columns: Sequence[Column], title: str, seed: int = 0
) -> Table:
    """Group results by the labels named, in the order in which they first occur.

    A quantity that a result does not have at all is neither defined nor undefined there.
    """
    groups: dict[tuple[str, ...], list[Result]] = {}
    for result in results:
        groups.setdefault(tuple(result.labels[label] for label in labels), []).append(result)
    rows = []
    for group, members in groups.items():
        cells = []
        for column in columns:
            values = [member.values[column.name] for member in members if column.name in member.values]
            cells.append(cell_of(values, column.factor, seed))
        rows.append((group, tuple(cells)))
    return Table(title, tuple(labels), tuple(columns), tuple(rows))


def paired(results: Sequence[Result], reference: str, columns: Sequence[Column], title: str, seed: int = 0) -> Table:
    """Differences to the row `reference`, case by case, with the bootstrap interval of their mean.

    A row is ahead in a column where its interval excludes 0 on the better side.

    Args:
        results: with the labels "task", "case" and "method".
    """
    at = {(r.labels["task"], r.labels["case"], r.labels["method"]): r.values for r in results}
    methods = [m for m in dict.fromkeys(r.labels["method"] for r in results) if m != reference]
    rows = []
    for method in methods:
        cells = []
        for column in columns:
            differences: list[float | None] = []
            for (task, case, name), values in at.items():
                other = at.get((task, case, reference), {})
                if name != method or column.name not in values or column.name not in other:
                    continue
                mine, theirs = values[column.name], other[column.name]
                differences.append(None if mine is None or theirs is None else mine - theirs)
            cells.append(cell_of(differences, column.factor, seed))
        rows.append(((method,), tuple(cells)))
    return Table(title, ("method",), tuple(columns), tuple(rows))


def write_tables(folder: Path, name: str, tables: Sequence[Table], head: str = "") -> list[Path]:
    """`name.md` with all tables, and `name.csv`, `name.json` (then `name-2.csv`, ...) of each; all of them or none."""
    texts = {folder / f"{name}.md": "\n".join([*([head, ""] if head else []), *(t.markdown() for t in tables)])}
    for number, table in enumerate(tables, 1):
        stem = name if number == 1 else f"{name}-{number}"
        texts |= {folder / f"{stem}.csv": table.csv(), folder / f"{stem}.json": table.json()}
    write_all({path: text.encode("utf-8") for path, text in texts.items()})
    return list(texts)
