"""`bench vectorize`: its rows are what direct calls give, measured on the saved file; a killed run goes on."""

from __future__ import annotations

import json

import pytest
import torch

from dreamsampler.bench.metrics.psnr import decibels
from dreamsampler.bench.metrics.ssim import ssim
from dreamsampler.bench.suites.vectorize import COLUMNS, METHODS, TASKS, VectorSuite, measurement_of, run
from dreamsampler.core.errors import InputError
from dreamsampler.generators.svg.crossing import self_intersections
from dreamsampler.generators.svg.reader import read_svg
from dreamsampler.methods.drawing.registry import Drawer
from dreamsampler.tasks.vectorize.settings import VectorSettings
from iconworld import IconSet
from iconworld.scenes.iconset import Icon

SIZE = 48
FEW = VectorSettings(paths=4, steps=6, penalty=0.0, restore_steps=0)
SMALL = {"split": "dev", "n": 1, "size": SIZE, "settings": FEW}


def scene_of(task, number, split, icons=None):
    return VectorSuite(None, SIZE, icons, 0, torch.device("cpu")).case(task, split, number)


def test_rows_hold_what_a_direct_call_gives(prior, judge, tmp_path):
    bench = run(
        prior, judge, methods=("dreamsampler", "trace", "first guess"), tasks=("sr x4",), seed=9, first=2, out=tmp_path,
        **SMALL,
    )  # fmt: skip
    rows = {r.labels["method"]: r.values for r in bench.results}
    case = scene_of("sr x4", 2, "dev").given
    measurement = measurement_of(case, 11)
    assert measurement.y.shape == (1, 3, 12, 12)
    assert measurement.misfit(case.truth)[0] == pytest.approx(0.02, rel=0.2)
    direct = Drawer.parse("dreamsampler")(prior, measurement, case.prompt, settings=FEW, seeds=[11])
    files = list((tmp_path / "drawings").iterdir())
    assert len(files) == 2
    saved = next(read_svg(f) for f in files if read_svg(f).structure.segments == ((4,),) * 4)
    torch.testing.assert_close(saved.points, direct.drawings[0].points, atol=0.006, rtol=0)
    image = 2 * saved.render() - 1
    row = rows["dreamsampler"]
    assert row["PSNR"] == pytest.approx(decibels(image[0], case.truth[0]), abs=1e-6)
    assert row["SSIM"] == pytest.approx(ssim(image[0], case.truth[0]), abs=1e-6)
    assert row["misfit"] == pytest.approx(measurement.misfit(image)[0], abs=1e-6)
    assert row["self-intersections"] == int(self_intersections(saved.points, saved.structure).sum())
    assert (row["paths"], row["evaluations"]) == (4, 2 * 2 + 2)
    assert row["bytes"] in {f.stat().st_size for f in files}
    assert row["CLIP-Acc"] in (0.0, 1.0)
    assert rows["first guess"]["PSNR"] == pytest.approx(decibels(measurement.first_guess()[0], case.truth[0]), abs=1e-6)
    assert [f.name for f in bench.files] == ["vectorize.md", "vectorize.csv", "vectorize.json", "vectorize.png"]


def test_a_killed_benchmark_goes_on_and_needs_no_model(tmp_path):
    settings = {"methods": ("data", "sds", "live"), "tasks": ("blur", "sr x8"), "out": tmp_path, **SMALL}

    def kill(done, total, title):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(None, on_item=kill, **settings)
    first = run(None, **settings)
    again = run(None, **settings)
    assert first.results == again.results
    rows = json.loads((tmp_path / "vectorize-2.json").read_text("utf-8"))["rows"]
    assert [(row["task"], row["method"]) for row in rows] == [
        (task, method) for task in ("blur", "sr x8") for method in ("data", "live")
    ], "methods that need a model are left out without one"
    other = run(None, **{**settings, "settings": VectorSettings(paths=4, steps=5, penalty=0.0, restore_steps=0)})
    assert other.results != first.results


def test_real_icons_take_the_place_of_drawn_scenes():
    element = '<svg viewBox="0 0 8 8"><circle cx="4" cy="4" r="3" fill="#c00"/></svg>'
    icons = IconSet(tuple(Icon(f"{k}.svg", f"disc {k}", element) for k in range(400)))
    case = scene_of("blur", 3, "test", icons)
    assert "disc" in case.given.prompt
    assert case.given.prompt != case.given.other
    assert case.scenes == scene_of("blur", 3, "test", icons).scenes
    assert case.scenes != scene_of("blur", 3, "test").scenes


def test_every_default_parses():
    assert {Drawer.parse(text).name for text in METHODS if text != "first guess"} == {
        "dreamsampler", "data", "sds", "vectorfusion", "pds", "live", "chain", "trace"
    }  # fmt: skip
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    assert set(TASKS) == {"blur", "sr x4", "sr x8"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n=0"),
        ({"split": "train"}, "split='train'"),
        ({"tasks": ("smear",)}, "task 'smear'"),
        ({"methods": ("scribble",)}, "method='scribble'"),
        ({"methods": ("sds",)}, "need a model"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        run(None, **{"tasks": ("blur",), "methods": ("data",), **SMALL, **arguments})
