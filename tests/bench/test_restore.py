"""`bench restore` on a tiny real pipeline: its problems have right answers, its rows are what direct calls give."""

import json

import numpy as np
import pytest
import torch

from dreamsampler.bench.metrics.psnr import decibels
from dreamsampler.bench.problems import NOISE, PROBLEMS, problem
from dreamsampler.bench.solvers import REFERENCES, Solver
from dreamsampler.bench.suites.restore import COLUMNS, METHODS, run
from dreamsampler.core.errors import InputError
from dreamsampler.io.tensors import to_tensor
from dreamsampler.operators.mask import paste, union
from dreamsampler.tasks.inpaint import inpaint
from iconworld import edit_pairs

FEW = ("dreamsampler:steps=4", "ddnm", "repaint:jump=2,resample=2", "start", "truth")


@pytest.mark.parametrize("task", PROBLEMS)
def test_problems_have_a_right_answer(task):
    given = problem(task, "dev", 0, 64)
    again = problem(task, "dev", 0, 64)
    assert torch.equal(given.measurement.y, again.measurement.y)
    assert given.measurement.scene == (3, 64, 64)
    noise = given.measurement.misfit(given.truth)[0]
    if given.holes:
        inside = union(given.holes) > 0
        outside = (~inside).expand_as(given.truth)
        assert noise == 0.0
        assert torch.equal(given.truth[outside], given.source[outside])
        assert not torch.equal(given.truth, given.source)
        assert len(given.holes) == len(given.prompts)
        assert given.prompt != given.other
    else:
        assert noise == pytest.approx(NOISE, rel=0.15)
        assert given.prompts == (given.prompt,)


def test_a_hole_covers_all_that_changes():
    for number in range(6):
        for task in ("eyes", "mouth", "eyes and mouth"):
            given = problem(task, "dev", number, 96)
            pair = edit_pairs(
                "face2smile" if task != "eyes" else "face2glasses" if number % 2 else "animal2glasses", "dev", 1, number
            )[0]
            if task == "eyes and mouth":
                continue
            target = to_tensor(pair.target.picture(96))
            # the truth is the target scene wherever it differs, up to what glasses touch beyond the box
            assert float((given.truth - target).abs().mean()) < 0.002


def test_rows_hold_what_a_direct_call_gives(prior, judge):
    bench = run(
        prior, judge, methods=FEW, tasks=("eyes and mouth", "sr x4"), split="dev", n=2, steps=3, size=64, seed=9
    )
    rows = {(r.labels["task"], r.labels["method"], r.labels["case"]): r.values for r in bench.results}
    assert len(rows) == 2 * 5 + 2 * 4, "RePaint fills holes only"
    given = problem("eyes and mouth", "dev", 1, 64)
    direct = inpaint(prior, given.source, given.holes, given.prompts, steps=4, composite=False, seeds=[10]).raw.clamp(
        -1, 1
    )
    image = paste(given.source, direct, union(given.holes))
    row = rows["eyes and mouth", "dreamsampler:steps=4", "1"]
    inside = union(given.holes)[0, 0] > 0
    assert row["PSNR"] == pytest.approx(decibels(image[0], given.truth[0]), abs=1e-6)
    assert row["PSNR in the hole"] == pytest.approx(decibels(image[0][:, inside], given.truth[0][:, inside]), abs=1e-6)
    expected = decibels(direct[0][:, ~inside], given.source[0][:, ~inside])
    assert row["PSNR outside, raw"] == pytest.approx(expected, abs=1e-6)
    assert row["evaluations"] == 4 * 3
    assert rows["sr x4", "ddnm", "0"]["evaluations"] == 3
    assert rows["eyes and mouth", "truth", "1"]["PSNR"] > 60
    start = rows["sr x4", "start", "0"]
    assert start["evaluations"] == 0
    assert start["PSNR"] > 15
    assert "PSNR in the hole" not in start
    by_task = bench.tables[1]
    table = dict(by_task.rows)
    assert by_task.columns[-1].name == "Fréchet distance"
    assert table["sr x4", "start"][-1].count == 1, "one distance of all pictures together"
    assert table["sr x4", "start"][-1].mean > 0


def test_a_killed_benchmark_goes_on(tmp_path, prior, judge):
    settings = {"methods": FEW[1:-1], "tasks": ("mouth", "blur"), "split": "dev", "n": 1, "steps": 3, "size": 64}

    def kill(done, total, title):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(prior, judge, **settings, out=tmp_path, on_item=kill)
    first = run(prior, judge, **settings, out=tmp_path)
    seen = prior.evaluations
    again = run(prior, judge, **settings, out=tmp_path)
    assert prior.evaluations == seen
    assert first.results == again.results
    assert [p.name for p in again.files] == [
        "restore.md",
        "restore.csv",
        "restore.json",
        "restore-2.csv",
        "restore-2.json",
        "restore.png",
    ]
    rows = json.loads((tmp_path / "restore-2.json").read_text("utf-8"))["rows"]
    assert [(row["task"], row["method"]) for row in rows] == [
        ("mouth", "ddnm"), ("mouth", FEW[2]), ("mouth", "start"), ("blur", "ddnm"), ("blur", "start")
    ]  # fmt: skip
    other = run(prior, judge, **{**settings, "steps": 4}, out=tmp_path)
    assert prior.evaluations > seen, "other settings are other results"
    assert len(other.results) == len(first.results)


def test_every_method_of_the_default_parses():
    solvers = [Solver.parse(text, 7) for text in METHODS]
    assert {s.steps for s in solvers if s.method not in REFERENCES} == {7}
    assert np.all([s.name for s in solvers] == list(METHODS))
    assert Solver.parse("psld:steps=5,omega=0.5", 7) == Solver("psld:steps=5,omega=0.5", "psld", 5, {"omega": 0.5})
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n=0"),
        ({"split": "train"}, "split='train'"),
        ({"tasks": ("nose",)}, "task 'nose'"),
        ({"methods": ("smear",)}, "method='smear'"),
        ({"methods": ("psld:steps=0",)}, "steps=0: expected a whole number"),
        ({"methods": ("psld:speed=1",)}, "no option 'speed'"),
    ],
)
def test_bad_arguments_are_named(prior, judge, arguments, message):
    with pytest.raises(InputError, match=message):
        run(prior, judge, **{"tasks": ("blur",), "methods": ("start",), "n": 1, "size": 64, **arguments})
