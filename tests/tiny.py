"""Tiny pipelines of the real diffusers classes, written to disk: all paths of the library run on them in milliseconds.

Weights are random and depend on nothing but the seed; the global random state is left alone. Pictures are 64 x 64,
latents 4 x 8 x 8, prompts up to 77 tokens.

    folder = write_sd1(tmp_path / "sd1")
    prior = load(folder)
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    SchedulerMixin,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

WORDS = ("a", "an", "the", "of", "red", "blue", "green", "cat", "dog", "circle", "square", "on", "white")
SD_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Module constructors draw from torch's global generator: lend them a seeded one, then put the old one back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def write_tokenizer_files(folder: Path) -> Path:
    """`vocab.json` and `merges.txt` of a CLIP tokenizer: every byte, and one token for each of WORDS."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in printable]
    letters = [chr(b) for b in printable] + [chr(256 + i) for i in range(len(rest))]
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    merges: list[tuple[str, str]] = []
    for word in WORDS:
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            pair = (parts[0], parts[1])
            if pair not in merges:
                merges.append(pair)
                tokens.append("".join(pair))
            parts[:2] = ["".join(pair)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {token: index for index, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def make_tokenizer(folder: Path, pad: str = "<|endoftext|>") -> CLIPTokenizer:
    """A CLIP tokenizer over WORDS and single bytes; `folder` receives its two files."""
    write_tokenizer_files(folder)
    return CLIPTokenizer.from_pretrained(str(folder), model_max_length=77, pad_token=pad)


def make_text_encoder(tokenizer: CLIPTokenizer, width: int = 16, projection: int | None = None) -> CLIPTextModel:
    """A two-layer CLIP text encoder; with `projection`, the kind that also pools (SDXL's second)."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=2,
        projection_dim=projection or width,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return (CLIPTextModel if projection is None else CLIPTextModelWithProjection)(config).eval()


def make_vae(**config: Any) -> AutoencoderKL:
    """Factor 8, 4 latent channels, scaling 0.18215 unless said otherwise."""
    settings: dict[str, Any] = {
        "block_out_channels": (8, 8, 16, 16),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "latent_channels": 4,
        "sample_size": 64,
        "scaling_factor": 0.18215,
    }
    return AutoencoderKL(**(settings | config)).eval()


def make_unet(cross: int, **config: Any) -> UNet2DConditionModel:
    """Two levels (so images are multiples of 16), cross-attention of width `cross`."""
    settings: dict[str, Any] = {
        "sample_size": 8,
        "in_channels": 4,
        "out_channels": 4,
        "block_out_channels": (16, 32),
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "attention_head_dim": 2,
        "cross_attention_dim": cross,
    }
    return UNet2DConditionModel(**(settings | config)).eval()


def make_scheduler(**config: Any) -> DDIMScheduler:
    """Stable Diffusion's schedule."""
    return DDIMScheduler(**({**SD_BETAS, "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1} | config))


def make_sd(
    scratch: Path,
    *,
    seed: int = 0,
    prediction: str = "epsilon",
    scheduler: SchedulerMixin | None = None,
    pad: str = "<|endoftext|>",
    unet: dict[str, Any] | None = None,
    vae: dict[str, Any] | None = None,
) -> StableDiffusionPipeline:
    """A Stable Diffusion 1 or 2 pipeline; `scratch` receives the tokenizer's files."""
    with seeded(seed):
        tokenizer = make_tokenizer(scratch, pad)
        return StableDiffusionPipeline(
            vae=make_vae(**(vae or {})),
            text_encoder=make_text_encoder(tokenizer),
            tokenizer=tokenizer,
            unet=make_unet(16, **(unet or {})),
            scheduler=scheduler or make_scheduler(prediction_type=prediction),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )


def make_sdxl(
    scratch: Path,
    *,
    seed: int = 0,
    zero_null: bool = True,
    scheduler: SchedulerMixin | None = None,
    unet: dict[str, Any] | None = None,
    vae: dict[str, Any] | None = None,
) -> StableDiffusionXLPipeline:
    """An SDXL pipeline: two text encoders (widths 16 and 24), pooled text and size conditioning."""
    settings: dict[str, Any] = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + 20,
        "attention_head_dim": (2, 4),
        "transformer_layers_per_block": (1, 2),
        "use_linear_projection": True,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    }
    with seeded(seed):
        first = make_tokenizer(scratch / "1")
        second = make_tokenizer(scratch / "2", pad="!")
        return StableDiffusionXLPipeline(
            vae=make_vae(**({"scaling_factor": 0.13025} | (vae or {}))),
            text_encoder=make_text_encoder(first),
            text_encoder_2=make_text_encoder(second, 24, projection=20),
            tokenizer=first,
            tokenizer_2=second,
            unet=make_unet(40, **(settings | (unet or {}))),
            scheduler=scheduler or EulerDiscreteScheduler(**SD_BETAS, timestep_spacing="leading", steps_offset=1),
            force_zeros_for_empty_prompt=zero_null,
        )


def write_sd1(folder: Path, **options: Any) -> Path:
    """A Stable Diffusion 1 folder, eps-prediction unless said otherwise; options as `make_sd`."""
    make_sd(folder / "tokenizer", **options).save_pretrained(folder)
    return folder


def write_sd2(folder: Path, **options: Any) -> Path:
    """A Stable Diffusion 2 folder: v-prediction, linear projections, the padding token of its own."""
    unet = {"use_linear_projection": True, "attention_head_dim": (2, 4), **options.pop("unet", {})}
    defaults: dict[str, Any] = {"prediction": "v_prediction", "pad": "!", "unet": unet}
    make_sd(folder / "tokenizer", **(defaults | options)).save_pretrained(folder)
    return folder


def write_sdxl(folder: Path, **options: Any) -> Path:
    """An SDXL folder; options as `make_sdxl`."""
    with tempfile.TemporaryDirectory() as scratch:
        make_sdxl(Path(scratch), **options).save_pretrained(folder)
    return folder
