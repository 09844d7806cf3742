"""Training state on disk: one safetensors file, replaced atomically.

The file holds the weights, their moving average, the optimizer's moments and, in its JSON header, the counters.
A run killed at any moment therefore finds either the previous state or the next one, never half of one.
Of several processes the first alone writes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from dreamsampler.core.errors import InputError
from dreamsampler.io.weights import check_safetensors
from iconworld.training.parallel import rank


class SavesPretrained(Protocol):
    """Models, pipelines and tokenizers of diffusers and transformers."""

    def save_pretrained(self, save_directory: Path, *, safe_serialization: bool) -> object:
        """Write the parts as configuration and safetensors files."""


@dataclass
class TrainState:
    """What a training run is at one moment.

    model: the trained weights (fp32). ema: their exponential moving average, by parameter name.
    step: optimizer steps done. seconds: time spent training, summed over every start of the run.
    settings: everything that must be equal for a resumed run to be the same run (seed, preset, ...), as JSON has it.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    ema: dict[str, Tensor]
    step: int = 0
    seconds: float = 0.0
    settings: Mapping[str, object] = field(default_factory=dict)


def start_ema(model: nn.Module) -> dict[str, Tensor]:
    """A copy of every parameter, to be averaged by :func:`update_ema`."""
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


@torch.no_grad()
def update_ema(state: TrainState, decay: float) -> None:
    """ema <- d ema + (1 - d) weights, with d = min(decay, (1 + step) / (10 + step)) so that early steps count."""
    d = min(decay, (1 + state.step) / (10 + state.step))
    names, parameters = zip(*state.model.named_parameters(), strict=True)
    torch._foreach_lerp_([state.ema[name] for name in names], [p.detach() for p in parameters], 1 - d)


@torch.no_grad()
def copy_ema_into(state: TrainState, model: nn.Module) -> None:
    """Write the averaged weights into ``model``, a module of the same architecture."""
    for name, parameter in model.named_parameters():
        parameter.copy_(state.ema[name])


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the failure to write ``path``, such as a full disk, into an InputError with the remedy."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: cannot be written ({error}); make room, then go on with --resume") from error


def save_state(path: Path, state: TrainState) -> None:
    """Write the state beside ``path`` and rename it into place.

    The temporary file's name is always the same: what a kill leaves behind is written over, not piled up.

    Raises:
        InputError: it cannot be written; the state written before is still there.
    """
    tensors = {f"model.{name}": p.detach() for name, p in state.model.named_parameters()}
    tensors |= {f"ema.{name}": tensor for name, tensor in state.ema.items()}
    for name, parameter in state.model.named_parameters():
        for key, value in state.optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer.{key}.{name}"] = torch.as_tensor(value)
    header = {"step": state.step, "seconds": state.seconds, "settings": state.settings}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    tensors = {name: tensor.contiguous().cpu() for name, tensor in tensors.items()}
    with writing(path):
        save_file(tensors, temporary, metadata={"state": json.dumps(header)})
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)


@torch.no_grad()
def load_state(path: Path, state: TrainState) -> None:
    """Fill ``state`` from a file of :func:`save_state`.

    Raises:
        InputError: the file belongs to a run with other settings or another architecture.
        ModelError: it is damaged.
    """
    check_safetensors(path)
    with safe_open(path, "pt") as file:
        header = json.loads(file.metadata()["state"])
        if header["settings"] != state.settings:
            raise InputError(
                f"{path} was written by a run with {header['settings']}, this run has {state.settings}: "
                "use the same settings, or another --out"
            )
        names = set(file.keys())
        for name, parameter in state.model.named_parameters():
            key = f"model.{name}"
            if key not in names or file.get_tensor(key).shape != parameter.shape:
                raise InputError(f"{path} holds another architecture ({name} differs): use another --out")
            parameter.copy_(file.get_tensor(key))
            state.ema[name].copy_(file.get_tensor(f"ema.{name}"))
            moments = {k: f"optimizer.{k}.{name}" for k in ("step", "exp_avg", "exp_avg_sq")}
            if moments["step"] in names:
                state.optimizer.state[parameter] = {
                    k: file.get_tensor(v) if k == "step" else file.get_tensor(v).to(parameter.device)
                    for k, v in moments.items()
                }
    state.step, state.seconds = header["step"], header["seconds"]


def save_folder(model: SavesPretrained, folder: Path) -> None:
    """``model.save_pretrained`` into ``folder``, each file renamed into place: readers never see half of one.

    Configurations come after weights, the topmost last: where they are, the rest is.
    Where the model was once loaded from is left out of its configuration: it is a path on this machine.
    """
    if rank() != 0:
        return
    temporary = folder.with_name(folder.name + ".tmp")
    with writing(folder):
        shutil.rmtree(temporary, ignore_errors=True)  # of a run that was killed here
        model.save_pretrained(temporary, safe_serialization=True)
        for config in temporary.rglob("config.json"):
            settings = json.loads(config.read_text())
            if settings.pop("_name_or_path", None) is not None:
                config.write_text(json.dumps(settings, indent=2) + "\n")
        files = [path for path in temporary.rglob("*") if path.is_file()]
        for path in sorted(files, key=lambda path: (path.suffix == ".json", -len(path.parts), path.name)):
            target = folder / path.relative_to(temporary)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
        shutil.rmtree(temporary)


def load_as_float32(config: Path) -> None:
    """Make transformers load half-precision weights in float32 unless asked otherwise, as diffusers does.

    Without this a plain pipeline would mix a half-precision text encoder with a float32 UNet.
    """
    if rank() != 0:
        return
    settings = json.loads(config.read_text())
    settings["dtype"] = "float32"
    config.write_text(json.dumps(settings, indent=2) + "\n")
