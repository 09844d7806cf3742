"""Sizes and rates of every stage: for one CPU core, for a GPU, and for a look at the commands.

`tiny` trains nothing worth having: it is there to try a command, and for tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Name = Literal["tiny", "cpu", "full"]


@dataclass(frozen=True)
class Scenes:
    """How many scenes are drawn and cached, of the training split and of the development split."""

    train: int
    dev: int


SCENES: dict[Name, Scenes] = {"tiny": Scenes(48, 24), "cpu": Scenes(24_000, 400), "full": Scenes(24_000, 400)}


@dataclass(frozen=True)
class AutoencoderPreset:
    """widths: channels at 128, 64, 32, 16. batch: 64x64 crops a step. whole_from: see autoencoder.py."""

    name: str
    widths: tuple[int, ...]
    layers: int
    latent_channels: int
    batch: int
    rate: float
    whole_from: float = 0.75


AUTOENCODER: dict[Name, AutoencoderPreset] = {
    "tiny": AutoencoderPreset("tiny", (8, 8, 8, 8), 1, 4, 4, 1e-3),
    "cpu": AutoencoderPreset("cpu", (24, 48, 96, 128), 1, 8, 8, 1e-3),
    "full": AutoencoderPreset("full", (32, 64, 96, 128), 2, 8, 64, 1e-3),
}


@dataclass(frozen=True)
class DiffusionPreset:
    """widths: channels at 16, 8, 4. pooled_text: add an attention-pooled caption to the time embedding."""

    name: str
    widths: tuple[int, ...]
    layers: int
    heads: int
    text_width: int
    text_layers: int
    pooled_text: bool
    batch: int
    rate: float
    decay_from: float
    ema_decay: float


DIFFUSION: dict[Name, DiffusionPreset] = {
    "tiny": DiffusionPreset("tiny", (16, 16, 16), 1, 2, 48, 1, True, 2, 1e-3, 0.5, 0.9),
    "cpu": DiffusionPreset("cpu", (96, 192, 192), 1, 4, 144, 2, True, 16, 6e-4, 0.3, 0.999),
    "full": DiffusionPreset("full", (96, 176, 176), 1, 4, 144, 3, True, 256, 6e-4, 0.3, 0.9995),
}


@dataclass(frozen=True)
class EvaluatorPreset:
    """width, layers: of the vision tower. projection: length of the shared vectors."""

    name: str
    width: int
    layers: int
    text_width: int
    text_layers: int
    projection: int
    batch: int
    rate: float


EVALUATOR: dict[Name, EvaluatorPreset] = {
    "tiny": EvaluatorPreset("tiny", 48, 1, 48, 1, 16, 8, 1e-3),
    "cpu": EvaluatorPreset("cpu", 144, 5, 96, 2, 128, 48, 1e-3),
    "full": EvaluatorPreset("full", 192, 6, 144, 2, 128, 512, 1e-3),
}
