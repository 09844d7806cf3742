"""Tensors are counted exactly, with content or without, and inpainting holds fewer of them than the released code."""

import gc

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from dreamsampler.bench.imaginary import imaginary_prior
from dreamsampler.bench.inpaint_memory import OURS, RELEASED, run
from dreamsampler.bench.memory import LiveMemory
from dreamsampler.core.errors import InputError
from dreamsampler.priors.gaussian import GaussianPrior
from tests.tiny import make_unet, make_vae


def test_each_piece_counts_once_while_it_lives():
    x, w, before = torch.ones(1000, requires_grad=True), torch.ones(1000), torch.ones(50)
    with LiveMemory() as memory:
        y = (x * w).exp()
        assert (memory.now, memory.peak) == (4000, 8000)  # the product was needed for a moment
        z = y.reshape(10, 100).t()
        before.add_(1.0)
        assert memory.now == 4000  # a view is no memory, and neither is what was there before
        z.sum().backward()
        del y, z
        assert memory.now == 4000  # x.grad
        x.grad = None
        assert memory.now == 0


def test_what_only_autograd_holds_counts_and_so_does_what_a_checkpoint_computes_again():
    def chain(x):
        return x.exp().sin().cos()

    x = torch.ones(1000, requires_grad=True)
    with LiveMemory() as kept:
        y = chain(x)
        assert kept.now == 12000
        y.sum().backward()
    x.grad = None
    with LiveMemory() as lean:
        y = checkpoint(chain, x, use_reentrant=False)
        assert lean.now == 4000
        forward = lean.peak
        y.sum().backward()
    assert lean.peak > forward


def test_tensors_without_content_count_like_real_ones(prior):
    """The tiny Stable Diffusion with its weights, and its architecture alone."""
    real = run(prior)
    with imaginary_prior(lambda: make_unet(16), make_vae) as imagined:
        imaginary = run(imagined)
    assert imaginary.added == pytest.approx(real.added, rel=0.01)
    # evaluations: 3 up, then a prompt and null, and null alone twice; the released code doubles most
    assert [cells[0].mean for _, cells in imaginary.table.rows] == [12, 7, 7, 7]


def test_stable_diffusion_takes_at_most_seven_tenths_of_the_released_memory(tmp_path):
    report = run(size=512, out=tmp_path)
    assert report.added[OURS] <= 0.5 * report.added[RELEASED]
    assert report.added[f"{OURS}, and checkpoint_gradients()"] < report.added[OURS]
    assert report.added[OURS] < 0.6 * report.added[f"{OURS}, lean=False"]
    whole = {labels[0]: cells[-1].mean for labels, cells in report.table.rows}
    assert whole[OURS] <= 0.7
    assert (tmp_path / "memory.md").exists()


def test_a_run_leaves_the_model_as_it_was(prior):
    run(prior)
    gc.collect()
    assert not prior.unet.is_gradient_checkpointing
    assert not prior.unet._forward_pre_hooks
    assert not prior.space._vae.decoder.gradient_checkpointing


def test_bad_input_is_named(prior):
    with pytest.raises(InputError, match="size=50"):
        run(prior, size=50)
    with pytest.raises(InputError, match="no network"):
        run(GaussianPrior({"": torch.zeros(3, 8, 8)}))
