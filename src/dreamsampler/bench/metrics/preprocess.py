"""How a vision model wants its pictures: the numbers of a `preprocessor_config.json`, applied in torch.

The image processors of transformers 5 need torchvision for this, or round through 8-bit PIL pictures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.errors import ModelError

FILTERS = {2: "bilinear", 3: "bicubic"}
"""Pillow's numbers of its resampling filters."""


@dataclass(frozen=True)
class Preprocess:
    """Resize with antialiasing, crop the middle, normalize.

    Args:
        size: (height, width), or a single number for the shorter side; None leaves the size.
        crop: (height, width) of the middle that is kept; None keeps all.
        mean, std: of each channel, for pictures in [0, 1].
        resample: "bilinear" or "bicubic".
        scale: what a white pixel is before normalization: 1, or 255 for code that forgets to divide.

    Example:
        >>> Preprocess(32, (32, 32))(torch.zeros(1, 3, 40, 64)).shape
        torch.Size([1, 3, 32, 32])
    """

    size: int | tuple[int, int] | None
    crop: tuple[int, int] | None = None
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)
    resample: str = "bicubic"
    scale: float = 1.0

    def __call__(self, images: Tensor) -> Tensor:
        """[B, 3, H, W] in [-1, 1] to what the model expects."""
        pixels = (images.clamp(-1, 1) + 1.0) / 2.0
        if self.size is not None:
            pixels = F.interpolate(pixels, self._target(*pixels.shape[-2:]), mode=self.resample, antialias=True)
            pixels = pixels.clamp(0, 1)  # bicubic overshoots
        if self.crop is not None:
            top, left = ((have - want) // 2 for have, want in zip(pixels.shape[-2:], self.crop, strict=True))
            pixels = pixels[..., top : top + self.crop[0], left : left + self.crop[1]]
        mean, std = (
            torch.tensor(v, dtype=pixels.dtype, device=pixels.device).view(3, 1, 1) for v in (self.mean, self.std)
        )
        return (self.scale * pixels - mean) / std

    def _target(self, height: int, width: int) -> tuple[int, int]:
        if isinstance(self.size, tuple):
            return self.size
        side, short = self.size or 0, min(height, width)
        return side * height // short, side * width // short

    @classmethod
    def from_folder(cls, folder: Path) -> Preprocess:
        """Read `preprocessor_config.json` of a model folder.

        Raises:
            ModelError: the file is missing or says something that this code cannot do.
        """
        path = folder / "preprocessor_config.json"
        try:
            config = json.loads(path.read_text("utf-8"))
        except FileNotFoundError as error:
            raise ModelError(f"{path}: missing; it says how the model wants its pictures") from error
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: cannot be read ({error})") from error
        return cls.from_config(config, str(path))

    @classmethod
    def from_config(cls, config: Mapping[str, Any], where: str = "preprocessor_config") -> Preprocess:
        """The same from the parsed file."""
        try:
            normalize = config.get("do_normalize", True)
            resample = FILTERS[int(config.get("resample", 3))]
            return cls(
                size=_size(config["size"]) if config.get("do_resize", True) else None,
                crop=_pair(config["crop_size"]) if config.get("do_center_crop", False) else None,
                mean=tuple(map(float, config["image_mean"])) if normalize else (0.0,) * 3,
                std=tuple(map(float, config["image_std"])) if normalize else (1.0,) * 3,
                resample=resample,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{where}: {error} is missing or of a kind that is not understood") from error


def _size(value: Any) -> int | tuple[int, int]:
    if isinstance(value, Mapping) and "shortest_edge" in value:
        return int(value["shortest_edge"])
    return int(value) if isinstance(value, int) else _pair(value)


def _pair(value: Any) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    return int(value["height"]), int(value["width"])
