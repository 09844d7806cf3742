"""`bench speed`: counts are exact and the released procedure is the one it claims to be; times are only plausible."""

import pytest
import torch

from dreamsampler.bench.clock import Watched, spread
from dreamsampler.bench.released import Network, released_edit
from dreamsampler.bench.speed import run
from dreamsampler.core.errors import InputError
from dreamsampler.core.noise import Noise
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.priors.load import load
from tests.tiny import write_sd2, write_sdxl


def test_counts_ratio_and_agreement_with_the_released_procedure(prior, tmp_path):
    seen = []
    report = run(
        prior,
        steps=4,
        repeats=2,
        batches=(1, 2),
        size=32,
        out=tmp_path / "new" / "folder",
        on_item=lambda done, total, title: seen.append((done, total)),
    )
    rows = {labels[0]: cells for labels, cells in report.cost.rows}
    assert [cell.mean for cell in rows["loop"][:2]] == [4 + 2 * 4, 8]
    assert [cell.mean for cell in rows["released procedure"][:2]] == [4 * 4, 8]
    assert report.evaluation_ratio == 0.75
    assert report.difference < 1e-4
    assert [labels[0] for labels, _ in report.rate.rows] == ["1", "2"]
    loop = rows["loop"]
    assert loop[3].mean > 0
    assert loop[4].mean > 0
    assert report.overhead == pytest.approx(loop[5].mean / 100, rel=1e-6)
    assert loop[6].mean > 0
    assert rows["bare network calls"][7].mean == 1.0
    assert rows["released procedure"][8].mean == rows["released procedure"][9].mean == 1.0
    assert report.wall_ratio == pytest.approx(loop[8].mean)
    assert report.processor_ratio == pytest.approx(loop[9].mean)
    assert seen == [(i, 5) for i in range(6)]
    assert (tmp_path / "new" / "folder" / "speed.md").read_text("utf-8").count("###") == 2


def test_the_released_procedure_on_a_v_network_too(tmp_path):
    """And that it multiplies the prompt by zero on the way up: another prompt, the same inversion."""
    prior = load(write_sd2(tmp_path), device="cpu")
    report = run(prior, steps=2, repeats=1, batches=(1,), size=32)
    assert report.difference < 1e-4
    z = Noise([0]).normal(torch.empty(1, 4, 4, 4))
    null, cat, dog = (prior.embed([p]) for p in ("", "a cat", "a dog"))
    visits = prior.schedule.visits(3)
    ways = [released_edit(Network(prior, null, cond), z, visits, c) for cond, c in ((cat, 0.0), (dog, 0.0), (dog, 1.0))]
    torch.testing.assert_close(ways[0], ways[1], atol=1e-6, rtol=0)
    assert (ways[1] - ways[2]).abs().max() > 1e-4


def test_a_size_conditioned_network_has_no_released_row(tmp_path):
    report = run(load(write_sdxl(tmp_path), device="cpu"), steps=2, repeats=1, batches=(1,), size=32)
    assert [labels[0] for labels, _ in report.cost.rows][-1].startswith("edit")
    assert report.wall_ratio is report.processor_ratio is report.evaluation_ratio is report.difference is None


def test_watched_repeats_the_very_calls_and_leaves_no_hook(prior):
    z = Noise([0, 1]).normal(torch.empty(2, 4, 4, 4))
    step, cond = prior.schedule.visits(2)[0], prior.embed(["a cat"])
    with Watched(prior.unet, prior.device) as watched:
        prior.predict([z, z[:1]], step, [cond, cond])
    assert (watched.latents, len(watched.calls)) == (3, 1)
    inside = watched.inside
    with Watched(prior.unet, prior.device) as again:
        watched.repeat()
    assert again.latents == 3
    assert all(torch.equal(x, y) for x, y in zip(watched.calls[0][0], again.calls[0][0], strict=True))
    assert watched.inside == inside, "the first hooks are gone"
    assert not prior.unet._forward_hooks
    assert not prior.unet._forward_pre_hooks


def test_spread_is_median_and_extremes():
    cell = spread([3.0, 1.0, 10.0])
    assert (cell.mean, cell.low, cell.high, cell.count) == (3.0, 1.0, 10.0, 3)


def test_what_cannot_be_timed_is_said(prior, tmp_path):
    with pytest.raises(InputError, match="network"):
        run(GaussianPrior({"": torch.zeros(3, 8, 8)}))
    with pytest.raises(InputError, match="repeats=0"):
        run(prior, repeats=0)
    (tmp_path / "file").touch()
    seen = prior.evaluations
    with pytest.raises(InputError, match="file"):
        run(prior, out=tmp_path / "file")
    assert prior.evaluations == seen, "refused before the work, not after it"
