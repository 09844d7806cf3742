"""Whole checkpoints in one `.safetensors` file, as other programs write them.

Nothing is fetched but, where it is not at hand, CLIP's vocabulary: configurations are read off the tensors' shapes.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import torch

from ...core.errors import ModelError
from ..placement import check_fits, free_memory
from ..prediction import KINDS, kind_named
from ..weights import Header, read_header
from . import single_file_config as configs
from .config import check_part, read_json
from .folder import NETWORKS, check_folder, quiet, readable
from .parts import NOT_YET, Parts, parts_of_pipeline
from .single_file_config import CLIP, OPEN_CLIP, UNET, VAE
from .tokenizers import tokenizers_for

TRANSFORMERS = ("joint_blocks.", "double_blocks.", "single_transformer_blocks.", "transformer_blocks.")


def family_of(header: Header, path: Path) -> str:
    """ "sd1", "sd2" or "sdxl".

    Raises:
        ModelError: something else; says what it looks like and what to do.
    """
    names = header.shapes
    bare = {name.removeprefix(UNET) for name in names}
    if any(word in name for name in names for word in ("lora", "lokr_", "hada_")):
        raise ModelError(
            f"{path} is a LoRA, not a model: load its base as a diffusers pipeline, call "
            "pipe.load_lora_weights(FILE), and pass the pipeline"
        )
    if any(name.startswith(TRANSFORMERS) for name in bare):
        raise ModelError(f"{path} {NOT_YET}")
    if UNET + "input_blocks.0.0.weight" not in names:
        raise ModelError(
            f"{path} is not a whole Stable Diffusion checkpoint (no {UNET}input_blocks in it): expected U-Net, "
            "autoencoder and text encoder in one file; a single network belongs into a diffusers folder"
        )
    if VAE + "encoder.conv_in.weight" not in names:
        raise ModelError(f"{path} has no autoencoder in it: use a checkpoint that was saved with its VAE")
    for family in ("sdxl", "sd2", "sd1"):
        text = {"sd1": [CLIP], "sd2": [OPEN_CLIP], "sdxl": [CLIP, OPEN_CLIP]}[family]
        if all(any(name.startswith(prefix[family]) for name in names) for prefix in text):
            return family
    if any(name.startswith("conditioner.embedders.0.model.") for name in names):
        raise ModelError(f"{path} is SDXL's refiner, which cannot be used alone: take the base model")
    raise ModelError(f"{path} has no text encoder in it: use a checkpoint that was saved with its text encoder")


def stated_prediction(header: Header, family: str, path: Path, asked: str | None) -> str:
    """What the network predicts: the caller's word, or what the file says of itself, or what the family does.

    Read are `modelspec.prediction_type` and `modelspec.architecture` of the metadata, and the empty tensor "v_pred".

    Raises:
        ModelError: Stable Diffusion 2 without any of them: it exists in both kinds, with the same shapes.
    """
    if asked is not None:
        return kind_named(asked, "prediction_type")
    named = header.metadata.get("modelspec.prediction_type", "").lower()
    architecture = header.metadata.get("modelspec.architecture", "").lower()
    if "v_pred" in header.shapes or architecture.endswith("-v"):
        return "v"
    if named in KINDS:
        return KINDS[named]
    if family == "sd2":
        raise ModelError(
            f"{path} is a Stable Diffusion 2 checkpoint that does not say what it predicts; pass prediction_type='v' "
            "(the 768-pixel models) or 'eps' (the 512-pixel base models)"
        )
    return "eps"


def parts_of_file(
    path: Path,
    device: torch.device,
    dtype: torch.dtype,
    vae_dtype: Any,
    asked: str | None,
    config: str | Path | None,
    tokenizer: str | Path | None,
    local_only: bool,
) -> Parts:
    """Load the pieces of a checkpoint file onto the CPU.

    Args:
        config: a diffusers folder of the same architecture to take all configurations and the tokenizer from, instead
            of reading them off the file.
        tokenizer: folder of the tokenizer; see `tokenizers_for`.

    Raises:
        ModelError: damaged, pickled, no whole checkpoint, or no tokenizer at hand. OutOfMemory: with what to do.
    """
    header = read_header(path)
    family = family_of(header, path)
    # the moving average that some files carry beside the weights is not loaded
    used = Header({name: shape for name, shape in header.shapes.items() if not name.startswith("model_ema.")})
    check_fits(used.parameters, device, dtype, free_memory(device))
    with tempfile.TemporaryDirectory(prefix="dreamsampler-") as scratch:
        if config is not None:
            place = Path(config).expanduser()
            if not (place / "model_index.json").is_file():
                raise ModelError(f"config={str(config)!r}: expected a diffusers model folder with model_index.json")
            check_folder(place)
            words: tuple[Any, ...] = () if tokenizer is None else tokenizers_for(family, tokenizer, local_only)
        else:
            place = Path(scratch)
            kind = stated_prediction(header, family, path, asked)
            write_configs(place, header, family, kind, path)
            for part in (*NETWORKS, "scheduler"):
                if (place / part).is_dir():
                    check_part(place / part, part)
            words = tokenizers_for(family, tokenizer, local_only)
        return _load(path, place, family, dtype, vae_dtype, words)


def write_configs(folder: Path, header: Header, family: str, kind: str, path: Path) -> None:
    """Write a diffusers folder without weights for the checkpoint."""
    native = {"sd1": 512, "sd2": 768 if kind == "v" else 512, "sdxl": 1024}[family]
    try:
        text = {
            "sd1": [configs.clip_config],
            "sd2": [configs.open_clip_config],
            "sdxl": [configs.clip_config, configs.open_clip_config],
        }[family]
        encoders = [make(header.shapes, family) for make in text]
        parts = {
            "unet/config": configs.unet_config(header.shapes, family, native),
            "vae/config": configs.vae_config(header.shapes, family, native),
            "scheduler/scheduler_config": configs.scheduler_config(kind, "ztsnr" in header.shapes),
        }
    except (LookupError, StopIteration, ValueError, TypeError, ArithmeticError) as error:
        # shapes of too few axes, or of none, are as telling as a tensor that is not there
        raise ModelError(
            f"{path} lacks tensors that a {family} checkpoint has, or has them in another shape ({error}); it is "
            "incomplete or damaged"
        ) from error
    index: dict[str, Any] = {
        "_class_name": "StableDiffusionXLPipeline" if family == "sdxl" else "StableDiffusionPipeline",
        "scheduler": ["diffusers", "DDIMScheduler"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    if family == "sdxl":
        index["force_zeros_for_empty_prompt"] = True
    for suffix, encoder in zip(("", "_2"), encoders, strict=False):
        parts[f"text_encoder{suffix}/config"] = encoder
        index[f"text_encoder{suffix}"] = ["transformers", encoder["architectures"][0]]
        index[f"tokenizer{suffix}"] = ["transformers", "CLIPTokenizer"]
    for name, content in {**parts, "model_index": index}.items():
        target = folder / f"{name}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content), encoding="utf-8")


def _load(
    path: Path, place: Path, family: str, dtype: torch.dtype, vae_dtype: Any, tokenizers: tuple[Any, ...]
) -> Parts:
    with quiet():
        from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline

    options: dict[str, Any] = {"config": str(place), "local_files_only": True}
    given = dict(zip(("tokenizer", "tokenizer_2"), tokenizers, strict=False))
    if family != "sdxl":
        given |= {"safety_checker": None, "feature_extractor": None}
    pipeline = StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline
    with quiet(), readable(path):
        scheduler = DDIMScheduler.from_pretrained(str(place / "scheduler"))
        precision = vae_dtype(read_json(place / "vae" / "config.json"))
        vae = AutoencoderKL.from_single_file(str(path), subfolder="vae", torch_dtype=precision, **options)
        pipe = pipeline.from_single_file(str(path), vae=vae, scheduler=scheduler, torch_dtype=dtype, **options, **given)
    parts = parts_of_pipeline(pipe)
    for module in parts.modules():
        absent = [name for name, tensor in module.named_parameters() if tensor.is_meta]
        if absent:
            raise ModelError(
                f"{path} lacks {len(absent)} tensors of its {type(module).__name__}, such as {absent[0]!r}"
            )
    return Parts(
        parts.unet,
        parts.vae,
        parts.encoders,
        parts.tokenizers,
        parts.scheduler,
        parts.zero_null,
        files=((path.name, path),),
    )
