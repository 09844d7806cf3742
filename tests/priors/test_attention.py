"""Taps: sites in their order, outputs that a tap leaves alone, rows by name, processors that come back, refusals."""

from pathlib import Path

import pytest
import torch
from diffusers.models.attention_processor import AttnProcessor, FusedAttnProcessor2_0, IPAdapterAttnProcessor2_0

from dreamsampler.core.errors import InputError, ModelError
from dreamsampler.priors.attention import sites, taps
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.priors.latent import LatentDiffusionPrior
from dreamsampler.priors.load import load


@pytest.fixture
def prior(sd1_folder: Path) -> LatentDiffusionPrior:
    return load(sd1_folder)


def ask(prior, count=2):
    z = torch.randn(count, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    conds = [prior.embed([""]), prior.embed(["a red cat"])]
    with torch.no_grad():
        return prior.predict([z, z], prior.schedule.visits(10)[5], conds)


def nothing(site, q, context):
    return site.attend(q, context)


def test_sites_are_listed_as_they_are_executed(prior):
    seen = []
    with taps(prior, lambda site, q, context: seen.append((site, q.shape)) or site.attend(q, context)) as found:
        ask(prior)
    assert [site.name for site, _ in seen] == [site.name for site in found]
    assert [site.name.split(".")[0] for site in found] == ["down_blocks"] * 2 + ["mid_block"] * 2 + ["up_blocks"] * 4
    assert [site.is_cross for site in found] == [False, True] * 4
    for site, shape in seen:
        assert shape[1] == site.heads == site.layer.heads
        assert shape[2] == (8 // site.resolution) ** 2
    assert {site.resolution for site in found} == {1, 2}


@pytest.mark.parametrize("most", [None, 3, 1])
@pytest.mark.parametrize("plain", [True, False])
def test_a_tap_that_does_nothing_changes_nothing(prior, most, plain):
    prior.max_batch = most
    if plain:
        prior.unet.set_attn_processor(AttnProcessor())
    before = ask(prior)
    with taps(prior, nothing):
        tapped = ask(prior)
    for a, b in zip(before, tapped, strict=True):
        torch.testing.assert_close(a.eps, b.eps, rtol=1e-6 if plain else 0, atol=2e-6 if plain else 0)


@pytest.mark.parametrize("most", [None, 3, 1])
def test_rows_are_named_and_changing_one_changes_that_one_alone(prior, most):
    prior.max_batch = most
    before = ask(prior)

    def silence(site, q, context):
        out = site.attend(q, context)
        rows = [i for i, key in enumerate(zip(prior.layout.branches, prior.layout.items, strict=True)) if key == (1, 0)]
        out[rows] = 0
        return out

    with taps(prior, silence):
        after = ask(prior)
    torch.testing.assert_close(after[0].eps, before[0].eps)
    torch.testing.assert_close(after[1].eps[1], before[1].eps[1])
    assert (after[1].eps[0] - before[1].eps[0]).abs().max() > 1e-3


def test_maps_are_the_layers_own(prior):
    worst = []

    def look(site, q, context):
        maps, own = site.maps(q, context), site.attend(q, context)
        scores = site.layer.get_attention_scores(q.flatten(0, 1), site.keys(context).flatten(0, 1))
        torch.testing.assert_close(maps.flatten(0, 1), scores, rtol=1e-5, atol=1e-6)
        worst.append((maps @ site.values(context) - own).abs().max())
        return own

    with taps(prior, look):
        ask(prior)
    assert len(worst) == 8
    assert max(worst) < 1e-5


def test_the_old_processors_come_back_whatever_happens(prior):
    before = dict(prior.unet.attn_processors)

    def broken(site, q, context):
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"), taps(prior, broken):
        ask(prior)
    after = prior.unet.attn_processors
    assert all(after[name] is before[name] for name in before)


def test_what_a_tap_would_drop_is_refused_and_left_as_it_was(prior):
    layer = sites(prior)[3].layer
    plain = layer.processor
    adapter = IPAdapterAttnProcessor2_0(layer.inner_dim, 16)
    for processor, words in ((adapter, "unload the LoRA or IP-Adapter"), (FusedAttnProcessor2_0(), "expected one of")):
        layer.set_processor(processor)
        with pytest.raises(ModelError, match=words), taps(prior, nothing):
            pass
        assert layer.processor is processor
        assert type(sites_layer(prior)) is type(plain)
    layer.set_processor(plain)
    layer.norm_q = torch.nn.LayerNorm(4)
    with pytest.raises(ModelError, match="norm_q"):
        sites(prior)
    layer.norm_q = None
    with taps(prior, nothing), pytest.raises(ModelError, match="tapped already"), taps(prior, nothing):
        pass
    with pytest.raises(InputError, match="GaussianPrior has none"):
        sites(GaussianPrior({"": torch.zeros(1, 2, 2)}))


def sites_layer(prior):
    return prior.unet.down_blocks[0].attentions[0].transformer_blocks[0].attn1.processor
