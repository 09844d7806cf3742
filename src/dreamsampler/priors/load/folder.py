"""Models in a folder, as diffusers lays them out: `model_index.json` and one subfolder a part."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...core.errors import DreamSamplerError, ModelError
from ..placement import check_fits, free_memory
from ..weights import PICKLES, Header, read_header, refuse_pickle
from .config import check_part, class_of, read_json, refuse_code
from .parts import NOT_YET, Parts, need

NETWORKS = ("unet", "vae", "text_encoder", "text_encoder_2")
SETTINGS = ("scheduler", "tokenizer", "tokenizer_2")
BLOCK_LISTS = ("block_out_channels", "down_block_types", "up_block_types")
HALF = re.compile(r"\.fp16[.-]")
PLAIN = re.compile(r"^(model|diffusion_pytorch_model)(-\d+-of-\d+)?\.safetensors$")


@dataclass(frozen=True)
class Chosen:
    """Weights files of one network: `variant` is diffusers' word for them."""

    variant: str | None
    files: tuple[Path, ...]


def choose_weights(folder: Path, prefer_half: bool) -> Chosen:
    """The safetensors files to load out of a network's subfolder: the plain ones, or those stored in float16.

    Raises:
        ModelError: no safetensors there.
    """
    plain = sorted(path for path in folder.glob("*.safetensors") if PLAIN.match(path.name))
    half = sorted(path for path in folder.glob("*.safetensors") if HALF.search(path.name))
    if half and (prefer_half or not plain):
        return Chosen("fp16", tuple(half))
    if plain:
        return Chosen(None, tuple(plain))
    for path in sorted(folder.glob("*")):
        if path.suffix.lower() in PICKLES:
            refuse_pickle(path)
    raise ModelError(
        f"{folder} holds no safetensors weights (expected diffusion_pytorch_model.safetensors or model.safetensors); "
        "the model is incomplete: download or copy it again"
    )


def read_index(folder: Path) -> dict[str, Any]:
    """The model's `model_index.json`, checked to name a Stable Diffusion model.

    Raises:
        ModelError: no such file, another kind of model, parts missing.
    """
    path = folder / "model_index.json"
    if not path.is_file():
        raise ModelError(f"{folder} is not a diffusers model folder (no model_index.json in it){_what_is_here(folder)}")
    index = read_json(path)
    name = f"{folder} ({index.get('_class_name', 'unnamed pipeline')})"
    if _entry(index, "transformer") is not None:
        raise ModelError(f"{name} {NOT_YET}")
    if isinstance(index.get("_class_name"), list):
        raise ModelError(f"{path}: _class_name names a pipeline that comes with the model; its code is never run")
    refuse_code(path, index)
    need({key: _entry(index, key) for key in index}, name)
    return index


def check_folder(folder: Path) -> dict[str, Any]:
    """Return a model's index once the index and the files of every part that is used are known to be harmless.

    Raises:
        ModelError: another kind of model, classes or code of its own, files that are none, numbers beyond bounds.
    """
    index = read_index(folder)
    for name in (*NETWORKS, *SETTINGS):
        entry = _entry(index, name)
        if entry is not None:
            class_of(index, name, entry)
            check_part(folder / name, name)
    return index


def _what_is_here(folder: Path) -> str:
    if (folder / "config.json").is_file():
        return "; it looks like a single network: load the folder above, that of the whole pipeline"
    files = sorted(path.name for path in folder.glob("*.safetensors"))
    if files:
        return f"; if it is a whole checkpoint in one file, load {folder / files[0]}"
    if any(path.suffix.lower() in PICKLES for path in folder.glob("*")):
        return "; pickled checkpoints are refused: convert them with diffusers' from_single_file and save_pretrained"
    return "; expected a folder that pipe.save_pretrained() wrote"


def _entry(index: Mapping[str, Any], key: str) -> tuple[str, str] | None:
    """(library, class) of a part, None if the model goes without it."""
    entry = index.get(key)
    if isinstance(entry, list) and len(entry) == 2 and all(isinstance(word, str) for word in entry):
        return entry[0], entry[1]
    return None


def parts_of_folder(folder: Path, device: torch.device, dtype: torch.dtype, vae_dtype: Any) -> Parts:
    """Load the pieces of a model folder onto the CPU.

    Args:
        device, dtype: where they will go and in what; the memory is checked before anything is loaded.
        vae_dtype: (configuration of the autoencoder) -> dtype to load it in.

    Raises:
        ModelError: another kind of model, pickled, damaged or incomplete. OutOfMemory: with what to do.
    """
    index = check_folder(folder)
    names = [name for name in NETWORKS if _entry(index, name) is not None]
    chosen = {name: choose_weights(folder / name, dtype == torch.float16) for name in names}
    headers = {name: [read_header(path) for path in chosen[name].files] for name in names}
    parameters = sum(header.parameters for group in headers.values() for header in group)
    check_fits(parameters, device, dtype, free_memory(device))
    shapes = {}
    for name in names:
        _check_config(folder / name, headers[name])
        shapes[name] = _shapes(folder / name, class_of(index, name, _entry(index, name) or ("", "")), headers[name])

    precision = dict.fromkeys(names, dtype) | {"vae": vae_dtype(read_json(folder / "vae" / "config.json"))}
    with quiet():
        loaded = {name: _network(folder, index, name, chosen[name].variant, precision[name]) for name in names}
        for name in names:
            _check_shapes(folder / name, loaded[name], shapes[name])
        tokenizers = [_tokenizer(folder, index, name) for name in SETTINGS[1:] if _entry(index, name) is not None]
        _check_words(folder, tokenizers, [loaded[name] for name in names if name.startswith("text")])
        with readable(folder / "scheduler"):
            kind = class_of(index, "scheduler", _entry(index, "scheduler") or ("", ""))
            scheduler = kind.from_pretrained(str(folder / "scheduler"), local_files_only=True).config
    return Parts(
        loaded["unet"],
        loaded["vae"],
        tuple(loaded[name] for name in ("text_encoder", "text_encoder_2") if name in loaded),
        tuple(tokenizers),
        dict(scheduler),
        bool(index.get("force_zeros_for_empty_prompt", False)),
        files=tuple((path.relative_to(folder).as_posix(), path) for name in names for path in chosen[name].files),
    )


