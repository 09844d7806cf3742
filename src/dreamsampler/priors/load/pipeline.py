"""Pipelines with a transformer, ready or in a folder, to a `TransformerPrior`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ...core.errors import InputError, ModelError
from ..families import PART_CLASSES, family_of
from ..info import PriorInfo
from ..placement import choose_device, choose_dtype, dtype_name
from ..transformer import TransformerPrior
from ..weights import fingerprint
from .config import check_part, read_json, refuse_code


def has_transformer(model: Any) -> bool:
    """Return whether a ready pipeline, or the `model_index.json` of a folder, has a transformer.

    Example:
        >>> has_transformer("no/such/folder")
        False
    """
    if isinstance(model, str | Path):
        if model == "bundled":
            return False
        try:
            index = Path(model).expanduser() / "model_index.json"
            found = index.is_file()
        except (OSError, RuntimeError, ValueError):
            # names that are none; the loader that follows says so
            return False
        return found and _present(read_json(index).get("transformer"))
    components = getattr(model, "components", None)
    return isinstance(components, dict) and components.get("transformer") is not None


def prior_of_pipeline(
    pipe: Any,
    device: str | torch.device | None,
    dtype: str | torch.dtype | None,
    max_batch: int | None,
    name: str | None = None,
    files: tuple[tuple[str, Path], ...] = (),
) -> TransformerPrior:
    """Return the prior of a ready pipeline, its networks frozen; it is moved or cast only where asked for.

    Raises:
        ModelError: a class without a line in `families.FAMILIES`, or without an autoencoder.
        InputError: the pipeline cannot be moved or cast.
    """
    kind = type(pipe).__name__
    family = family_of(kind)
    if pipe.components.get("vae") is None or pipe.components.get("scheduler") is None:
        raise ModelError(f"{kind} has no autoencoder or no scheduler; expected a pipeline with all its parts")
    if device is not None or dtype is not None:
        place = choose_device(device) if device is not None else pipe.device
        try:
            pipe.to(place, choose_dtype(dtype, place) if dtype is not None else pipe.dtype)
        except ValueError as error:
            raise InputError(f"device={device!r}, dtype={dtype!r}: this pipeline cannot be moved or cast") from error
    modules = {key: part for key, part in pipe.components.items() if isinstance(part, torch.nn.Module)}
    for module in modules.values():
        module.eval().requires_grad_(False)
    config = pipe.transformer.config
    side = getattr(pipe, "default_sample_size", None) or config.get("sample_size") or 64
    distilled = bool(config.get("guidance_embeds", False))
    remark = "guidance-distilled: the null prompt is an empty one with the same guidance embedding"

    def digest() -> str | None:
        return fingerprint((f"{part}.{key}", t) for part, m in modules.items() for key, t in m.state_dict().items())

    info = PriorInfo(
        name or f"pipeline:{kind}",
        family.name,
        "flow",
        native_size=int(side) * pipe.vae_scale_factor,
        parameters=sum(p.numel() for module in modules.values() for p in module.parameters()),
        device=str(getattr(pipe, "_execution_device", None) or pipe.device),
        dtype=dtype_name(pipe.transformer.dtype),
        files=files,
        remarks=(remark,) if distilled else (),
        fingerprint=digest,
    )
    return TransformerPrior(pipe, info, max_batch)


def prior_of_folder(
    folder: Path, device: str | torch.device | None, dtype: str | torch.dtype | None, max_batch: int | None
) -> TransformerPrior:
    """Return the prior of a folder that `pipe.save_pretrained` wrote; only safetensors and known classes are read.

    Raises:
        ModelError: an unknown pipeline, classes or code of its own, files that are none, or a part that is damaged.
    """
    index = read_json(folder / "model_index.json")
    kind = index.get("_class_name")
    if not isinstance(kind, str):
        raise ModelError(f"{folder}/model_index.json: _class_name names a pipeline of its own; its code is never run")
    family_of(kind)
    refuse_code(folder / "model_index.json", index)
    parts = [key for key, entry in index.items() if isinstance(entry, list) and _present(entry)]
    for part in parts:
        library, word = index[part]
        if word not in PART_CLASSES.get(str(library), ()):
            raise ModelError(
                f"{folder}/model_index.json: {part} is a {str(library)[:40]}.{str(word)[:40]}, which is not known here "
                "(no class is chosen by a model's own files); load it with diffusers and pass the pipeline"
            )
        if Path(part).name != part:
            raise ModelError(f"{folder}/model_index.json: {part[:80]!r} leads out of the folder")
        check_part(folder / part, part)
    absent = {key: None for key, entry in index.items() if entry == [None, None]}
    import diffusers

    place = choose_device(device)
    precision = choose_dtype(dtype, place)
    try:
        pipe = getattr(diffusers, kind).from_pretrained(
            str(folder), dtype=precision, use_safetensors=True, local_files_only=True, **absent
        )
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        raise ModelError(f"{folder}: {' '.join(str(error).split())[:300]}; download or copy the model again") from error
    files = tuple((str(path.relative_to(folder)), path) for path in sorted(folder.glob("*/*.safetensors")))
    return prior_of_pipeline(pipe.to(place), None, None, max_batch, str(folder), files)


def _present(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and all(isinstance(word, str) for word in entry)
