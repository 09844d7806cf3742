"""Stage 1: the autoencoder, 128x128x3 pictures to 16x16 latents.

Loss: L1 of the colors, 0.3 x L1 of the image gradients (edges are what icons are made of), and a KL divergence so
small that it only keeps the latents centered and a little smooth. Most of the run sees 64x64 crops, which teach as
much per second and more per picture; the last part sees whole pictures, because the group norms will.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from iconworld.training.checkpoint import TrainState, copy_ema_into, save_folder, start_ema
from iconworld.training.loop import Budget, LoopOptions, initial_weights, torch_rng, train_loop
from iconworld.training.pool import Pool, crops, to_bytes, to_tensor
from iconworld.training.presets import AutoencoderPreset
from iconworld.training.sheets import save_sheet
from iconworld.training.start import start_autoencoder


def build_autoencoder(preset: AutoencoderPreset) -> AutoencoderKL:
    """A new AutoencoderKL: one residual block a level, no attention."""
    levels = len(preset.widths)
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=preset.widths,
        layers_per_block=preset.layers,
        latent_channels=preset.latent_channels,
        norm_num_groups=8,
        sample_size=128,
        mid_block_add_attention=False,
        force_upcast=False,
    )


def gradient_l1(difference: Tensor) -> Tensor:
    """Mean absolute horizontal and vertical finite difference of (b, c, h, w)."""
    across = (difference[..., :, 1:] - difference[..., :, :-1]).abs().mean()
    return across + (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()


def picture_loss(difference: Tensor) -> Tensor:
    """L1 of the colors + 0.3 L1 of the image gradients, of the difference of two batches of pictures in [-1, 1]."""
    return difference.abs().mean() + 0.3 * gradient_l1(difference)


def autoencoder_loss(vae: AutoencoderKL, pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """The pictures' loss + 1e-4 KL (mean over latent elements), on pictures in [-1, 1]."""
    posterior = vae.encode(pictures).latent_dist
    decoded = vae.decode(posterior.sample(torch_rng(rng))).sample
    difference = (decoded - pictures).float()
    divergence = (posterior.mean.float().square() + posterior.var.float() - 1 - posterior.logvar.float()).mean() / 2
    return picture_loss(difference) + 1e-4 * divergence


def train_autoencoder(
    pool: Pool,
    held_out: Pool,
    out: Path,
    preset: AutoencoderPreset,
    budget: Budget,
    *,
    seed: int = 0,
    device: str = "cpu",
    resume: bool = False,
    start: Path | None = None,
) -> AutoencoderKL:
    """Train on crops of ``pool``; write ``out/autoencoder.safetensors`` (state), sheets and ``out/vae`` (averaged)."""
    with initial_weights(seed):
        vae = build_autoencoder(preset).to(device)
    if start is not None:
        start_autoencoder(vae, start)
    optimizer = torch.optim.AdamW(vae.parameters(), lr=preset.rate, betas=(0.9, 0.99), weight_decay=1e-3)
    state = TrainState(vae, optimizer, start_ema(vae), settings={"seed": seed, "preset": preset.name})

    def loss_of_step(rng: np.random.Generator, done: float) -> Tensor:
        whole = done > preset.whole_from
        count, side = (max(1, preset.batch // 4), 128) if whole else (preset.batch, 64)
        pictures = crops(pool, count, side, rng).to(device)
        with torch.autocast(device, torch.bfloat16):
            return autoencoder_loss(vae, pictures, rng)

    options = LoopOptions(peak_rate=preset.rate, decay_from=0.2)
    draw = _sheet_drawer(preset, held_out, out, device)
    train_loop(
        state, loss_of_step, budget, options, out / "autoencoder.safetensors", seed=seed, resume=resume, on_sheet=draw
    )
    return export_autoencoder(state, preset, pool, out / "vae")


@torch.no_grad()
def reconstruct(vae: AutoencoderKL, pictures: np.ndarray, batch: int = 16) -> np.ndarray:
    """Encode (posterior mean) and decode (n, 128, 128, 3) bytes."""
    done = []
    for start in range(0, len(pictures), batch):
        images = to_tensor(pictures[start : start + batch]).to(vae.device, vae.dtype)
        done.append(to_bytes(vae.decode(vae.encode(images).latent_dist.mean).sample))
    return np.concatenate(done)


def psnr(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio in dB of each pair of byte pictures; equal pictures count as 1/4 of a grey level."""
    error = (a.astype(np.float64) - b.astype(np.float64)) ** 2
    return 10 * np.log10(255**2 / np.maximum(error.mean((1, 2, 3)), 1 / 16))


def _sheet_drawer(preset: AutoencoderPreset, held_out: Pool, out: Path, device: str) -> Callable[[TrainState], str]:
    averaged = build_autoencoder(preset).to(device).eval()
    pictures = np.asarray(held_out.pictures[:64])

    def draw(state: TrainState) -> str:
        copy_ema_into(state, averaged)
        decoded = reconstruct(averaged, pictures)
        rows = np.concatenate([np.concatenate([pictures[i : i + 8], decoded[i : i + 8]]) for i in (0, 8, 16)])
        save_sheet(rows, 8, out / "sheets" / f"autoencoder_{state.step:07d}.png")
        return f"held-out PSNR {psnr(pictures, decoded).mean():.2f} dB at step {state.step}"

    return draw


@torch.no_grad()
def export_autoencoder(state: TrainState, preset: AutoencoderPreset, pool: Pool, folder: Path) -> AutoencoderKL:
    """The averaged weights as a diffusers folder, with the scaling factor 1 / std of the latents of ``pool``."""
    vae = build_autoencoder(preset).eval()
    copy_ema_into(state, vae)
    picked = np.random.default_rng(0).choice(len(pool), min(256, len(pool)), replace=False)
    images = to_tensor(np.asarray(pool.pictures[np.sort(picked)]))
    latents = torch.cat([vae.encode(part).latent_dist.mean for part in images.split(16)])
    vae.register_to_config(scaling_factor=round(float(1 / latents.std()), 5))
    save_folder(vae, folder)
    return vae
