import json

import pytest

from dreamsampler.bench.raster import RasterCase, run, table
from dreamsampler.core.errors import InputError


def test_rows_measure_time_error_and_gradients() -> None:
    (row,) = [r for r in run([RasterCase(4, 4, 32)], repeats=3, supersampling=4) if r.renderer == "dreamsampler"]
    assert len(row.cpu_ms) == len(row.wall_ms) == 3
    assert min(row.wall_ms) > 0
    assert 0 < row.error < 0.1
    assert row.error < row.worst < 60
    assert 0 < row.gradient_error < 0.05
    assert row.difference_error is not None
    assert row.difference_error < 1e-7


def test_the_table_has_a_line_a_row() -> None:
    rows = run([RasterCase(2, 3, 16), RasterCase(3, 4, 16)], repeats=1, supersampling=2)
    made = table(rows)
    assert made.markdown().count("\n| dreamsampler |") == 2
    assert [line["paths"] for line in json.loads(made.json())["rows"]] == ["2", "3"]
    assert len(made.csv().splitlines()) == 1 + len(rows)


@pytest.mark.parametrize("case", [RasterCase(0, 4, 8), RasterCase(1, 1, 8), RasterCase(1, 4, 0)])
def test_impossible_cases_are_refused(case: RasterCase) -> None:
    with pytest.raises(InputError, match="case"):
        run([case])
