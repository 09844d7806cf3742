"""`bench inversion` on a tiny real pipeline against direct calls."""

import pytest

from dreamsampler.bench.metrics.psnr import decibels
from dreamsampler.bench.suites.inversion import run
from dreamsampler.core.errors import InputError
from dreamsampler.io.tensors import to_tensor
from dreamsampler.steering.strength import PaperStrength
from dreamsampler.tasks.edit import edit, inversion_report
from iconworld import edit_pairs

FEW = {"steps": (2, 4), "edit_steps": (2, 4), "tasks": ("cat2dog",), "n": 1, "size": 64}


def test_round_trips_and_edits_equal_direct_calls(prior):
    trips, edits = run(prior, methods=("plain", "fixed-point"), caption=True, **FEW)
    pair = edit_pairs("cat2dog", "dev", 1)[0]
    source, truth = (to_tensor(scene.picture(64)) for scene in (pair.source, pair.target))
    kept = {result.labels["method"]: result.values for result in trips.results}
    assert list(kept) == ["plain:steps=2", "plain:steps=4", "fixed-point:steps=2", "fixed-point:steps=4"]
    direct = inversion_report(prior, source, source_prompt=pair.source_prompt, steps=4, inversion="fixed-point")
    vae, back = direct.vae_psnr[0], direct.inversion_psnr[0]
    row = kept["fixed-point:steps=4"]
    assert [row[name] for name in ("loss", "PSNR", "autoencoder", "evaluations")] == pytest.approx(
        [vae - back, back, vae, 3 * 4]
    )
    assert kept["plain:steps=2"]["evaluations"] == 2

    rows = {result.labels["method"]: result.values for result in edits.results}
    coarse, fine = (
        edit(prior, source, [pair.target_prompt], source_prompt=pair.source_prompt, steps=n, weight=PaperStrength(0.2))
        for n in (2, 4)
    )
    row = rows["paper_c=0.2:steps=2"]
    assert row["PSNR to finest"] == pytest.approx(decibels(coarse.images, fine.images))
    assert row["PSNR to truth"] == pytest.approx(decibels(coarse.images, truth))
    assert row["evaluations"] == 2 + 2 * 2
    assert "PSNR to finest" not in rows["paper_c=0.2:steps=4"], "the finest has nothing to be compared with"
    assert rows["strength=1:steps=2"]["PSNR to truth"] != row["PSNR to truth"]


def test_a_second_run_computes_nothing(prior, tmp_path):
    first = run(prior, methods=("two-step",), out=tmp_path, **FEW)
    seen = prior.evaluations
    again = run(prior, methods=("two-step",), out=tmp_path, **FEW)
    assert prior.evaluations == seen
    assert [b.results for b in first] == [b.results for b in again]
    assert {path.name for b in again for path in b.files} >= {"inversion.md", "strength.csv", "inversion.png"}
    under_caption = run(prior, methods=("two-step",), out=tmp_path, caption=True, **FEW)
    assert prior.evaluations > seen, "another prompt is another recipe"
    assert under_caption[0].results != first[0].results


def test_bad_arguments_are_named(prior):
    for bad in ({"n": 0}, {"split": "training"}, {"steps": ()}):
        with pytest.raises(InputError, match="expected"):
            run(prior, **{**FEW, **bad})
    with pytest.raises(InputError, match="use 'dev' or 'test'"):
        run(prior, **FEW, split="train")
    assert prior.evaluations == 0
