"""The door: any checkpoint or pipeline that is known here to a prior."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from ...core.errors import InputError, ModelError
from ..bundle import bundled_folder
from ..info import PriorInfo
from ..latent import LatentDiffusionPrior
from ..placement import cheaper, choose_device, choose_dtype, dtype_name, memory_guard
from ..prediction import read_kind
from ..prompts import PromptEncoder
from ..schedules import schedule_of
from ..space import VAESpace
from ..transformer import TransformerPrior
from ..weights import PICKLES, fingerprint
from .folder import parts_of_folder, readable
from .hub import fetch, is_repo_id
from .parts import Parts, check_architecture, parts_of_pipeline
from .pipeline import has_transformer, prior_of_folder, prior_of_pipeline
from .single_file import parts_of_file

log = logging.getLogger(__name__)


def load(
    model: Any,
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    prediction_type: str | None = None,
    revision: str | None = None,
    config: str | Path | None = None,
    tokenizer: str | Path | None = None,
    max_batch: int | None = None,
    zero_null: bool | None = None,
    local_files_only: bool = False,
) -> LatentDiffusionPrior | TransformerPrior:
    """Load a diffusion model: Stable Diffusion 1.x, 2.x (epsilon and v), XL base, or a flow transformer's pipeline.

    Args:
        model: a Hub id ("owner/name"), a diffusers folder, a whole checkpoint in one `.safetensors` file, a ready
            diffusers pipeline (its LoRAs, quantization and offloading then stay in force), or "bundled".
        device: "cuda", "cuda:1", "mps" or "cpu"; None takes the best that is there. A pipeline stays where it is.
        dtype: "float32", "float16" or "bfloat16"; None is float16 on CUDA, else float32. A pipeline stays as it is.
            With float16 the autoencoder runs in float32 unless its configuration says that it need not.
        prediction_type: "eps", "v" or "x0", against what the checkpoint says.
        revision: branch, tag or commit of a Hub model.
        config: for a single file: a diffusers folder of the same architecture, to take configurations from.
        tokenizer: for a single file: folder with CLIP's vocab.json and merges.txt.
        max_batch: most latents in one call of the network; None puts all branches of a step into one call.
        zero_null: the null prompt is zeros (True) or the encoded "" (False); None follows the checkpoint.
        local_files_only: never ask the Hub.

    Returns:
        The prior, frozen and in evaluation mode (a pipeline's modules too).

    Raises:
        InputError: an argument is malformed.
        ModelError: unknown, damaged, pickled, incomplete, or another kind of model; the text says how to mend it.
        OutOfMemory: the weights do not fit; the text names the cheapest setting that would.

    Example:
        >>> prior = load("stable-diffusion-v1-5/stable-diffusion-v1-5", dtype="bfloat16")    # doctest: +SKIP
        >>> prior.native_size, prior.kind                                                    # doctest: +SKIP
        (512, 'eps')
    """
    if max_batch is not None and max_batch < 1:
        raise InputError(f"max_batch={max_batch}: expected at least 1, or None for no limit")
    if has_transformer(model):
        named = {"prediction_type": prediction_type, "config": config, "tokenizer": tokenizer, "zero_null": zero_null}
        for name, value in named.items():
            if value is not None:
                raise InputError(f"{name}={value!r}: flow transformers take no such setting; leave it out")
        if not isinstance(model, str | Path):
            return prior_of_pipeline(model, device, dtype, max_batch)
        with memory_guard(f"loading {model}", "pass a pipeline with offloading, or dtype='bfloat16'"):
            return prior_of_folder(Path(model).expanduser(), device, dtype, max_batch)
    if isinstance(model, str | Path):
        place = choose_device(device)
        precision = choose_dtype(dtype, place)
        with memory_guard(f"loading {model}", cheaper(1, 1, precision, place, "before")):
            parts = _find(model, place, precision, prediction_type, revision, config, tokenizer, local_files_only)
            with readable(Path(str(model))):
                check_architecture(parts, str(model))
                for module in parts.modules():
                    module.to(place)
                return assemble(parts, str(model), place, precision, prediction_type, max_batch, zero_null)
    else:
        parts = parts_of_pipeline(model)
        check_architecture(parts, type(model).__name__)
        if device is not None or dtype is not None:
            parts = _moved(model, device, dtype)
        place, precision = torch.device(parts.where), parts.unet.dtype
        name = f"pipeline:{type(model).__name__}"
    return assemble(parts, name, place, precision, prediction_type, max_batch, zero_null)


def assemble(
    parts: Parts,
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    prediction_type: str | None = None,
    max_batch: int | None = None,
    zero_null: bool | None = None,
) -> LatentDiffusionPrior:
    """Freeze the pieces and put them together."""
    kind, remark = read_kind(parts.scheduler, parts.unet.config, prediction_type)
    if remark is not None:
        log.warning(remark)
    schedule = schedule_of(parts.scheduler)
    for module in parts.modules():
        module.eval().requires_grad_(False)
    space = VAESpace(parts.vae, len(parts.unet.config.block_out_channels) - 1, device)
    zero = parts.zero_null if zero_null is None else zero_null
    prompts = PromptEncoder(parts.tokenizers, parts.encoders, device, dtype, zero, parts.convert)
    sample = parts.unet.config.sample_size or 64
    info = PriorInfo(
        name,
        parts.family,
        kind,
        native_size=space.factor * (sample if isinstance(sample, int) else min(sample)),
        parameters=sum(p.numel() for module in parts.modules() for p in module.parameters()),
        device=str(device),
        dtype=dtype_name(dtype),
        revision=parts.revision,
        files=parts.files,
        remarks=(*parts.remarks, *(() if remark is None else (remark,))),
        fingerprint=_fingerprint(parts),
    )
    return LatentDiffusionPrior(
        parts.unet, space, prompts, schedule, kind, info, device, dtype, max_batch, prediction_type is not None
    )


def _find(
    model: str | Path,
    device: torch.device,
    dtype: torch.dtype,
    prediction_type: str | None,
    revision: str | None,
    config: str | Path | None,
    tokenizer: str | Path | None,
    local_only: bool,
) -> Parts:
    """The pieces of a model that is named rather than given."""
    choose_vae = vae_precision(dtype)
    if model == "bundled":
        return parts_of_folder(bundled_folder(), device, dtype, choose_vae)
    path = Path(model).expanduser()
    if path.is_dir():
        return parts_of_folder(path, device, dtype, choose_vae)
    if path.is_file():
        return parts_of_file(path, device, dtype, choose_vae, prediction_type, config, tokenizer, local_only)
    name = str(model)
    pathlike = name.startswith(("/", ".", "~")) or path.suffix.lower() in {".safetensors", *PICKLES}
    if isinstance(model, Path) or pathlike:
        raise ModelError(f"{name}: no such file or folder")
    if not is_repo_id(name):
        raise ModelError(
            f"model={name!r}: no such file or folder, and no Hub id (owner/name); `dreamsampler models` lists some"
        )
    folder, commit = fetch(name, revision, dtype == torch.float16, local_only)
    return dataclasses.replace(parts_of_folder(folder, device, dtype, choose_vae), revision=commit)


def vae_precision(dtype: torch.dtype) -> Callable[[Mapping[str, Any]], torch.dtype]:
    """The autoencoder's dtype by its configuration: float16 overflows in many, unless `force_upcast` is false."""
    return lambda config: torch.float32 if dtype == torch.float16 and config.get("force_upcast", True) else dtype


def _moved(pipe: Any, device: str | torch.device | None, dtype: str | torch.dtype | None) -> Parts:
    """The pieces of a pipeline after a move or cast that the caller asked for."""
    place = choose_device(device) if device is not None else pipe.device
    precision = choose_dtype(dtype, place) if dtype is not None else pipe.dtype
    try:
        pipe.to(place, precision)
    except ValueError as error:
        raise InputError(
            f"device={device!r}, dtype={dtype!r}: this pipeline cannot be moved or cast "
            f"({' '.join(str(error).split())}); pass it without"
        ) from error
    return parts_of_pipeline(pipe)


def _fingerprint(parts: Parts) -> Callable[[], str | None]:
    def compute() -> str | None:
        modules = zip(("unet", "vae", "text_encoder", "text_encoder_2"), parts.modules(), strict=False)
        return fingerprint((f"{part}.{name}", t) for part, module in modules for name, t in module.state_dict().items())

    return compute
