"""`bench inversion` on a tiny real pipeline against direct calls."""

import pytest

from dreamsampler.bench.inversion import run
from dreamsampler.bench.metrics.psnr import decibels
from dreamsampler.core.errors import InputError
from dreamsampler.io.tensors import to_tensor
from dreamsampler.steering.strength import PaperStrength
from dreamsampler.tasks.edit import edit, inversion_report
from iconworld import edit_pairs

FEW = {"steps": (2, 4), "edit_steps": (2, 4), "tasks": ("cat2dog",), "n": 1, "size": 64}


def test_round_trips_and_edits_equal_direct_calls(prior):
    report = run(prior, methods=("plain", "fixed-point"), caption=True, **FEW)
    pair = edit_pairs("cat2dog", "dev", 1)[0]
    source, truth = (to_tensor(scene.picture(64)) for scene in (pair.source, pair.target))
    trips = {labels: [cell.mean for cell in cells] for labels, cells in report.round_trip.rows}
    assert list(trips) == [("plain", "2"), ("plain", "4"), ("fixed-point", "2"), ("fixed-point", "4")]
    direct = inversion_report(prior, source, source_prompt=pair.source_prompt, steps=4, inversion="fixed-point")
    vae, back = direct.vae_psnr[0], direct.inversion_psnr[0]
    assert trips["fixed-point", "4"] == pytest.approx([vae - back, back, vae, 3 * 4])
    assert trips["plain", "2"][3] == 2

    rows = dict(report.equivalence.rows)
    edits = [
        edit(prior, source, [pair.target_prompt], source_prompt=pair.source_prompt, steps=n, weight=PaperStrength(0.2))
        for n in (2, 4)
    ]
    coarse, fine = rows["c = 0.2", "2"], rows["c = 0.2", "4"]
    assert coarse[0].mean == pytest.approx(decibels(edits[0].images, edits[1].images))
    assert coarse[1].mean == pytest.approx(decibels(edits[0].images, truth))
    assert coarse[2].mean == 2 + 2 * 2
    assert (fine[0].mean, fine[0].undefined) == (None, 0), "the finest has nothing to be compared with"
    assert rows["Strength(1)", "2"][1].mean != coarse[1].mean


def test_a_second_run_computes_nothing(prior, tmp_path):
    first = run(prior, methods=("two-step",), out=tmp_path, **FEW)
    seen = prior.evaluations
    again = run(prior, methods=("two-step",), out=tmp_path, **FEW)
    assert prior.evaluations == seen
    assert first.equivalence == again.equivalence
    names = ["inversion.md", "inversion.csv", "inversion.json", "inversion-2.csv", "inversion-2.json"]
    assert [path.name for path in again.files] == names
    under_caption = run(prior, methods=("two-step",), out=tmp_path, caption=True, **FEW)
    assert prior.evaluations > seen, "another prompt is another recipe"
    assert under_caption.round_trip.rows != first.round_trip.rows


def test_bad_arguments_are_named(prior):
    for bad in ({"n": 0}, {"split": "training"}, {"steps": ()}):
        with pytest.raises(InputError, match="expected"):
            run(prior, **{**FEW, **bad})
    with pytest.raises(InputError, match="use 'dev' or 'test'"):
        run(prior, **FEW, split="train")
    assert prior.evaluations == 0
