"""Beginning a stage with the weights of a finished prior instead of random ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer

from dreamsampler.core.errors import InputError


def copy_weights(source: nn.Module, target: nn.Module, folder: Path) -> None:
    """Give ``target`` the weights of ``source``; InputError if the two are of different shapes."""
    weights, wanted = source.state_dict(), target.state_dict()
    wrong = [k for k in wanted if k not in weights or weights[k].shape != wanted[k].shape]
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


def take_autoencoder(folder: Path, out: Path) -> None:
    """Use the finished prior's autoencoder, unless the run has its own: its UNet knows no other latents."""
    if not (out / "vae" / "config.json").exists():
        shutil.copytree(_part(folder, "vae"), out / "vae")


def check_words(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """InputError unless the tokenizer in ``folder`` numbers its tokens as ``tokenizer`` does."""
    if CLIPTokenizer.from_pretrained(folder).get_vocab() != tokenizer.get_vocab():
        raise InputError(f"--start {folder}: its tokenizer has other words; use the --icons of that run")


def _part(folder: Path, name: str) -> Path:
    if not (folder / name / "config.json").is_file():
        raise InputError(f"--start {folder}: there is no {name}/config.json in it")
    return folder / name
