"""Cached latents belong to the scenes and to the encoder that they were made of."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

from dreamsampler.core.errors import InputError, ModelError
from iconworld.training import presets
from iconworld.training.autoencoder import build_autoencoder
from iconworld.training.latents import encode_pool
from iconworld.training.pool import SIZE, Pool, Record

RECORD = Record("drawn", ("cat",), "blue", ("a cat",))


def scenes(count: int = 3) -> Pool:
    pictures = np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)
    return Pool(pictures, [RECORD] * count)


@pytest.fixture
def vae() -> AutoencoderKL:
    return build_autoencoder(presets.AUTOENCODER["tiny"]).eval()


@pytest.fixture
def file(tmp_path: Path, vae: AutoencoderKL) -> Path:
    file = tmp_path / "latents_train.safetensors"
    encode_pool(scenes(), vae, file)
    return file


@torch.no_grad()
def test_the_second_call_reads_the_file_whatever_became_of_the_decoder(file: Path, vae: AutoencoderKL) -> None:
    first, before = encode_pool(scenes(), vae, file), file.stat()
    vae.decoder.conv_in.weight.add_(1.0)
    vae.post_quant_conv.bias.add_(1.0)
    again = encode_pool(scenes(), vae, file)
    np.testing.assert_array_equal(first.latents, again.latents)
    assert first.latents.shape == (3, 4, 16, 16)
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert list(file.parent.iterdir()) == [file]


@torch.no_grad()
def test_latents_of_another_encoder_are_refused(file: Path, vae: AutoencoderKL) -> None:
    kept = file.read_bytes()
    vae.encoder.conv_out.bias.view(-1)[0] += 1e-6
    with pytest.raises(InputError, match=r"latents of another encoder than the run's vae/.*delete the file"):
        encode_pool(scenes(), vae, file)
    assert file.read_bytes() == kept


def test_latents_of_another_scale_are_refused(file: Path, vae: AutoencoderKL) -> None:
    vae.register_to_config(scaling_factor=2.0)
    with pytest.raises(InputError, match="another encoder"):
        encode_pool(scenes(), vae, file)


def test_latents_of_other_scenes_are_refused(file: Path, vae: AutoencoderKL) -> None:
    with pytest.raises(InputError, match="holds latents of 3 scenes, there are 5: delete it"):
        encode_pool(scenes(5), vae, file)


def test_latents_of_as_many_other_scenes_are_refused(file: Path, vae: AutoencoderKL) -> None:
    kept, pool = file.read_bytes(), scenes()
    pool.pictures[2, 0, 0, 0] ^= 1
    with pytest.raises(InputError, match="latents of other scenes than the run's: delete it"):
        encode_pool(pool, vae, file)
    assert file.read_bytes() == kept


def test_a_damaged_file_is_refused(file: Path, vae: AutoencoderKL) -> None:
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(ModelError, match="cut short"):
        encode_pool(scenes(), vae, file)
