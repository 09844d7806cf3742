"""Beginning a stage with the weights of a finished prior instead of random ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer

from dreamsampler.core.errors import InputError
from dreamsampler.io.weights import check_safetensors
from iconworld.training.checkpoint import writing
from iconworld.training.presets import AutoencoderPreset, DiffusionPreset


def copy_weights(source: nn.Module, target: nn.Module, folder: Path) -> None:
    """Give ``target`` the weights of ``source``; InputError if the two are of different shapes."""
    weights, wanted = source.state_dict(), target.state_dict()
    wrong = [k for k in wanted if k in weights and weights[k].shape != wanted[k].shape]
    wrong += sorted(weights.keys() ^ wanted.keys())
    if wrong:
        raise InputError(f"--start {folder}: {wrong[0]} has another shape; use the preset (and --icons) of that run")
    target.load_state_dict({name: weights[name].float() for name in wanted})


def start_autoencoder(vae: AutoencoderKL, folder: Path) -> None:
    """Begin with the autoencoder in ``folder``/vae."""
    copy_weights(AutoencoderKL.from_pretrained(_part(folder, "vae"), torch_dtype=torch.float32), vae, folder)


def start_diffusion(text_encoder: CLIPTextModel, unet: UNet2DConditionModel, folder: Path) -> None:
    """Begin with the text encoder and UNet of the prior in ``folder``."""
    encoder = CLIPTextModel.from_pretrained(_part(folder, "text_encoder"), dtype=torch.float32)
    copy_weights(encoder, text_encoder, folder)
    copy_weights(UNet2DConditionModel.from_pretrained(_part(folder, "unet"), torch_dtype=torch.float32), unet, folder)


def start_judge(judge: CLIPModel, folder: Path) -> None:
    """Begin with the judge in ``folder``."""
    copy_weights(CLIPModel.from_pretrained(_part(folder, "."), dtype=torch.float32), judge, folder)


def check_autoencoder(folder: Path, preset: AutoencoderPreset) -> None:
    """InputError unless the autoencoder in ``folder`` has the preset's sizes; nothing is loaded."""
    sizes = {
        "block_out_channels": list(preset.widths),
        "layers_per_block": preset.layers,
        "latent_channels": preset.latent_channels,
    }
    _check_sizes(folder, "vae", preset.name, sizes)


def check_diffusion(folder: Path, preset: DiffusionPreset) -> None:
    """InputError unless the UNet in ``folder`` has the preset's sizes; nothing is loaded or copied."""
    sizes = {
        "block_out_channels": list(preset.widths),
        "layers_per_block": preset.layers,
        "cross_attention_dim": preset.text_width,
    }
    _check_sizes(folder, "unet", preset.name, sizes)


def _check_sizes(folder: Path, part: str, preset: str, sizes: dict[str, object]) -> None:
    found = json.loads((_part(folder, part) / "config.json").read_text())
    for name, size in sizes.items():
        if found.get(name) != size:
            raise InputError(
                f"--start {folder}: its {part} has {name} {found.get(name)}, the preset {preset!r} has {size}; "
                "use the preset of that run"
            )


def take_autoencoder(folder: Path, out: Path) -> None:
    """Use the finished prior's autoencoder, unless the run has its own: its UNet knows no other latents."""
    target, temporary = out / "vae", out / "vae.tmp"
    if not (target / "config.json").exists():
        source = _part(folder, "vae")
        with writing(target):
            for left in (temporary, target):  # of a run that was killed here
                shutil.rmtree(left, ignore_errors=True)
            shutil.copytree(source, temporary)
            temporary.replace(target)


def check_words(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """InputError unless the tokenizer in ``folder`` numbers its tokens as ``tokenizer`` does."""
    if not folder.is_dir():
        raise InputError(f"--start: there is no tokenizer in {folder}")
    if CLIPTokenizer.from_pretrained(folder).get_vocab() != tokenizer.get_vocab():
        raise InputError(f"--start {folder}: its tokenizer has other words; use the --icons of that run")


def _part(folder: Path, name: str) -> Path:
    if not (folder / name / "config.json").is_file():
        raise InputError(f"--start {folder}: there is no {name}/config.json in it")
    for weights in (folder / name).glob("*.safetensors"):
        check_safetensors(weights)
    return folder / name
