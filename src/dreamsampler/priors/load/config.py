"""Configuration files of models, checked before anything is built from them.

A configuration comes from a stranger as its weights do. It is read only from a regular file of bounded size, its
numbers are bounded (a network of a million layers takes the machine down before any weight is compared), and nothing
in it may ask for code: only the classes of diffusers and transformers that this library names are ever built.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...core.errors import ModelError

LARGEST_CONFIG = 4 * 2**20
LARGEST_VOCABULARY = 64 * 2**20
DEEPEST, LONGEST = 8, 100_000
FARTHEST = 1e12


class Field(NamedTuple):
    """Return-value check of one entry: a type, a range, and whether null or a list may stand in its place."""

    kind: type
    low: float = -FARTHEST
    high: float = FARTHEST
    null: bool = False
    many: bool = False

    def fits(self, value: Any, depth: int = 0) -> bool:
        """Return whether a JSON value is one that this entry can hold; lists may be nested once (SDXL's layers)."""
        if value is None:
            return self.null and depth == 0
        if isinstance(value, list):
            return self.many and depth < 2 and 0 < len(value) <= 64 and all(self.fits(v, depth + 1) for v in value)
        if self.kind is bool or isinstance(value, bool):
            return self.kind is bool and isinstance(value, bool)
        if self.kind is str:
            return isinstance(value, str) and len(value) <= 200
        number = isinstance(value, int) or (self.kind is float and isinstance(value, float))
        return number and self.low <= value <= self.high

    def expected(self) -> str:
        """Return the entry's type and range in words."""
        word = {bool: "true or false", str: "a word", int: "a whole number", float: "a number"}[self.kind]
        if self.kind in (int, float) and (self.low, self.high) != (-FARTHEST, FARTHEST):
            word += f" from {self.low:g} to {self.high:g}"
        return word + (", or a list of them" if self.many else "") + (", or null" if self.null else "")


WIDTH, DEPTH, HEADS = Field(int, 1, 65_536), Field(int, 1, 256), Field(int, 1, 4096, null=True, many=True)
FLAG, WORD, POSITIVE = Field(bool), Field(str), Field(float, 1e-12, 1e6)
TOKEN = Field(int, 0, 2**21, null=True)
_BLOCKS: dict[str, Field] = {
    "in_channels": Field(int, 1, 4096),
    "out_channels": Field(int, 1, 4096),
    "block_out_channels": Field(int, 1, 16_384, many=True),
    "layers_per_block": Field(int, 1, 64, many=True),
    "down_block_types": Field(str, many=True),
    "up_block_types": Field(str, many=True),
    "norm_num_groups": Field(int, 1, 16_384),
    "sample_size": Field(int, 1, 8192, null=True, many=True),
    "act_fn": WORD,
}
FIELDS: dict[str, dict[str, Field]] = {
    "unet": {
        **_BLOCKS,
        "transformer_layers_per_block": Field(int, 1, 64, many=True),
        "reverse_transformer_layers_per_block": Field(int, 1, 64, null=True, many=True),
        "attention_head_dim": HEADS,
        "num_attention_heads": HEADS,
        "cross_attention_dim": Field(int, 1, 65_536, many=True),
        "norm_eps": POSITIVE,
        "freq_shift": Field(float, -100, 100),
        "mid_block_scale_factor": POSITIVE,
        "resnet_out_scale_factor": POSITIVE,
        "downsample_padding": Field(int, 0, 1),
        "dropout": Field(float, 0, 1),
        "conv_in_kernel": Field(int, 1, 15),
        "conv_out_kernel": Field(int, 1, 15),
        "time_embedding_dim": WIDTH._replace(null=True),
        "addition_time_embed_dim": WIDTH._replace(null=True),
        "addition_embed_type_num_heads": Field(int, 1, 4096),
        "projection_class_embeddings_input_dim": WIDTH._replace(null=True),
        "time_cond_proj_dim": WIDTH._replace(null=True),
        **dict.fromkeys(
            ("flip_sin_to_cos", "center_input_sample", "use_linear_projection", "dual_cross_attention"), FLAG
        ),
        **dict.fromkeys(("resnet_skip_time_act", "upcast_attention", "class_embeddings_concat"), FLAG),
        "only_cross_attention": Field(bool, many=True),
        "mid_block_type": Field(str, null=True),
        "addition_embed_type": Field(str, null=True),
        "time_embedding_type": WORD,
        "resnet_time_scale_shift": WORD,
        "attention_type": WORD,
    },
    "vae": {
        **_BLOCKS,
        "latent_channels": Field(int, 1, 4096),
        "scaling_factor": POSITIVE,
        "shift_factor": Field(float, -1e6, 1e6, null=True),
        "latents_mean": Field(float, -1e6, 1e6, null=True, many=True),
        "latents_std": Field(float, 1e-12, 1e6, null=True, many=True),
        **dict.fromkeys(("force_upcast", "use_quant_conv", "use_post_quant_conv", "mid_block_add_attention"), FLAG),
    },
    "text_encoder": {
        **dict.fromkeys(("hidden_size", "intermediate_size", "projection_dim"), WIDTH),
        "num_hidden_layers": DEPTH,
        "num_attention_heads": Field(int, 1, 4096),
        "vocab_size": Field(int, 2, 2**21),
        "max_position_embeddings": Field(int, 1, 65_536),
        "hidden_act": WORD,
        "layer_norm_eps": POSITIVE,
        "attention_dropout": Field(float, 0, 1),
        **dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), TOKEN),
    },
    "scheduler": {
        "num_train_timesteps": Field(int, 2, 100_000),
        "beta_start": Field(float, 0, 1),
        "beta_end": Field(float, 0, 1),
        "beta_schedule": WORD,
        "prediction_type": WORD,
        "timestep_spacing": WORD,
        "steps_offset": Field(int, 0, 100_000),
        **dict.fromkeys(("set_alpha_to_one", "rescale_betas_zero_snr"), FLAG),
    },
    # transformers writes 1e30 for "no limit"
    "tokenizer": {"model_max_length": Field(int, 1, 1e31)},
}
FIELDS |= {"text_encoder_2": FIELDS["text_encoder"], "tokenizer_2": FIELDS["tokenizer"]}
CLASSES: dict[str, tuple[str, ...]] = {
    "unet": ("diffusers.UNet2DConditionModel",),
    "vae": ("diffusers.AutoencoderKL", "diffusers.AutoencoderTiny"),
    "text_encoder": ("transformers.CLIPTextModel", "transformers.CLIPTextModelWithProjection"),
    "tokenizer": ("transformers.CLIPTokenizer", "transformers.CLIPTokenizerFast"),
}
"""Classes a part may be of; schedulers are judged by their base class."""
ADAPTERS = ("adapter_config.json",)


