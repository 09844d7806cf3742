"""Latents cached on disk: the autoencoder is frozen while the diffusion model learns, so each scene is encoded once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor

from dreamsampler.core.errors import InputError
from dreamsampler.iconworld.train.checkpoint import writing
from dreamsampler.iconworld.train.pool import Pool, Record, to_tensor


@dataclass(frozen=True)
class LatentPool:
    """Scaled latents (n, c, 16, 16) in half precision, and what is true of each scene."""

    latents: NDArray[np.float16]
    records: list[Record]

    def batch(self, indices: NDArray[np.int64]) -> Tensor:
        """(b, c, 16, 16) float32."""
        return torch.from_numpy(self.latents[indices].astype(np.float32))


@torch.no_grad()
def encode_pool(pool: Pool, vae: AutoencoderKL, file: Path, batch: int = 16) -> LatentPool:
    """The posterior means of every picture, times the scaling factor; read from ``file`` if it exists.

    Raises:
        InputError: the file is of other scenes, or cannot be written.
    """
    if file.exists():
        kept = np.load(file)
        if len(kept) != len(pool):
            raise InputError(f"{file} holds latents of {len(kept)} scenes, there are {len(pool)}: delete it")
        return LatentPool(kept, pool.records)
    parts = []
    for start in range(0, len(pool), batch):
        images = to_tensor(np.asarray(pool.pictures[start : start + batch])).to(vae.device)
        with torch.autocast(vae.device.type, torch.bfloat16):
            mean = vae.encode(images).latent_dist.mean
        parts.append((mean.float() * vae.config.scaling_factor).half().cpu().numpy())
    latents = np.concatenate(parts)
    temporary = file.with_suffix(".tmp")
    with writing(file):
        with temporary.open("wb") as out:
            np.save(out, latents)
        temporary.replace(file)
    return LatentPool(latents, pool.records)
