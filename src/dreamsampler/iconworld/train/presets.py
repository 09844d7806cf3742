"""Sizes and rates of every stage, for the two machines a prior is trained on."""

from __future__ import annotations

from dataclasses import dataclass


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


AUTOENCODER = {
    "cpu": AutoencoderPreset("cpu", (24, 48, 96, 128), 1, 4, 8, 2e-3),
    "full": AutoencoderPreset("full", (48, 96, 128, 160), 2, 8, 64, 1e-3),
}
