"""`bench edit` on a tiny real pipeline: what it writes is what a hand count and a direct call give."""

import json
from dataclasses import replace

import pytest
import torch
from PIL import Image

from dreamsampler.bench.editors import NAMES, Case, Editor
from dreamsampler.bench.metrics.psnr import decibels
from dreamsampler.bench.suites.edit import COLUMNS, METHODS, run
from dreamsampler.core.errors import InputError
from dreamsampler.io.tensors import to_tensor
from dreamsampler.methods.run import edit_with
from dreamsampler.tasks.edit import edit
from iconworld import edit_pairs

FEW = ("dreamsampler:steps=3", "sdedit:steps=4,denoise=0.5", "unedited")


def test_rows_hold_what_a_direct_call_gives(prior, judge):
    bench = run(prior, judge, methods=FEW, tasks=("cat2dog",), split="dev", n=1, first=5, size=64, seed=100)
    pair = edit_pairs("cat2dog", "dev", 1, 5)[0]
    source, truth = (to_tensor(scene.picture(64)) for scene in (pair.source, pair.target))
    direct = edit(prior, source, [pair.target_prompt], steps=3, seeds=[105]).images
    values = {r.labels["method"]: r.values for r in bench.results}
    assert values["dreamsampler:steps=3"]["PSNR"] == pytest.approx(decibels(direct[0], truth[0]), abs=1e-9)
    noisy = edit_with("sdedit", prior, source, pair.target_prompt, steps=4, denoise=0.5, seeds=[105]).images
    assert values[FEW[1]]["PSNR"] == pytest.approx(decibels(noisy[0], truth[0]), abs=1e-9)
    outside = torch.from_numpy(~pair.change_mask(64))
    expected = decibels(direct[0][:, outside], source[0][:, outside])
    assert values["dreamsampler:steps=3"]["PSNR outside"] == pytest.approx(expected, abs=1e-9)
    evaluations = {method: row["evaluations"] for method, row in values.items()}
    assert evaluations == {FEW[0]: 3 + 2 * 3, FEW[1]: 2 * 2, "unedited": 0}
    assert values["unedited"]["structure distance"] == pytest.approx(0.0, abs=1e-12)
    assert values["unedited"]["PSNR"] == pytest.approx(decibels(source[0], truth[0]), abs=1e-9)
    assert {column.name for column in COLUMNS} | {"seconds"} == set(values["unedited"])


def test_a_killed_benchmark_goes_on_and_equals_an_undisturbed_one(tmp_path, prior, judge):
    settings = {"methods": FEW, "tasks": ("cat2dog", "object-color"), "split": "dev", "n": 1, "size": 64}

    def kill(done, total, title):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(prior, judge, **settings, out=tmp_path / "a", on_item=kill)
    assert len((tmp_path / "a" / "results.jsonl").read_text().splitlines()) == 4
    first = run(prior, judge, **settings, out=tmp_path / "a")
    undisturbed = run(prior, judge, **settings, out=tmp_path / "b")

    def lasting(bench):
        return [(r.key, r.labels, {k: v for k, v in r.values.items() if k != "seconds"}) for r in bench.results]

    assert lasting(first) == lasting(undisturbed)
    files = [(tmp_path / name / "results.jsonl").read_bytes() for name in ("a", "b")]
    assert files[0] == files[1], "times are kept apart"
    seen = prior.evaluations
    again = run(prior, judge, **settings, out=tmp_path / "a")
    assert prior.evaluations == seen, "nothing is computed twice"
    assert again.results == first.results


def test_files_and_sheet(tmp_path, prior, judge):
    bench = run(
        prior, judge, methods=FEW[1:], tasks=("object-color",), split="dev", n=2, size=64, out=tmp_path, sheet=1
    )
    assert [p.name for p in bench.files] == [
        "edit.md",
        "edit.csv",
        "edit.json",
        "edit-2.csv",
        "edit-2.json",
        "edit.png",
    ]
    rows = json.loads((tmp_path / "edit.json").read_text("utf-8"))["rows"]
    assert [row["method"] for row in rows] == list(FEW[1:])
    assert rows[0]["PSNR"]["count"] == 2
    assert len(list((tmp_path / "pictures").iterdir())) == 4
    width = Image.open(tmp_path / "edit.png").width
    assert width > 4 * 128, "source, truth and two methods"


def test_another_judge_or_prior_is_another_recipe(prior, judge):
    settings = {"methods": ("unedited",), "tasks": ("cat2dog",), "split": "dev", "n": 1, "size": 64}
    keys = {run(prior, judge, **settings, seed=s).results[0].key for s in (0, 1)}
    before = judge.model.logit_scale.data.clone()
    try:
        judge.model.logit_scale.data += 1
        keys.add(run(prior, judge, **settings).results[0].key)
    finally:
        judge.model.logit_scale.data.copy_(before)
    assert len(keys) == 3


@pytest.mark.parametrize("name", NAMES)
def test_every_editor_runs_through_the_common_door(name, prior):
    pair = edit_pairs("one-of-two", "dev", 1)[0]
    region = torch.from_numpy(pair.change_mask(64)).float()[None, None]
    case = Case(to_tensor(pair.source.picture(64)), pair.source_prompt, pair.target_prompt, region, 3)
    if name == "p2p":  # its captions have as many words
        case = replace(case, source_prompt="a red apple", prompt="a red star")
    spec = name if name in ("autoencoder", "unedited") else f"{name}:steps=2"
    outcome = Editor.parse(spec)(prior, case)
    assert outcome.images.shape == (1, 3, 64, 64)
    assert torch.isfinite(outcome.images).all()


def test_names_carry_settings():
    editor = Editor.parse("sdedit:denoise=0.7,steps=5", {"sdedit": {"guidance_scale": 4.0, "denoise": 0.5}})
    assert (editor.method, dict(editor.settings)) == ("sdedit", {"guidance_scale": 4.0, "denoise": 0.7, "steps": 5})
    assert set(METHODS) < set(NAMES)
    for bad in ("p4p", "sdedit:tau=1", "sdedit:steps=many", "unedited:steps=3"):
        with pytest.raises(InputError, match=bad.partition(":")[0]):
            Editor.parse(bad)


@pytest.mark.parametrize(
    "bad", [{"n": 0}, {"split": "train"}, {"methods": ("sdedit", "sdedit")}, {"tasks": ("cat2cow",)}]
)
def test_bad_arguments_are_named(bad, prior, judge):
    with pytest.raises(InputError, match=next(iter(bad)).rstrip("s")):
        run(prior, judge, size=64, **{"n": 1, **bad})
