import json
import sys
from pathlib import Path

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
    ours = [line for line in json.loads(made.json())["rows"] if line["renderer"] == "dreamsampler"]
    assert [line["paths"] for line in ours] == ["2", "3"]
    assert len(made.csv().splitlines()) == 1 + len(rows)


@pytest.mark.parametrize("case", [RasterCase(0, 4, 8), RasterCase(1, 1, 8), RasterCase(1, 4, 0)])
def test_impossible_cases_are_refused(case: RasterCase) -> None:
    with pytest.raises(InputError, match="case"):
        run([case])


def test_diffvg_draws_the_same_scene_where_it_is_installed() -> None:
    pytest.importorskip("pydiffvg")
    ours, sampled, prefiltered = run([RasterCase(8, 4, 64)], repeats=1, supersampling=4)
    assert [sampled.renderer, prefiltered.renderer] == ["diffvg 2x2", "diffvg 1x1 prefiltered"]
    assert ours.error < sampled.error < 2
    assert ours.error < prefiltered.error < 2
    assert ours.gradient_error < sampled.gradient_error < 0.15


def test_a_broken_diffvg_is_not_taken_for_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pydiffvg.py").write_text("import a_module_that_pydiffvg_needs\n")
    monkeypatch.delitem(sys.modules, "pydiffvg", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=r"pydiffvg.*a_module_that_pydiffvg_needs"):
        run([RasterCase(1, 3, 8)], repeats=1, supersampling=1)
