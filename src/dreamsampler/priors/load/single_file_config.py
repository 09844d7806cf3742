"""Configurations of the networks in a single-file checkpoint, read off the shapes of its tensors.

The file has no configuration. Nearly all of it can be seen in names and shapes; what cannot (attention heads, scaling
of the latents, resolution) follows from the family: Stable Diffusion 1, 2 or XL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]

UNET = "model.diffusion_model."
VAE = "first_stage_model."
CLIP = {"sd1": "cond_stage_model.transformer.text_model.", "sdxl": "conditioner.embedders.0.transformer.text_model."}
OPEN_CLIP = {"sd2": "cond_stage_model.model.", "sdxl": "conditioner.embedders.1.model."}
SCALING = {"sd1": 0.18215, "sd2": 0.18215, "sdxl": 0.13025}
HEAD_WIDTH = 64


def count(shapes: Shapes, pattern: str) -> int:
    """One more than the largest number that stands for the group in a pattern such as r"^blocks\\.(\\d+)\\."."""
    numbers = [int(match[1]) for name in shapes if (match := re.match(pattern, name))]
    return max(numbers, default=-1) + 1


def unet_config(shapes: Shapes, family: str, native_size: int) -> dict[str, Any]:
    """Configuration of a `UNet2DConditionModel`.

    The encoder is a row of `input_blocks`: a convolution, then for each level its residual blocks (with or without
    attention) and, but for the last level, a downsampling convolution.
    """
    channels: list[int] = []
    depths: list[int] = []
    layers = 1
    fresh = True
    for i in range(1, count(shapes, rf"^{re.escape(UNET)}input_blocks\.(\d+)\.")):
        block = f"{UNET}input_blocks.{i}."
        if block + "0.op.weight" in shapes:
            fresh = True
            continue
        if fresh:
            channels.append(shapes[block + "0.in_layers.2.weight"][0])
            depths.append(count(shapes, rf"^{re.escape(block)}1\.transformer_blocks\.(\d+)\."))
            layers = 0
        fresh = False
        layers += 1
    middle = count(shapes, rf"^{re.escape(UNET)}middle_block\.1\.transformer_blocks\.(\d+)\.")
    down = ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths]
    up = ["CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in reversed(depths)]
    first_attention = next(n for n in shapes if n.startswith(UNET) and n.endswith("attn2.to_k.weight"))
    projection = shapes[first_attention.split("transformer_blocks")[0] + "proj_in.weight"]
    config: dict[str, Any] = {
        "_class_name": "UNet2DConditionModel",
        "sample_size": native_size // 8,
        "in_channels": shapes[UNET + "input_blocks.0.0.weight"][1],
        "out_channels": shapes[UNET + "out.2.weight"][0],
        "block_out_channels": channels,
        "layers_per_block": layers,
        "down_block_types": down,
        "up_block_types": up,
        "transformer_layers_per_block": [*(depth or 1 for depth in depths[:-1]), depths[-1] or middle],
        "cross_attention_dim": shapes[first_attention][1],
        "use_linear_projection": len(projection) == 2,
        # diffusers reads this entry as the number of heads: always 8, or as many as give heads of width 64
        "attention_head_dim": 8 if family == "sd1" else [max(1, c // HEAD_WIDTH) for c in channels],
        "upcast_attention": family == "sd2",
    }
    if family == "sdxl":
        width = shapes[UNET + "label_emb.0.0.weight"][1]
        pooled = shapes[OPEN_CLIP["sdxl"] + "text_projection"][1]
        config |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": (width - pooled) // 6,
            "projection_class_embeddings_input_dim": width,
        }
    return config


def vae_config(shapes: Shapes, family: str, native_size: int) -> dict[str, Any]:
    """Configuration of an `AutoencoderKL`."""
    levels = count(shapes, rf"^{re.escape(VAE)}encoder\.down\.(\d+)\.")
    return {
        "_class_name": "AutoencoderKL",
        "in_channels": shapes[VAE + "encoder.conv_in.weight"][1],
        "out_channels": shapes[VAE + "decoder.conv_out.weight"][0],
        "block_out_channels": [shapes[f"{VAE}encoder.down.{i}.block.0.conv1.weight"][0] for i in range(levels)],
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "layers_per_block": count(shapes, rf"^{re.escape(VAE)}encoder\.down\.0\.block\.(\d+)\."),
        "latent_channels": shapes[VAE + "decoder.conv_in.weight"][1],
        "sample_size": native_size,
        "scaling_factor": SCALING[family],
    }


def clip_config(shapes: Shapes, family: str) -> dict[str, Any]:
    """Configuration of OpenAI's CLIP text encoder: Stable Diffusion 1, and the first encoder of SDXL."""
    prefix = CLIP[family]
    vocabulary, width = shapes[prefix + "embeddings.token_embedding.weight"]
    return _text_config(
        "CLIPTextModel",
        vocabulary,
        width,
        positions=shapes[prefix + "embeddings.position_embedding.weight"][0],
        layers=count(shapes, rf"^{re.escape(prefix)}encoder\.layers\.(\d+)\."),
        inner=shapes[prefix + "encoder.layers.0.mlp.fc1.weight"][0],
        projection=width,
        activation="quick_gelu",
    )


def open_clip_config(shapes: Shapes, family: str) -> dict[str, Any]:
    """Configuration of an OpenCLIP text encoder: Stable Diffusion 2, which stops one layer early, and SDXL's second."""
    prefix = OPEN_CLIP[family]
    vocabulary, width = shapes[prefix + "token_embedding.weight"]
    layers = count(shapes, rf"^{re.escape(prefix)}transformer\.resblocks\.(\d+)\.")
    return _text_config(
        "CLIPTextModel" if family == "sd2" else "CLIPTextModelWithProjection",
        vocabulary,
        width,
        positions=shapes[prefix + "positional_embedding"][0],
        layers=min(layers, 23) if family == "sd2" else layers,
        inner=shapes[prefix + "transformer.resblocks.0.mlp.c_fc.weight"][0],
        projection=shapes.get(prefix + "text_projection", (0, width))[1],
        activation="gelu",
    )


def _text_config(
    kind: str, vocabulary: int, width: int, positions: int, layers: int, inner: int, projection: int, activation: str
) -> dict[str, Any]:
    return {
        "architectures": [kind],
        "model_type": "clip_text_model",
        "vocab_size": vocabulary,
        "hidden_size": width,
        "intermediate_size": inner,
        "projection_dim": projection,
        "num_hidden_layers": layers,
        "num_attention_heads": max(1, width // HEAD_WIDTH),
        "max_position_embeddings": positions,
        "hidden_act": activation,
        # the last two entries of CLIP's vocabulary start and end a text
        "bos_token_id": vocabulary - 2,
        "eos_token_id": vocabulary - 1,
        "pad_token_id": vocabulary - 1,
    }


def scheduler_config(prediction: str, zero_snr: bool) -> dict[str, Any]:
    """The noise path of all three families; `zero_snr` for checkpoints trained to pure noise."""
    return {
        "_class_name": "DDIMScheduler",
        "num_train_timesteps": 1000,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "clip_sample": False,
        "set_alpha_to_one": False,
        "steps_offset": 1,
        "prediction_type": {"eps": "epsilon", "v": "v_prediction", "x0": "sample"}[prediction],
        "rescale_betas_zero_snr": zero_snr,
        "timestep_spacing": "trailing" if zero_snr else "leading",
    }
