"""Latents cached on disk: the autoencoder is frozen while the diffusion model learns, so each scene is encoded once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file
from torch import Tensor

from dreamsampler.core.errors import InputError
from dreamsampler.io.weights import check_safetensors
from dreamsampler.priors.weights import fingerprint
from iconworld.training.checkpoint import writing
from iconworld.training.pool import Pool, Record, to_tensor

_ENCODER, _SCENES = "encoder", "scenes"  #: in the file's metadata: digests of what made the latents, and of what


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
        InputError: the file is of other scenes or of another encoder, or cannot be written. It is not replaced: what
            learned from those latents knows no others.
        ModelError: it is damaged.
    """
    made = {_ENCODER: encoder_digest(vae), _SCENES: scenes_digest(pool)}
    if file.exists():
        return LatentPool(_kept(file, len(pool), made), pool.records)
    parts = []
    for start in range(0, len(pool), batch):
        images = to_tensor(np.asarray(pool.pictures[start : start + batch])).to(vae.device)
        with torch.autocast(vae.device.type, torch.bfloat16):
            mean = vae.encode(images).latent_dist.mean
        parts.append((mean.float() * vae.config.scaling_factor).half().cpu().numpy())
    latents = np.concatenate(parts)
    temporary = file.with_suffix(".tmp")
    with writing(file):
        save_file({"latents": latents}, temporary, metadata=made)
        temporary.replace(file)
    return LatentPool(latents, pool.records)


def encoder_digest(vae: AutoencoderKL) -> str:
    """SHA-256 of all that latents depend on; the decoder, which the stage of that name goes on training, is no part."""
    weights = [(name, t) for name, t in vae.state_dict().items() if name.startswith(("encoder.", "quant_conv."))]
    scale = torch.tensor(vae.config.scaling_factor, dtype=torch.float64)
    return str(fingerprint([*weights, ("scaling_factor", scale)]))


def scenes_digest(pool: Pool) -> str:
    """SHA-256 of some 64 pictures, evenly over the pool: another pool differs in all of them."""
    some = np.asarray(pool.pictures[:: max(1, len(pool) // 64)])
    return hashlib.sha256(some.tobytes()).hexdigest()


def _kept(file: Path, count: int, made: dict[str, str]) -> NDArray[np.float16]:
    """The latents in ``file``, which must be those of so many scenes by this encoder."""
    check_safetensors(file)
    with safe_open(file, "np") as stored:
        latents: NDArray[np.float16] = stored.get_tensor("latents")
        written = stored.metadata() or {}
    if len(latents) != count:
        raise InputError(f"{file} holds latents of {len(latents)} scenes, there are {count}: delete it")
    if written.get(_SCENES) != made[_SCENES]:
        raise InputError(f"{file} holds latents of other scenes than the run's: delete it")
    if written.get(_ENCODER) != made[_ENCODER]:
        raise InputError(
            f"{file} holds latents of another encoder than the run's vae/: put that autoencoder back, or delete the "
            "file and train decoder and diffusion anew, without --resume"
        )
    return latents
