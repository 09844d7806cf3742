"""The weights that the package ships: complete, small, safe to load, and of the world as it is drawn."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file

from iconworld.evaluation.card import load_evaluator
from iconworld.scenes.palette import BACKGROUNDS
from iconworld.scenes.vocabulary import NOUNS, WORDS

WEIGHTS = Path(str(files("dreamsampler"))) / "weights"


@pytest.fixture(scope="module")
def pipeline():
    loaded = StableDiffusionPipeline.from_pretrained(WEIGHTS / "prior")
    loaded.set_progress_bar_config(disable=True)
    return loaded


@pytest.mark.parametrize(("name", "megabytes"), [("prior", 40), ("judge", 10)])
def test_a_folder_is_small_and_nothing_in_it_is_pickled(name, megabytes):
    paths = [path for path in (WEIGHTS / name).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in paths) <= megabytes * 1e6
    assert {path.suffix for path in paths} <= {".json", ".safetensors", ".md", ".txt"}
    tensors = [load_file(path) for path in paths if path.suffix == ".safetensors"]
    assert tensors
    for tensor in (tensor for part in tensors for tensor in part.values()):
        assert tensor.dtype in (torch.float16, torch.int64)
        assert torch.isfinite(tensor.float()).all()


@pytest.mark.parametrize("name", ["prior", "judge"])
def test_no_configuration_names_a_path_of_the_machine_that_trained_it(name):
    for config in (WEIGHTS / name).rglob("*.json"):
        assert "_name_or_path" not in config.read_text(), config


def test_plain_diffusers_samples_something_that_is_not_flat(pipeline):
    generator = torch.Generator().manual_seed(0)
    (picture,) = pipeline(
        "a red apple on a white background",
        height=128,
        width=128,
        num_inference_steps=4,
        guidance_scale=4.0,
        generator=generator,
        output_type="np",
    ).images
    assert picture.shape == (128, 128, 3)
    assert picture.std() > 0.05


def test_every_word_of_the_drawn_world_is_one_token(pipeline):
    for word in (word for word in WORDS if word.isalpha()):
        assert len(pipeline.tokenizer(word).input_ids) == 3, word


def test_the_evaluator_knows_every_noun_and_background():
    evaluator = load_evaluator(WEIGHTS / "judge")
    assert set(NOUNS) <= set(evaluator.nouns)
    assert set(BACKGROUNDS) == set(evaluator.backgrounds)
    assert len(set(evaluator.nouns)) == len(evaluator.nouns)


def test_the_card_says_what_was_measured():
    measured = json.loads((WEIGHTS / "prior/measured.json").read_text())
    card = (WEIGHTS / "prior/README.md").read_text()
    assert "Noto Emoji" in card
    assert f"{measured['autoencoder_psnr_drawn']:.2f} dB" in card
    assert measured["training"]["diffusion"]["steps"] > 1000
