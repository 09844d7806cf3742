"""Stage 1b, optional: the decoder alone, on the frozen encoder's latents.

Once the encoder is fixed, the diffusion model can start on its latents while the decoder goes on learning beside it:
whole pictures from cached latents, with the loss of stage 1. Latents stay what they were, so any prior that was
trained on them decodes better without being trained again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from iconworld.training.autoencoder import picture_loss, psnr
from iconworld.training.checkpoint import TrainState, copy_ema_into, save_folder, start_ema
from iconworld.training.latents import LatentPool
from iconworld.training.loop import Budget, LoopOptions, train_loop
from iconworld.training.pool import Pool, to_bytes, to_tensor
from iconworld.training.presets import AutoencoderPreset


class DecoderHalf(nn.Module):
    """The part of an AutoencoderKL that turns latents into pictures; shares its weights."""

    def __init__(self, vae: AutoencoderKL) -> None:
        super().__init__()
        self.post_quant_conv, self.decoder = vae.post_quant_conv, vae.decoder
        self.scaling_factor = vae.config.scaling_factor

    def forward(self, latents: Tensor) -> Tensor:
        """Scaled latents (b, c, 16, 16) to pictures (b, 3, 128, 128)."""
        return self.decoder(self.post_quant_conv(latents / self.scaling_factor))


def train_decoder(
    folder: Path,
    pool: Pool,
    latents: LatentPool,
    held_out: Pool,
    held_out_latents: LatentPool,
    out: Path,
    preset: AutoencoderPreset,
    budget: Budget,
    *,
    seed: int = 0,
    device: str = "cpu",
    resume: bool = False,
) -> AutoencoderKL:
    """Go on training the decoder of the autoencoder in ``folder``; write the result there at every report."""
    half = DecoderHalf(AutoencoderKL.from_pretrained(folder)).to(device)
    optimizer = torch.optim.AdamW(half.parameters(), lr=preset.rate, betas=(0.9, 0.99), weight_decay=1e-3)
    settings = {"seed": seed, "preset": preset.name, "scaling_factor": half.scaling_factor}
    state = TrainState(half, optimizer, start_ema(half), settings=settings)
    batch = max(1, preset.batch // 4)

    def loss_of_step(rng: np.random.Generator, done: float) -> Tensor:
        indices = rng.integers(0, len(pool), batch)
        pictures = to_tensor(pool.pictures[indices]).to(device)
        with torch.autocast(device, torch.bfloat16):
            difference = (half(latents.batch(indices).to(device)) - pictures).float()
        return picture_loss(difference)

    averaged = AutoencoderKL.from_pretrained(folder)
    pictures = np.asarray(held_out.pictures[:64])

    @torch.no_grad()
    def report(state: TrainState) -> str:
        copy_ema_into(state, DecoderHalf(averaged))
        decode = DecoderHalf(averaged).to(device)
        parts = held_out_latents.batch(np.arange(len(pictures))).to(device).split(16)
        decoded = np.concatenate([to_bytes(decode(part)) for part in parts])
        save_folder(averaged.cpu(), folder)
        return f"held-out PSNR {psnr(pictures, decoded).mean():.2f} dB at step {state.step}"

    options = LoopOptions(peak_rate=preset.rate * 0.6, decay_from=0.2)
    train_loop(
        state, loss_of_step, budget, options, out / "decoder.safetensors", seed=seed, resume=resume, on_sheet=report
    )
    return averaged
