"""Means, intervals, counts of what is undefined, and the three forms of a table."""

import csv
import io
import json
import math

import numpy as np
import pytest

from dreamsampler.bench.store import Result
from dreamsampler.bench.tables import Column, bootstrap, cell_of, paired, summarize, write_tables
from dreamsampler.core.errors import InputError

COLUMNS = (Column("acc", "higher", 1, 100.0, "%"), Column("psnr", "higher", 2, 1.0, "dB"))


@pytest.fixture
def table():
    rows = [("sdedit", 1.0, 20.0), ("dds", 0.0, None), ("sdedit", 0.0, 22.0), ("dds", None, None)]
    results = [Result(str(i), {"method": m}, {"acc": a, "psnr": p}) for i, (m, a, p) in enumerate(rows)]
    return summarize(results, ("method",), COLUMNS, "Editing")


def test_bootstrap_interval_is_the_normal_one_for_many_values():
    values = np.random.default_rng(0).normal(3.0, 2.0, 400)
    low, high = bootstrap(values.tolist())
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.02)
    assert high == pytest.approx(values.mean() + half, abs=0.02)
    assert (low, high) == bootstrap(values.tolist())
    assert (low, high) != bootstrap(values.tolist(), seed=1)
    with pytest.raises(InputError):
        bootstrap([])


def test_undefined_values_are_counted_and_left_out_of_the_mean():
    cell = cell_of([1.0, None, 3.0, None, None], factor=10.0)
    assert (cell.mean, cell.count, cell.undefined) == (20.0, 2, 3)
    assert cell.low <= 20.0 <= cell.high
    nothing = cell_of([None, None])
    assert (nothing.mean, nothing.low, nothing.count, nothing.undefined) == (None, None, 0, 2)


def test_markdown(table):
    lines = table.markdown().splitlines()
    assert lines[0] == "### Editing"
    assert lines[2] == "| method | acc (%) ↑ | psnr (dB) ↑ |"
    assert lines[3] == "|---|---:|---:|"
    assert lines[4].startswith("| sdedit | 50.0 [0.0, 100.0] | 21.00 [20.00, 22.00] |")
    assert lines[5] == "| dds | 0.0 (1 undefined) | undefined |"


def test_csv_and_json_say_the_same_without_nan(table):
    sdedit, dds = csv.DictReader(io.StringIO(table.csv()))
    assert (sdedit["method"], float(sdedit["psnr"]), sdedit["psnr n"]) == ("sdedit", 21.0, "2")
    assert (dds["psnr"], dds["psnr low"], dds["psnr undefined"]) == ("", "", "2")
    document = json.loads(table.json(), parse_constant=lambda name: pytest.fail(name))
    assert document["rows"][0]["acc"]["mean"] == 50.0
    assert document["rows"][1]["psnr"] == {"mean": None, "low": None, "high": None, "count": 0, "undefined": 2}


def test_a_quantity_that_a_row_never_had_is_not_undefined():
    results = [Result("a", {"method": "m"}, {"acc": 1.0})]
    ((_, cells),) = summarize(results, ("method",), COLUMNS, "t").rows
    assert (cells[1].count, cells[1].undefined, cells[1].show(2)) == (0, 0, "")


def test_files(tmp_path, table):
    paths = write_tables(tmp_path, "edit", (table, table), head="How it was run.")
    assert [path.name for path in paths] == ["edit.md", "edit.csv", "edit.json", "edit-2.csv", "edit-2.json"]
    text = (tmp_path / "edit.md").read_text("utf-8")
    assert text.startswith("How it was run.\n\n### Editing")
    assert text.count("### Editing") == 2
    assert not math.isnan(json.loads((tmp_path / "edit.json").read_text("utf-8"))["rows"][0]["psnr"]["low"])


def test_paired_differences_are_taken_case_by_case():
    def row(task, case, method, value):
        return Result(f"{task}{case}{method}", {"task": task, "case": case, "method": method}, {"PSNR": value})

    results = [row("t", str(k), "a", 10.0 + k) for k in range(8)] + [row("t", str(k), "b", 9.0 + k) for k in range(8)]
    table = paired([*results, row("t", "9", "b", 50.0)], "a", (Column("PSNR", "higher"),), "difference")
    ((labels, (cell,)),) = table.rows
    assert labels == ("b",)
    assert (cell.mean, cell.low, cell.high, cell.count) == (-1.0, -1.0, -1.0, 8), "case 9 has no partner"
