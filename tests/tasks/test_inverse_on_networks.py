"""Inpainting and restoration on a tiny checkpoint of the real classes: what the network is asked, counted by hooks."""

import pytest
import torch
from tests.tiny import write_sd1

from dreamsampler.methods.registry import names
from dreamsampler.methods.run import restore_with
from dreamsampler.operators import degrade, gaussian_blur
from dreamsampler.operators.mask import RectangleMask
from dreamsampler.priors.load import load
from dreamsampler.tasks.inpaint import inpaint

N = 9
CONSISTENT = 3  # of 9 steps: 2, 5, 8


@pytest.fixture(scope="module")
def prior(tmp_path_factory):
    return load(write_sd1(tmp_path_factory.mktemp("tiny") / "sd1"), device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def pictures():
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture(scope="module")
def holes():
    eyes, mouth = torch.zeros(1, 1, 64, 64), torch.zeros(1, 1, 64, 64)
    eyes[..., 10:25, 8:56], mouth[..., 40:52, 20:45] = 1, 1
    return [eyes, mouth]


@pytest.mark.parametrize("k", [1, 2])
def test_rows_forward_and_passes_back(prior, pictures, holes, k):
    rows, back = [], []
    hooks = [
        prior.unet.register_forward_hook(lambda module, args, out: rows.append(args[0].shape[0])),
        prior.unet.register_full_backward_hook(lambda module, given, taken: back.append(taken[0].shape[0])),
    ]
    try:
        result = inpaint(prior, pictures, holes[:k], ["a red circle", "a dog"][:k], steps=N)
    finally:
        for hook in hooks:
            hook.remove()
    expected = []
    for i in range(N):  # two items; a gradient passes through the null prompt's rows alone
        expected += [2 * (k + 1)] if (N - 1 - i) % 3 == 0 else [2, 2 * k]
    assert rows == expected
    assert back == [2] * (N - CONSISTENT)
    assert result.receipt.evaluations == sum(rows)


def test_known_pixels_stay_and_batches_do_not_matter(prior, pictures, holes):
    both = inpaint(prior, pictures, holes, ["a cat", "a dog"], steps=4, seeds=[1, 2], feather=3)
    alone = inpaint(prior, pictures[1:], holes, ["a cat", "a dog"], steps=4, seeds=[2], feather=3)
    torch.testing.assert_close(both.images[1:], alone.images, atol=2e-3, rtol=0)
    outside = (holes[0] + holes[1] == 0).expand_as(pictures)
    assert torch.equal(both.images[outside], pictures[outside])
    assert not torch.equal(both.images[~outside], pictures[~outside])


@pytest.mark.parametrize("name", [n for n in names("inverse") if n != "stable-inpaint"])
def test_every_method_runs_on_a_latent_diffusion_model(prior, pictures, name):
    operator = RectangleMask((20, 40), (16, 50)) if name == "repaint" else gaussian_blur(1.5, 9)
    options = {"resample": {"pixel_iterations": 5, "latent_iterations": 5}, "repaint": {"jump": 3, "resample": 2}}
    measured = degrade(pictures[:1], operator, 0.02)
    result = restore_with(name, prior, measured, "a red square", steps=6, **options.get(name, {}))
    assert result.images.shape == (1, 3, 64, 64)
    assert bool(torch.isfinite(result.images).all())
    assert not result.images.requires_grad


def test_graphs_never_reach_across_steps(prior, pictures):
    """What a DPS step holds does not grow with their number: no state keeps a graph."""
    measured = degrade(pictures[:1], gaussian_blur(1.5, 9), 0.02)
    seen = []
    restore_with("latent-dps", prior, measured, steps=4, on_progress=lambda phase, k, n, state: seen.append(state))
    assert all(state.z.grad_fn is None and state.z0.grad_fn is None for state in seen)