def read_json(path: Path, limit: int = LARGEST_CONFIG) -> dict[str, Any]:
    """Return the table in a JSON file of at most `limit` bytes.

    Raises:
        ModelError: the file is missing, no regular file, too large, or holds something else or numbers beyond 1e12.
    """
    _regular(path, limit)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not valid JSON; download or copy the model again") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} is not a JSON table; download or copy the model again")
    return content


def check_part(folder: Path, part: str) -> None:
    """Raise `ModelError` unless a part's folder holds plain files, no code, and a configuration within bounds.

    Args:
        folder: of the part, such as MODEL/unet.
        part: its name in `model_index.json`.

    Example:
        >>> check_part(Path("no/such/unet"), "unet")
        Traceback (most recent call last):
        ...
        dreamsampler.core.errors.ModelError: no/such/unet cannot be read: No such file or directory
    """
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except OSError as error:
        raise ModelError(f"{folder} cannot be read: {error.strerror or error}") from error
    words = part.startswith("tokenizer")
    if part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        read_json(folder / "config.json")
    for name in names:
        path = folder / name
        if name.endswith(".py"):
            raise ModelError(f"{path}: models with code of their own are not loaded; remove it, or use another model")
        if name in ADAPTERS:
            raise ModelError(f"{path}: names another model as its base; merge the adapter into the model first")
        if name.endswith(".json"):
            table = name.endswith("config.json") or name.endswith(".index.json")
            content = read_json(path, LARGEST_CONFIG if table else LARGEST_VOCABULARY)
            if table:
                refuse_code(path, content)
            if name.endswith(".index.json"):
                _check_index(path, content)
            elif table:
                check_fields(path, content, part, bounded=not words)
        else:
            _regular(path, None)


