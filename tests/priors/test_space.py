"""Latent spaces: scaling, shapes, and autoencoders that overflow in half precision."""

import logging
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from dreamsampler.bench.memory import LiveMemory
from dreamsampler.core.errors import InputError, ModelError, OutOfMemory
from dreamsampler.priors.load import load
from dreamsampler.priors.space import VAESpace
from tests import tiny

CPU = torch.device("cpu")


def latent(n: int = 1) -> torch.Tensor:
    return torch.randn(n, 4, 8, 8, generator=torch.Generator().manual_seed(0))


def test_shapes_and_multiples(sd1_folder: Path) -> None:
    space = load(sd1_folder).space
    assert (space.factor, space.multiple, space.channels) == (8, 16, 4)
    assert space.latent_shape(64, 48) == (4, 8, 6)
    assert space.encode(torch.zeros(2, 3, 64, 48)).shape == (2, 4, 8, 6)
    assert space.decode(torch.zeros(2, 4, 8, 6)).shape == (2, 3, 64, 48)
    for height, width in ((60, 64), (64, 7), (0, 8)):
        with pytest.raises(InputError, match="multiples of 8 pixels"):
            space.latent_shape(height, width)
    with pytest.raises(InputError, match=r"expected \[B, 3, H, W\], got \[3, 64, 64\]"):
        space.encode(torch.zeros(3, 64, 64))
    with pytest.raises(InputError, match="multiples of 8"):
        space.encode(torch.zeros(1, 3, 60, 64))
    with pytest.raises(InputError, match=r"expected a latent \[B, 4, h, w\]"):
        space.decode(torch.zeros(1, 3, 8, 8))


def test_encoding_is_the_posterior_mean(sd1_folder: Path) -> None:
    space = load(sd1_folder).space
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert torch.equal(space.encode(images), space.encode(images))


@pytest.mark.parametrize(
    "config",
    [
        {"scaling_factor": 0.5},
        {"scaling_factor": 0.5, "shift_factor": 0.25},
        {"scaling_factor": 0.5, "latents_mean": [0.1, 0.2, 0.3, 0.4], "latents_std": [1.0, 2.0, 3.0, 4.0]},
    ],
)
def test_scale_and_shift_of_the_configuration(config: dict[str, object]) -> None:
    with tiny.seeded(0):
        vae = tiny.make_vae(**config)
    space = VAESpace(vae, 1, CPU)
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mean = torch.tensor(config.get("latents_mean", config.get("shift_factor", 0.0))).reshape(-1, 1, 1)
    std = torch.tensor(config.get("latents_std", 1.0)).reshape(-1, 1, 1)
    with torch.no_grad():
        raw = vae.encode(images).latent_dist.mean
        torch.testing.assert_close(space.encode(images), (raw - mean) / std * 0.5)
        torch.testing.assert_close(space.decode(space.encode(images)), vae.decode(raw).sample)


def test_gradients_pass_both_ways(sd1_folder: Path) -> None:
    space = load(sd1_folder).space
    z = latent().requires_grad_(True)
    images = torch.zeros(1, 3, 64, 64).requires_grad_(True)
    assert torch.autograd.grad(space.decode(z).square().sum(), z)[0].abs().sum() > 0
    assert torch.autograd.grad(space.encode(images).square().sum(), images)[0].abs().sum() > 0


@pytest.mark.parametrize(("force", "expected"), [(None, torch.float32), (True, torch.float32), (False, torch.float16)])
def test_autoencoders_stay_in_float32_under_float16_unless_their_configuration_allows_it(
    tmp_path: Path, force: bool | None, expected: torch.dtype
) -> None:
    folder = tiny.write_sd1(tmp_path, vae={} if force is None else {"force_upcast": force})
    prior = load(folder, dtype="float16")
    assert prior.space.dtype == expected
    assert next(prior.unet.parameters()).dtype == torch.float16
    assert prior.space.decode(latent()).dtype == torch.float32
    assert load(folder, dtype="bfloat16").space.dtype == torch.bfloat16


def test_an_overflow_in_half_precision_is_repeated_in_float32_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The decoder's first layer gives numbers beyond 65504; the norms after it bring them back."""
    pipe = tiny.make_sd(tmp_path / "words", vae={"force_upcast": False})
    with torch.no_grad():
        pipe.vae.decoder.conv_in.weight.mul_(1e5)
    pipe.save_pretrained(tmp_path / "model")
    exact = load(tmp_path / "model").space.decode(latent())
    prior = load(tmp_path / "model", dtype="float16")
    assert prior.space.dtype == torch.float16
    with caplog.at_level(logging.WARNING):
        torch.testing.assert_close(prior.space.decode(latent()), exact, rtol=2e-2, atol=2e-2)
        prior.space.decode(latent())
    assert len([r for r in caplog.records if "overflowed in float16" in r.message]) == 1
    assert len(prior.notes) == 1
    assert "runs in float32 from here on" in prior.notes[0]


def test_a_pipelines_own_autoencoder_is_not_cast_by_a_retry(tmp_path: Path) -> None:
    pipe = tiny.make_sd(tmp_path / "words", vae={"force_upcast": False})
    with torch.no_grad():
        pipe.vae.decoder.conv_in.weight.mul_(1e5)
    pipe.to(torch.float16)
    prior = load(pipe)
    assert prior.space.decode(latent()).isfinite().all()
    assert pipe.vae.dtype == torch.float16
    assert prior.space.dtype == torch.float32


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_values_that_are_not_finite_even_in_float32_are_an_error(tmp_path: Path, dtype: str) -> None:
    pipe = tiny.make_sd(tmp_path / "words", vae={"force_upcast": False})
    with torch.no_grad():
        pipe.vae.decoder.conv_in.bias.fill_(float("nan"))
    pipe.save_pretrained(tmp_path / "model")
    with pytest.raises(ModelError, match="decoding gave NaN or infinite"):
        load(tmp_path / "model", dtype=dtype).space.decode(latent())


def test_running_out_of_memory_names_a_remedy(sd1_folder: Path) -> None:
    prior = load(sd1_folder)
    prior.space._vae.decoder.register_forward_pre_hook(lambda *_: torch.empty(2**48))
    with pytest.raises(OutOfMemory, match="decoding 1 items of 8x8; use dtype='bfloat16'"):
        prior.space.decode(latent())


def test_lean_decoding_holds_less_gives_the_same_gradient_and_leaves_no_trace(sd1_folder: Path) -> None:
    space = load(sd1_folder, device="cpu", dtype="float32").space
    z = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    before = dict(vars(space._vae.decoder))
    peaks, gradients = [], []
    for context in (nullcontext, space.lean_decoding):
        x = z.clone().requires_grad_()
        with LiveMemory() as memory:
            with context():
                picture = space.decode(x)
            gradients += torch.autograd.grad(picture.square().sum(), x)
            del picture
        peaks.append(memory.peak)
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-5, rtol=1e-4)
    assert peaks[1] < 0.6 * peaks[0]
    with pytest.raises(InputError), space.lean_decoding():
        space.decode(torch.zeros(1, 3, 8, 8))
    assert dict(vars(space._vae.decoder)) == before


def test_a_decoder_whose_owner_checkpoints_it_still_does_afterwards(sd1_folder: Path) -> None:
    space = load(sd1_folder, device="cpu", dtype="float32").space
    space._vae.enable_gradient_checkpointing()
    own = space._vae.decoder._gradient_checkpointing_func
    with space.lean_decoding():
        space.decode(latent())
    assert space._vae.decoder.gradient_checkpointing
    assert space._vae.decoder._gradient_checkpointing_func is own
