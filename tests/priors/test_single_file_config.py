"""Configurations read off the shapes of full-size networks equal the published ones. Nothing is allocated."""

from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from dreamsampler.priors.load import single_file_config as configs
from tests.priors import ldm

UNETS: dict[str, dict[str, Any]] = {
    "sd1": {
        "sample_size": 64,
        "block_out_channels": (320, 640, 1280, 1280),
        "layers_per_block": 2,
        "cross_attention_dim": 768,
        "attention_head_dim": 8,
        "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    },
    "sd2": {
        "sample_size": 96,
        "block_out_channels": (320, 640, 1280, 1280),
        "layers_per_block": 2,
        "cross_attention_dim": 1024,
        "attention_head_dim": (5, 10, 20, 20),
        "use_linear_projection": True,
        "upcast_attention": True,
        "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    },
    "sdxl": {
        "sample_size": 128,
        "block_out_channels": (320, 640, 1280),
        "layers_per_block": 2,
        "cross_attention_dim": 2048,
        "attention_head_dim": (5, 10, 20),
        "transformer_layers_per_block": (1, 2, 10),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    },
}
VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}
CLIP_L = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "projection_dim": 768,
    "hidden_act": "quick_gelu",
}
CLIP_H = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "projection_dim": 1024,
    "hidden_act": "gelu",
}
CLIP_G = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "projection_dim": 1280,
    "hidden_act": "gelu",
}


def shapes(tensors: dict[str, torch.Tensor], prefix: str = "") -> dict[str, tuple[int, ...]]:
    return {prefix + name: tuple(tensor.shape) for name, tensor in tensors.items()}


def encoder(config: dict[str, Any], pooling: bool = False) -> Any:
    with torch.device("meta"):
        kind = CLIPTextModelWithProjection if pooling else CLIPTextModel
        return kind(CLIPTextConfig(vocab_size=49408, **config))


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_unets(family: str) -> None:
    with torch.device("meta"):
        unet = UNet2DConditionModel(**UNETS[family])
    names = set(unet.state_dict())
    found = {
        "model.diffusion_model." + ldm.unet_name(n, 2, names): tuple(t.shape) for n, t in unet.state_dict().items()
    }
    if family == "sdxl":
        found |= shapes(ldm.open_clip(encoder(CLIP_G, pooling=True)), configs.OPEN_CLIP["sdxl"])
    config = configs.unet_config(found, family, UNETS[family]["sample_size"] * 8)
    with torch.device("meta"):
        again = UNet2DConditionModel.from_config(config)
    assert {n: t.shape for n, t in again.state_dict().items()} == {n: t.shape for n, t in unet.state_dict().items()}
    for name, value in UNETS[family].items():
        given = config[name]
        assert (tuple(given) if isinstance(given, list) else given) == value, name


def test_vae() -> None:
    with torch.device("meta"):
        vae = AutoencoderKL(**VAE)
    found = {"first_stage_model." + ldm.vae_name(n, 4): tuple(t.shape) for n, t in vae.state_dict().items()}
    config = configs.vae_config(found, "sdxl", 1024)
    assert config["scaling_factor"] == 0.13025
    assert {name: tuple(v) if isinstance(v := config[name], list) else v for name in VAE} == VAE


def test_text_encoders() -> None:
    first = configs.clip_config(shapes(ldm.clip(encoder(CLIP_L)), "cond_stage_model.transformer."), "sd1")
    assert {name: first[name] for name in CLIP_L} == CLIP_L
    assert (first["vocab_size"], first["eos_token_id"], first["max_position_embeddings"]) == (49408, 49407, 77)
    second = configs.open_clip_config(shapes(ldm.open_clip(encoder(CLIP_H)), "cond_stage_model.model."), "sd2")
    # Stable Diffusion 2 conditions on the last layer but one
    assert {name: second[name] for name in CLIP_H} == CLIP_H | {"num_hidden_layers": 23}
    big = configs.open_clip_config(
        shapes(ldm.open_clip(encoder(CLIP_G, pooling=True)), "conditioner.embedders.1.model."), "sdxl"
    )
    assert {name: big[name] for name in CLIP_G} == CLIP_G
    assert big["architectures"] == ["CLIPTextModelWithProjection"]
