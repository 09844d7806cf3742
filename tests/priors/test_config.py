"""Nothing of a model's folder runs, hangs or fills the memory: it is refused by file and field before it is built."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dreamsampler.core.errors import ModelError
from dreamsampler.priors import bundle
from dreamsampler.priors.load import load


@pytest.fixture
def broken(sd1_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sd1_folder, tmp_path / "model"))


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps((json.loads(path.read_text()) if path.exists() else {}) | changes))


def link(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


CODE = {"AutoTokenizer": ["evil.Tokenizer", None]}
DAMAGE: list[tuple[Callable[[Path], object], str]] = [
    (
        lambda m: edit(m / "model_index.json", tokenizer=["transformers", "AutoTokenizer"]),
        "tokenizer is a transformers.A",
    ),
    (lambda m: edit(m / "model_index.json", unet=["evil", "Net"]), "unet is a evil.Net"),
    (lambda m: edit(m / "model_index.json", scheduler=["diffusers", "DiffusionPipeline"]), "expected a scheduler"),
    (lambda m: edit(m / "model_index.json", _class_name=["pipeline", "Mine"]), "pipeline that comes with the model"),
    (lambda m: edit(m / "tokenizer" / "tokenizer_config.json", auto_map=CODE), r"tokenizer_config\.json: auto_map"),
    (lambda m: edit(m / "text_encoder" / "config.json", auto_map={"AutoModel": "x.X"}), r"config\.json: auto_map"),
    (lambda m: (m / "tokenizer" / "evil.py").write_text("1"), r"evil\.py: models with code of their own"),
    (lambda m: edit(m / "text_encoder" / "adapter_config.json", base_model_name_or_path="/etc"), "merge the adapter"),
    (lambda m: edit(m / "unet" / "x.safetensors.index.json", weight_map={"a": "b.bin"}), r"names 'b\.bin'"),
    (lambda m: edit(m / "unet" / "x.safetensors.index.json", weight_map={"a": "../../b.safetensors"}), r"names '\.\./"),
    (lambda m: link(m / "unet" / "config.json", "/dev/zero"), r"unet/config\.json is not a regular file"),
    (lambda m: link(m / "model_index.json", "/dev/zero"), "not a diffusers model folder|is not a regular file"),
    (lambda m: fifo(m / "vae" / "config.json"), r"vae/config\.json is not a regular file"),
    (lambda m: fifo(m / "unet" / "diffusion_pytorch_model.safetensors"), "is not a regular file"),
    (lambda m: (m / "unet" / "config.json").write_bytes(b" " * (5 * 2**20)), "no configuration has more than"),
    (
        lambda m: edit(m / "text_encoder" / "config.json", num_hidden_layers=10**6),
        "num_hidden_layers=1000000; expected",
    ),
    (lambda m: edit(m / "unet" / "config.json", layers_per_block=10**6), "layers_per_block=1000000; expected"),
    (
        lambda m: edit(m / "text_encoder" / "config.json", hidden_size=60_000),
        r"asks for .* parameters|cannot be loaded",
    ),
    (lambda m: edit(m / "vae" / "config.json", scaling_factor="much"), "scaling_factor='much'; expected a number"),
    (lambda m: edit(m / "vae" / "config.json", scaling_factor=float("nan")), "scaling_factor=nan"),
    (lambda m: edit(m / "vae" / "config.json", up_block_types=["UpDecoderBlock2D"]), "one entry a level"),
    (lambda m: edit(m / "scheduler" / "scheduler_config.json", beta_start=None), "beta_start=None"),
    (lambda m: edit(m / "vae" / "config.json", latents_std=[1.0] * 5), "latents_std has 5 entries"),
    (lambda m: edit(m / "tokenizer" / "tokenizer_config.json", eos_token="new"), "its text encoder knows"),
    (lambda m: edit(m / "tokenizer" / "tokenizer_config.json", model_max_length=25.6), r"model_max_length=25\.6"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGE, ids=[words for _, words in DAMAGE])
def test_hostile_folders(broken: Path, damage: Callable[[Path], object], words: str) -> None:
    damage(broken)
    with pytest.raises(ModelError, match=words):
        load(broken, device="cpu")


def test_a_flipped_bit_in_shipped_weights_is_found(tmp_path: Path) -> None:
    weights = tmp_path / "unet" / "w.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(bytes(1000))
    bundle.write_digests(tmp_path)
    bundle.check_digests(tmp_path)
    weights.write_bytes(bytes(500) + b"\1" + bytes(499))
    with pytest.raises(ModelError, match=r"w\.safetensors is not the file that came with this version"):
        bundle.check_digests(tmp_path)


def test_the_shipped_digests_fit_the_shipped_weights() -> None:
    for folder in (bundle.bundled_folder(), bundle.bundled_folder().with_name("judge")):
        assert (folder / bundle.DIGESTS).is_file()
        bundle.check_digests(folder)
