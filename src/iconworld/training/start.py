"""Beginning a stage with the weights of a finished prior instead of random ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer, PreTrainedModel

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


def start_diffusion(
    text_encoder: CLIPTextModel, tokenizer: CLIPTokenizer, unet: UNet2DConditionModel, folder: Path
) -> None:
    """Begin with the text encoder and UNet of the prior in ``folder``; words that it did not know stay new."""
    encoder = CLIPTextModel.from_pretrained(_part(folder, "text_encoder"), dtype=torch.float32)
    renumber_words(encoder, text_encoder, tokenizer, folder / "tokenizer")
    copy_weights(encoder, text_encoder, folder)
    copy_weights(UNet2DConditionModel.from_pretrained(_part(folder, "unet"), torch_dtype=torch.float32), unet, folder)


def start_evaluator(evaluator: CLIPModel, tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Begin with the evaluator in ``folder``; words that it did not know stay new."""
    source = CLIPModel.from_pretrained(_part(folder, "."), dtype=torch.float32)
    renumber_words(source.text_model, evaluator.text_model, tokenizer, folder)
    copy_weights(source, evaluator, folder)


@torch.no_grad()
def renumber_words(source: PreTrainedModel, target: PreTrainedModel, tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Give ``source`` the token numbers of ``tokenizer``: rows of known tokens move, rows of new ones are ``target``'s.

    Args:
        source, target: text towers with `get_input_embeddings`.
        folder: of the tokenizer that ``source`` has learned with.

    Raises:
        InputError: there is no tokenizer, or ``tokenizer`` lacks a word that ``source`` has learned.
    """
    if not folder.is_dir():
        raise InputError(f"--start: there is no tokenizer in {folder}")
    known, wanted = CLIPTokenizer.from_pretrained(folder).get_vocab(), tokenizer.get_vocab()
    lost = sorted(word for word in known.keys() - wanted.keys() if word.endswith("</w>") and not _part_of(word, known))
    if lost:
        raise InputError(
            f"--start {folder}: it has learned the word {lost[0].removesuffix('</w>')!r}, which this run's scenes do "
            "not use; use the --icons of that run"
        )
    rows = target.get_input_embeddings().weight.detach().clone()
    if rows.shape[1] != source.get_input_embeddings().weight.shape[1]:
        return  # copy_weights names the difference
    for token, number in wanted.items():
        if token in known:
            rows[number] = source.get_input_embeddings().weight[known[token]]
    source.get_input_embeddings().weight = nn.Parameter(rows)


def _part_of(piece: str, tokens: Collection[str]) -> bool:
    """Whether a token that ends a word is there because a longer one was merged from it: "here" of "sphere"."""
    longer = (token for token in tokens if token.endswith(piece) and token != piece)
    return any(token.removesuffix(piece) in tokens for token in longer)


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


def _part(folder: Path, name: str) -> Path:
    if not (folder / name / "config.json").is_file():
        raise InputError(f"--start {folder}: there is no {name}/config.json in it")
    for weights in (folder / name).glob("*.safetensors"):
        check_safetensors(weights)
    return folder / name
