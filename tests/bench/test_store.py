"""Results survive kills and never hold what is not a number."""

import json

import pytest

from dreamsampler.bench.store import Item, Result, Store, work_through
from dreamsampler.core.errors import InputError


def result(key, value=1.0):
    return Result(key, {"method": "m"}, {"PSNR": value, "SSIM": None})


def test_what_was_added_is_there_after_a_restart(tmp_path):
    path = tmp_path / "new" / "results.jsonl"
    store = Store(path)
    store.add(result("a"))
    store.add(result("b", 2.5))
    again = Store(path)
    assert again.results == {"a": result("a"), "b": result("b", 2.5)}
    assert [json.loads(line)["key"] for line in path.read_text().splitlines()] == ["a", "b"]


def test_a_half_line_is_cut_off_and_the_file_goes_on(tmp_path):
    path = tmp_path / "results.jsonl"
    Store(path).add(result("a"))
    whole = path.read_bytes()
    for cut in (1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole + whole[:cut])
        store = Store(path)
        assert path.read_bytes() == whole
        store.add(result("b"))
        assert set(Store(path).results) == {"a", "b"}


def test_a_killed_run_computes_only_what_is_missing(tmp_path):
    done = []

    def work(key):
        if key == "c" and len(done) == 2:
            raise KeyboardInterrupt
        done.append(key)
        return result(key)

    items = [Item(key, key, lambda key=key: work(key)) for key in "abcd"]
    with pytest.raises(KeyboardInterrupt):
        work_through(items, Store(tmp_path / "r.jsonl"))
    seen = []
    done.append("the second run")
    results = work_through(items, Store(tmp_path / "r.jsonl"), lambda *progress: seen.append(progress))
    assert done == ["a", "b", "the second run", "c", "d"]
    assert [r.key for r in results] == list("abcd")
    assert seen == [(0, 4, "a"), (1, 4, "b"), (2, 4, "c"), (3, 4, "d"), (4, 4, "")]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_result_is_nan(value):
    with pytest.raises(InputError, match="PSNR"):
        result("a", value)


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text('{"my": "notes"}\n')
    with pytest.raises(InputError, match="line 1"):
        Store(path)
    assert path.read_text() == '{"my": "notes"}\n'
    with pytest.raises(InputError, match="cannot be opened"):
        Store(tmp_path)