def refuse_code(path: Path, content: Mapping[str, Any]) -> None:
    """Raise `ModelError` if a configuration asks for classes of its own (`auto_map`, `custom_pipelines`)."""
    for key in ("auto_map", "custom_pipelines", "custom_object_save"):
        if content.get(key):
            raise ModelError(
                f"{path}: {key} asks for code that comes with the model, which is never run; use a model made of "
                "classes that diffusers and transformers have"
            )


def check_fields(path: Path, content: Mapping[str, Any], part: str, bounded: bool = True) -> None:
    """Raise `ModelError` for an entry of another type or beyond its range, naming file, entry, value and range.

    Args:
        bounded: hold every other number to 1e12; tokenizers write 1e30 for "no limit".
    """
    for name, field in FIELDS.get(part, {}).items():
        if name in content and not field.fits(content[name]):
            raise ModelError(
                f"{path}: {name}={_short(content[name])}; expected {field.expected()}; the configuration is damaged or "
                "of another kind of model"
            )
    channels = content.get("latent_channels", 4)
    for name in ("latents_mean", "latents_std"):
        value = content.get(name)
        if isinstance(value, list) and len(value) not in (1, channels):
            raise ModelError(f"{path}: {name} has {len(value)} entries; expected latent_channels={channels} of them")
    for name, value in content.items():
        reason = _unbounded(value, FARTHEST if bounded else math.inf)
        if reason:
            raise ModelError(f"{path}: {name}={_short(value)} {reason}; the configuration is damaged")


def class_of(index: Mapping[str, Any], part: str, entry: tuple[str, str]) -> Any:
    """Return the class of a part; only classes that are named here, or diffusers' schedulers, are ever imported.

    Raises:
        ModelError: `model_index.json` names another one.
    """
    import diffusers
    import transformers

    library, word = entry
    name = f"{library}.{word}"
    known = CLASSES.get(part.removesuffix("_2"), ())
    if part == "scheduler" and library == "diffusers" and word.endswith("Scheduler"):
        found = getattr(diffusers, word, None)
        if isinstance(found, type) and issubclass(found, diffusers.SchedulerMixin):
            return found
    if name not in known:
        shown = ", ".join(known) or "a scheduler of diffusers"
        raise ModelError(
            f"model_index.json: {part} is a {name[:80]}; expected {shown} (no class of the installed diffusers or "
            "transformers is chosen by a model's own files, and models with code of their own are not loaded)"
        )
    return getattr({"diffusers": diffusers, "transformers": transformers}[library], word)


def _check_index(path: Path, content: Mapping[str, Any]) -> None:
    """Refuse a table of shards that leads out of its folder or to pickles, before any of them is opened."""
    shards = content.get("weight_map")
    if not isinstance(shards, dict):
        raise ModelError(f"{path}: weight_map={_short(shards)}; expected a table of file names; copy the model again")
    for name in sorted({str(value) for value in shards.values()}):
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise ModelError(
                f"{path}: weight_map names {name[:80]!r}; expected .safetensors files beside it (pickled shards are "
                "refused: loading one can run its code)"
            )


def _regular(path: Path, limit: int | None) -> None:
    try:
        status = path.stat()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(status.st_mode) and not (limit is None and stat.S_ISDIR(status.st_mode)):
        raise ModelError(f"{path} is not a regular file; copy the model again")
    if limit is not None and status.st_size > limit:
        raise ModelError(f"{path} has {status.st_size} bytes, no configuration has more than {limit}; copy it again")


def _unbounded(value: Any, limit: float, depth: int = 0) -> str:
    """Why a JSON value is refused, or ""."""
    if depth > DEEPEST:
        return f"is nested more than {DEEPEST} deep"
    if isinstance(value, float) and not math.isfinite(value):
        return "is not finite"
    if isinstance(value, int | float) and abs(value) > limit:
        return f"is beyond {limit:g}"
    if isinstance(value, list | dict):
        if len(value) > LONGEST:
            return f"has {len(value)} entries, more than {LONGEST}"
        inner = value.values() if isinstance(value, dict) else value
        return next((reason for item in inner if (reason := _unbounded(item, limit, depth + 1))), "")
    return ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
