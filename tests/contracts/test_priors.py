import dataclasses

import pytest
import torch

from dreamsampler.core.noise import Noise
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.priors.load import load

from ..tiny import write_sd1, write_sd2, write_sdxl

PROMPTS = ("", "a cat", "a red dog")


def exact(kind: str) -> GaussianPrior:
    generator = torch.Generator().manual_seed(0)
    means = {p: torch.randn(3, 32, 32, generator=generator) for p in PROMPTS}
    return GaussianPrior({**means, "": torch.stack([*means.values()])}, 0.5, kind)


@pytest.fixture(scope="module")
def priors(tmp_path_factory):
    root = tmp_path_factory.mktemp("priors")
    return {
        **{f"gaussian-{kind}": exact(kind) for kind in ("eps", "x0", "v", "flow")},
        "sd1": load(write_sd1(root / "sd1")),
        "sd2": load(write_sd2(root / "sd2")),
        "sdxl": load(write_sdxl(root / "sdxl")),
    }


@pytest.fixture(params=["gaussian-eps", "gaussian-x0", "gaussian-v", "gaussian-flow", "sd1", "sd2", "sdxl"])
def prior(request, priors):
    return priors[request.param]


@pytest.fixture
def z(prior):
    return Noise([1, 2, 3]).normal(torch.empty(3, *prior.space.latent_shape(32, 32)))


@pytest.fixture
def step(prior):
    return prior.schedule.visits(10)[4]


def close(a, b):
    torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4)


def test_estimates_explain_the_latent(prior, z, step):
    for pred in prior.predict([z, z], step, [prior.embed([p]) for p in PROMPTS[:2]]):
        close(step.a * pred.z0 + step.b * pred.eps, z)
        assert pred.z0.dtype == torch.float32
        assert not pred.z0.requires_grad


def test_prompts_matter(prior, z, step):
    null, cat = prior.predict([z, z], step, [prior.embed([""]), prior.embed(["a cat"])])
    assert float((null.z0 - cat.z0).abs().max()) > 1e-4


def test_pairs_do_not_depend_on_each_other(prior, z, step):
    conds = [prior.embed([p]) for p in PROMPTS]
    together = prior.predict([z, z.flip(0), z], step, conds)
    for latent, cond, pred in zip([z, z.flip(0), z], conds, together, strict=True):
        close(prior.predict([latent], step, [cond])[0].z0, pred.z0)


def test_item_of_a_batch_equals_the_single_run(prior, z, step):
    batch = prior.predict([z], step, [prior.embed(list(PROMPTS))])[0]
    for k, prompt in enumerate(PROMPTS):
        close(prior.predict([z[k : k + 1]], step, [prior.embed([prompt])])[0].z0, batch.z0[k : k + 1])


def test_evaluations_are_counted(prior, z, step):
    before = prior.evaluations
    prior.predict([z, z], step, [prior.embed([""]), prior.embed(["a cat"])])
    assert prior.evaluations - before == 6


def test_gradient_reaches_the_latent_when_asked(prior, z, step):
    leaf = z.clone().requires_grad_(True)
    with torch.enable_grad():
        pred = prior.predict([leaf], step, [prior.embed([""])])[0]
        (gradient,) = torch.autograd.grad(pred.z0.square().sum(), leaf)
    assert float(gradient.abs().max()) > 0
    with torch.no_grad():
        assert not prior.predict([leaf], step, [prior.embed([""])])[0].z0.requires_grad


def test_deterministic_and_silent_about_the_global_generator(prior, z, step):
    before = torch.get_rng_state()
    first, second = (prior.predict([z], step, [prior.embed(["a cat"])])[0].z0 for _ in range(2))
    assert torch.equal(first, second)
    images = torch.zeros(1, 3, 32, 32)
    assert torch.equal(prior.space.encode(images), prior.space.encode(images))
    assert torch.equal(torch.get_rng_state(), before)


def test_space_keeps_its_promises(prior):
    images = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(4)) * 2 - 1
    with torch.no_grad():
        latent = prior.space.encode(images)
        assert latent.shape == (2, *prior.space.latent_shape(32, 48))
        assert prior.space.decode(latent).shape == images.shape
        close(prior.space.encode(images[1:]), latent[1:])


def test_parameterization_is_only_a_matter_of_form():
    prior = exact("eps")
    z, step = Noise([1]).normal(torch.empty(1, 3, 32, 32)), prior.schedule.visits(10)[4]
    reference = exact("eps").predict([z], step, [("a cat",)])[0]
    for kind in ("x0", "v", "flow"):
        close(dataclasses.replace(exact("eps"), kind=kind).predict([z], step, [("a cat",)])[0].z0, reference.z0)
