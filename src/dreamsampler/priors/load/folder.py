"""Models in a folder, as diffusers lays them out: `model_index.json` and one subfolder a part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...core.errors import ModelError
from ..placement import check_fits, free_memory
from ..weights import PICKLES, Header, read_header, refuse_pickle
from .parts import NOT_YET, Parts, need

NETWORKS = ("unet", "vae", "text_encoder", "text_encoder_2")
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


def read_json(path: Path) -> dict[str, Any]:
    """A JSON table. Raises `ModelError` if the file is missing, unreadable or holds something else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not valid JSON; download or copy the model again") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} is not a JSON table; download or copy the model again")
    return content


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
    need({key: _entry(index, key) for key in index}, name)
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
    index = read_index(folder)
    names = [name for name in NETWORKS if _entry(index, name) is not None]
    chosen = {name: choose_weights(folder / name, dtype == torch.float16) for name in names}
    headers = {name: [read_header(path) for path in chosen[name].files] for name in names}
    parameters = sum(header.parameters for group in headers.values() for header in group)
    check_fits(parameters, device, dtype, free_memory(device))
    for name in names:
        _check_config(folder / name, headers[name])

    precision = dict.fromkeys(names, dtype) | {"vae": vae_dtype(read_json(folder / "vae" / "config.json"))}
    with quiet(), readable(folder):
        loaded = {name: _network(folder, index, name, chosen[name].variant, precision[name]) for name in names}
        tokenizers = [
            _class(index, name).from_pretrained(str(folder / name), local_files_only=True)
            for name in ("tokenizer", "tokenizer_2")
            if _entry(index, name) is not None
        ]
        scheduler = _class(index, "scheduler").from_pretrained(str(folder / "scheduler")).config
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
    read_json(folder / "config.json")
    if not any(header.shapes for header in headers):
        raise ModelError(f"{folder}: its weights file holds no tensors; download or copy the model again")


def _class(index: Mapping[str, Any], name: str) -> Any:
    """The class of a part; only classes of diffusers and transformers are ever imported."""
    import diffusers
    import transformers

    library, word = _entry(index, name) or ("", "")
    found = getattr({"diffusers": diffusers, "transformers": transformers}.get(library), word, None)
    if not isinstance(found, type) or not hasattr(found, "from_pretrained"):
        raise ModelError(
            f"model_index.json: {name} is a {library}.{word}, which is no class of the installed diffusers or "
            "transformers; models with code of their own are not loaded"
        )
    return found


def _network(folder: Path, index: Mapping[str, Any], name: str, variant: str | None, dtype: torch.dtype) -> Any:
    kind = _class(index, name)
    network, info = kind.from_pretrained(
        str(folder / name),
        **{"torch_dtype" if _entry(index, name)[0] == "diffusers" else "dtype": dtype},  # type: ignore[index]
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
    """No progress bars and no remarks on unused parts from transformers while loading; put back afterwards."""
    from transformers.utils import logging as reports

    shown, verbosity = reports.is_progress_bar_enabled(), reports.get_verbosity()
    reports.disable_progress_bar()
    reports.set_verbosity_error()
    try:
        yield
    finally:
        reports.set_verbosity(verbosity)
        if shown:
            reports.enable_progress_bar()


@contextmanager
def readable(source: Path) -> Iterator[None]:
    """Say which model could not be loaded and why, in one line, whatever the libraries below raised."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        if "allocate memory" in str(error) or isinstance(error, torch.OutOfMemoryError | ModelError):
            raise
        # the first sentence; the rest is advice for callers of those libraries
        reason = re.split(r"(?<=[.!]) ", " ".join(str(error).split()), maxsplit=1)[0][:300].rstrip(".")
        raise ModelError(
            f"{source} cannot be loaded: {reason or type(error).__name__}; its configuration or weights are damaged or "
            "of a kind that this version does not know"
        ) from error