def _check_config(folder: Path, headers: list[Header]) -> None:
    if not any(header.shapes for header in headers):
        raise ModelError(f"{folder}: its weights file holds no tensors; download or copy the model again")


def _shapes(folder: Path, kind: Any, headers: list[Header]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the tensors that a configuration asks for, from a network built without memory.

    Raises:
        ModelError: it asks for more than the weights beside it hold.
    """
    held = sum(header.parameters for header in headers)
    with readable(folder / "config.json"), quiet(), torch.device("meta"):
        if hasattr(kind, "config_class") and kind.config_class is not None:
            network = kind(kind.config_class.from_pretrained(str(folder), local_files_only=True))
        else:
            network = kind.from_config(kind.load_config(str(folder), local_files_only=True))
    lists = {key: getattr(network.config, key) for key in BLOCK_LISTS if hasattr(network.config, key)}
    if len({len(value) for value in lists.values() if isinstance(value, list | tuple)}) > 1:
        counts = ", ".join(f"{key} {len(value)}" for key, value in lists.items())
        raise ModelError(f"{folder / 'config.json'}: {counts}; expected one entry a level in each")
    shapes = {key: tuple(tensor.shape) for key, tensor in network.named_parameters()}
    asked = sum(math.prod(shape) for shape in shapes.values())
    if asked > 2 * held + 1_000_000:
        raise ModelError(
            f"{folder / 'config.json'} asks for {asked:.3g} parameters, the weights beside it hold {held:.3g}; weights "
            "and configuration are of different models"
        )
    return shapes


def _check_shapes(folder: Path, network: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise `ModelError` if a loaded tensor has another shape than its configuration asks for."""
    for key, parameter in network.named_parameters():
        if key in shapes and tuple(parameter.shape) != shapes[key]:
            raise ModelError(
                f"{folder}: tensor {key!r} has shape {list(parameter.shape)}, its config.json asks for "
                f"{list(shapes[key])}; weights and configuration are of different models"
            )


def _check_words(folder: Path, tokenizers: list[Any], encoders: list[Any]) -> None:
    """Raise `ModelError` if a tokenizer has tokens that its encoder has no entry for (a special token that is new)."""
    for tokenizer, encoder in zip(tokenizers, encoders, strict=False):
        known = encoder.get_input_embeddings().weight.shape[0]
        if len(tokenizer) > known:
            raise ModelError(
                f"{folder}: its tokenizer has {len(tokenizer)} tokens, its text encoder knows {known}; a special token "
                "of tokenizer_config.json is not in the vocabulary, or they are of different models"
            )


def _tokenizer(folder: Path, index: Mapping[str, Any], name: str) -> Any:
    kind = class_of(index, name, _entry(index, name) or ("", ""))
    with readable(folder / name):
        return kind.from_pretrained(str(folder / name), local_files_only=True, trust_remote_code=False)


def _network(folder: Path, index: Mapping[str, Any], name: str, variant: str | None, dtype: torch.dtype) -> Any:
    library, word = _entry(index, name) or ("", "")
    kind = class_of(index, name, (library, word))
    # transformers alone has code of models to distrust, and another word for the precision
    own = {"torch_dtype": dtype} if library == "diffusers" else {"dtype": dtype, "trust_remote_code": False}
    with readable(folder / name):
        network, info = kind.from_pretrained(
            str(folder / name),
            **own,
            variant=variant,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    absent = sorted(info["missing_keys"])
    if absent:
        raise ModelError(
            f"{folder / name}: the weights lack {len(absent)} tensors that its config.json asks for, among them "
            f"{absent[0]!r}; weights and configuration are of different models"
        )
    return network


@contextmanager
def quiet() -> Iterator[None]:
    """Silence progress bars and remarks of transformers and diffusers while loading; put them back afterwards."""
    from diffusers.utils import logging as remarks
    from transformers.utils import logging as reports

    shown, verbosity, before = reports.is_progress_bar_enabled(), reports.get_verbosity(), remarks.get_verbosity()
    reports.disable_progress_bar()
    reports.set_verbosity_error()
    remarks.set_verbosity_error()
    try:
        yield
    finally:
        reports.set_verbosity(verbosity)
        remarks.set_verbosity(before)
        if shown:
            reports.enable_progress_bar()


@contextmanager
def readable(source: Path) -> Iterator[None]:
    """Name the model that could not be loaded and the reason, in one line, whatever the libraries below raised."""
    try:
        yield
    except (DreamSamplerError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # of what those libraries raise on damaged files there is no common base
        if "allocate memory" in str(error) or "out of memory" in str(error):
            raise
        # the first sentence; the rest is advice for callers of those libraries
        reason = re.split(r"(?<=[.!]) ", " ".join(str(error).split()), maxsplit=1)[0][:300].rstrip(".")
        raise ModelError(
            f"{source} cannot be loaded: {reason or type(error).__name__}; its configuration or weights are damaged or "
            "of a kind that this version does not know"
        ) from error
