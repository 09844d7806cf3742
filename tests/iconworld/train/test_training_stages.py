"""Every stage at tiny widths: what is written loads in plain diffusers and transformers, and is safe to load."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.numpy import load_file
from transformers import CLIPModel, CLIPTokenizer

from dreamsampler.core.errors import InputError
from iconworld.evaluation.card import load_evaluator, write_card
from iconworld.scenes.palette import BACKGROUNDS
from iconworld.scenes.vocabulary import NOUNS, WORDS
from iconworld.training import presets
from iconworld.training.autoencoder import psnr, train_autoencoder
from iconworld.training.decoder import train_decoder
from iconworld.training.diffusion import train_diffusion
from iconworld.training.evaluator import train_evaluator
from iconworld.training.latents import encode_pool
from iconworld.training.loop import Budget
from iconworld.training.pool import Pool
from iconworld.training.text import build_tokenizer
from iconworld.training.worlds import build_pool

VAE, UNET, EVALUATOR = presets.AUTOENCODER["tiny"], presets.DIFFUSION["tiny"], presets.EVALUATOR["tiny"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder in which every stage has run for two steps."""
    out = tmp_path_factory.mktemp("run")
    train = build_pool(out / "scenes/train", 6, "train", None)
    dev = build_pool(out / "scenes/dev", 24, "dev", None)
    tokenizer = build_tokenizer(WORDS)
    budget = Budget(steps=2)
    vae = train_autoencoder(train, dev, out, VAE, budget)
    files = out / "latents.safetensors", out / "dev.safetensors"
    latents = encode_pool(train, vae, files[0]), encode_pool(dev, vae, files[1])
    vae = train_decoder(out / "vae", train, latents[0], dev, latents[1], out, VAE, budget)
    train_diffusion(latents[0], vae.eval(), tokenizer, out, UNET, budget)
    train_evaluator(train, dev, tokenizer, NOUNS, tuple(BACKGROUNDS), out, EVALUATOR, budget)
    write_card(out, None, seed=3, n=4, steps=2)
    return out


def test_plain_diffusers_loads_and_samples(run):
    pipeline = StableDiffusionPipeline.from_pretrained(run / "prior")
    assert pipeline.safety_checker is None
    assert pipeline.feature_extractor is None
    assert pipeline.scheduler.config.prediction_type == "epsilon"
    generator = torch.Generator().manual_seed(0)
    images = pipeline(
        "a cat on a blue background",
        height=128,
        width=128,
        num_inference_steps=2,
        generator=generator,
        output_type="np",
    ).images
    assert images.shape == (1, 128, 128, 3)
    assert np.isfinite(images).all()


def test_latents_have_unit_scale(run):
    latents = load_file(run / "latents.safetensors")["latents"].astype(np.float32)
    assert latents.shape == (6, 4, 16, 16)
    assert 0.8 < latents.std() < 1.25


def test_the_evaluator_loads_in_plain_transformers(run):
    model, tokenizer = CLIPModel.from_pretrained(run / "judge"), CLIPTokenizer.from_pretrained(run / "judge")
    tokens = tokenizer(["a cat", "a dog"], return_tensors="pt").input_ids
    assert model.get_text_features(tokens).pooler_output.shape == (2, 16)
    assert load_evaluator(run / "judge").nouns == NOUNS
    assert json.loads((run / "judge/preprocessor_config.json").read_text())["crop_size"]["width"] == 128


def test_nothing_is_pickled_and_weights_are_half_precision(run):
    for path in (*(run / "prior").rglob("*"), *(run / "judge").rglob("*")):
        assert path.is_dir() or path.suffix in {".json", ".safetensors", ".md", ".txt"}, path
    state = StableDiffusionPipeline.from_pretrained(run / "prior", torch_dtype=torch.float16)
    assert {p.dtype for p in state.unet.parameters()} == {torch.float16}


def test_the_card_holds_what_was_measured(run):
    card = (run / "prior/README.md").read_text()
    measured = json.loads((run / "prior/measured.json").read_text())
    assert f"{measured['autoencoder_psnr_drawn']:.2f} dB" in card
    assert "Noto Emoji" in card
    assert "view of a solid, asked of samples" in card
    assert measured["details"]["glasses"]["samples"]["count"] == 1
    assert "diffusion: 2 steps" in card


def test_the_decoder_stage_leaves_the_encoder_alone(run):
    from safetensors.torch import load_file

    first = load_file(run / "autoencoder.safetensors")
    vae = load_file(run / "vae/diffusion_pytorch_model.safetensors")
    encoder = [name for name in vae if name.startswith(("encoder.", "quant_conv."))]
    assert all(torch.equal(vae[name], first[f"ema.{name}"]) for name in encoder)
    changed = [name for name in vae if not torch.equal(vae[name], first[f"ema.{name}"])]
    assert changed
    assert all(name.startswith(("decoder.", "post_quant_conv.")) for name in changed)


def test_every_stage_knows_every_preset():
    for table in (presets.SCENES, presets.AUTOENCODER, presets.DIFFUSION, presets.EVALUATOR):
        assert set(table) == {"tiny", "cpu", "full"}
    for table in (presets.AUTOENCODER, presets.DIFFUSION, presets.EVALUATOR):
        assert all(preset.name == name for name, preset in table.items())


def test_psnr_of_a_known_error():
    grey = np.full((1, 8, 8, 3), 100, np.uint8)
    assert psnr(grey, grey + 5) == pytest.approx(10 * np.log10(255**2 / 25))
    assert np.isfinite(psnr(grey, grey))


def test_a_stage_can_start_from_finished_weights(run, tmp_path):
    pool, dev = Pool.open(run / "scenes/train"), Pool.open(run / "scenes/dev")
    still = replace(VAE, rate=0.0)
    vae = train_autoencoder(pool, dev, tmp_path, still, Budget(steps=1), start=run / "prior")
    shipped = StableDiffusionPipeline.from_pretrained(run / "prior").vae.state_dict()
    assert all(torch.equal(value, shipped[name]) for name, value in vae.state_dict().items())
    wider = replace(VAE, latent_channels=5)
    with pytest.raises(InputError, match="another shape"):
        train_autoencoder(pool, dev, tmp_path / "wider", wider, Budget(steps=1), start=run / "prior")
