"""A radiance field in a .safetensors file: its tensors, its settings and its frame. Nothing is unpickled."""

from __future__ import annotations

import json
import os

import torch

from ...core.errors import InputError
from ...core.settings import check, dump
from ...io.cameras import Frame
from ...io.tensor_file import read_tensors, write_tensors
from .generator import Nerf, NerfSettings

_KEY = "dreamsampler radiance field 1"
_MOST_SETTINGS = 10_000


def write_nerf(path: str | os.PathLike[str], nerf: Nerf, frame: Frame) -> None:
    """Write a field and the frame of its cube in the world.

    Raises:
        InputError: the path does not end in .safetensors or cannot be written.
    """
    text = json.dumps(dump(nerf.settings)).encode()
    settings = torch.tensor(list(text), dtype=torch.uint8)
    place = torch.tensor([*frame.center, frame.scale], dtype=torch.float64)
    write_tensors(path, nerf.tensors() | {"settings": settings, "frame": place}, _KEY)


def read_nerf(path: str | os.PathLike[str], device: torch.device | str = "cpu") -> tuple[Nerf, Frame]:
    """Return the field and frame of `write_nerf`.

    Raises:
        InputError: another file, a damaged one, or settings and tensors that do not fit together.
    """
    name = os.fspath(path)
    tensors = read_tensors(path, _KEY)
    words, place = tensors.get("settings"), tensors.get("frame")
    if words is None or words.dtype != torch.uint8 or words.ndim != 1 or len(words) > _MOST_SETTINGS:
        raise InputError(f"{name}: settings are missing or damaged; fit the field anew")
    if place is None or place.shape != (4,) or not torch.isfinite(place).all() or not float(place[3]) > 0:
        raise InputError(f"{name}: frame is missing or damaged; fit the field anew")
    try:
        values = json.loads(bytes(words.tolist()))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: settings are damaged; fit the field anew") from error
    if not isinstance(values, dict):
        raise InputError(f"{name}: settings are damaged; fit the field anew")
    nerf = Nerf(check(NerfSettings, values, f"{name}: "), device=device)
    nerf.restore(tensors)
    x, y, z, scale = (float(value) for value in place.double())
    return nerf, Frame((x, y, z), scale)
