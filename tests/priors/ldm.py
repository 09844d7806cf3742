"""Tiny checkpoints in one file, named as the original latent-diffusion programs name their tensors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import save_file
from torch import Tensor

from tests import tiny

# widths that fill 32 groups and heads of the families' fixed sizes
UNET = {"block_out_channels": (32, 64), "norm_num_groups": 32, "attention_head_dim": 8}
WIDE = {"block_out_channels": (64, 128), "norm_num_groups": 32, "attention_head_dim": (1, 2)}
VAE = {"block_out_channels": (32, 32, 32, 32), "norm_num_groups": 32}

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
UNET_TOP = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
OPEN_CLIP_LAYER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def unet_name(name: str, layers: int, names: set[str]) -> str:
    for new, old in UNET_TOP.items():
        if name.startswith(new + "."):
            return old + name.removeprefix(new)
    middle = {"resnets.0": "0", "attentions.0": "1", "resnets.1": "2"}
    if match := re.match(r"mid_block\.(\w+\.\d)\.(.*)", name):
        return f"middle_block.{middle[match[1]]}.{inner(match[1], match[2])}"
    match = re.match(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.*)", name)
    assert match is not None, name
    way, level, kind, j, rest = match[1], int(match[2]), match[3], int(match[4]), match[5]
    side, stride = ("input_blocks", layers + 1) if way == "down" else ("output_blocks", layers + 1)
    first = 1 + level * stride if way == "down" else level * stride
    if kind == "downsamplers":
        return f"{side}.{(level + 1) * stride}.0.op.{rest.removeprefix('conv.')}"
    if kind == "upsamplers":
        place = 2 if any(n.startswith(f"up_blocks.{level}.attentions") for n in names) else 1
        return f"{side}.{first + layers}.{place}.{rest}"
    return f"{side}.{first + j}.{0 if kind == 'resnets' else 1}.{inner(kind, rest)}"


def inner(kind: str, rest: str) -> str:
    if not kind.startswith("resnets"):
        return rest
    part, _, leaf = rest.partition(".")
    return f"{RESNET[part]}.{leaf}"


def vae_name(name: str, levels: int) -> str:
    name = name.replace("mid_block.attentions.0.group_norm", "mid.attn_1.norm")
    for new, old in {"to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}.items():
        name = name.replace(f"mid_block.attentions.0.{new}.", f"mid.attn_1.{old}.")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    name = re.sub(r"down_blocks\.(\d)\.resnets\.", r"down.\1.block.", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d)\.resnets\.", lambda m: f"up.{levels - 1 - int(m[1])}.block.", name)
    name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{levels - 1 - int(m[1])}.upsample", name)
    return name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")


def open_clip(encoder: Any) -> dict[str, Tensor]:
    """OpenCLIP keeps query, key and value in one matrix, and its projection transposed."""
    state = {name.removeprefix("text_model."): t for name, t in encoder.state_dict().items()}
    out = {
        "token_embedding.weight": state["embeddings.token_embedding.weight"],
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "ln_final.weight": state["final_layer_norm.weight"],
        "ln_final.bias": state["final_layer_norm.bias"],
    }
    if "text_projection.weight" in state:
        out["text_projection"] = state["text_projection.weight"].T
    for i in range(encoder.config.num_hidden_layers):
        old, new = f"encoder.layers.{i}.", f"transformer.resblocks.{i}."
        for leaf in ("weight", "bias"):
            parts = [state[f"{old}self_attn.{k}_proj.{leaf}"] for k in "qkv"]
            out[f"{new}attn.in_proj_{leaf}"] = torch.cat(parts)
            for theirs, name in OPEN_CLIP_LAYER.items():
                out[f"{new}{name}.{leaf}"] = state[f"{old}{theirs}.{leaf}"]
    return out


def clip(encoder: Any) -> dict[str, Tensor]:
    return {f"text_model.{n.removeprefix('text_model.')}": t for n, t in encoder.state_dict().items()}


def checkpoint(pipe: Any, family: str) -> dict[str, Tensor]:
    """All tensors of a pipeline under their original names."""
    unet, vae = pipe.unet.state_dict(), pipe.vae.state_dict()
    names = set(unet)
    layers, levels = pipe.unet.config.layers_per_block, len(pipe.vae.config.block_out_channels)
    out = {"model.diffusion_model." + unet_name(n, layers, names): t for n, t in unet.items()}
    for name, tensor in vae.items():
        square = "attentions" in name and "norm" not in name and name.endswith("weight")
        out["first_stage_model." + vae_name(name, levels)] = tensor[..., None, None] if square else tensor
    if family == "sd1":
        out |= {"cond_stage_model.transformer." + n: t for n, t in clip(pipe.text_encoder).items()}
    elif family == "sd2":
        out |= {"cond_stage_model.model." + n: t for n, t in open_clip(pipe.text_encoder).items()}
    else:
        out |= {"conditioner.embedders.0.transformer." + n: t for n, t in clip(pipe.text_encoder).items()}
        out |= {"conditioner.embedders.1.model." + n: t for n, t in open_clip(pipe.text_encoder_2).items()}
    return {name: tensor.detach().clone().contiguous() for name, tensor in out.items()}


def make(scratch: Path, family: str, **options: Any) -> StableDiffusionPipeline | StableDiffusionXLPipeline:
    """A tiny pipeline whose shapes a single file of the family can have."""
    if family == "sdxl":
        pipe = tiny.make_sdxl(scratch, unet=WIDE, vae=VAE, **options)
    else:
        wide = WIDE | {"use_linear_projection": True, "upcast_attention": True}
        pad = "!" if family == "sd2" else "<|endoftext|>"
        pipe = tiny.make_sd(scratch, unet=UNET if family == "sd1" else wide, vae=VAE, pad=pad, **options)
    activations = {"sd1": ("quick_gelu",), "sd2": ("gelu",), "sdxl": ("quick_gelu", "gelu")}[family]
    with tiny.seeded(5):
        for suffix, activation in zip(("", "_2"), activations, strict=False):
            encoder = getattr(pipe, f"text_encoder{suffix}")
            config = encoder.config
            config.hidden_act, config.num_attention_heads = activation, 1
            setattr(pipe, f"text_encoder{suffix}", type(encoder)(config).eval())
    return pipe


def write(path: Path, tensors: dict[str, Tensor], **metadata: str) -> Path:
    save_file(tensors, path, metadata=metadata or None)
    return path
