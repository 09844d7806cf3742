"""Stage 2: the text encoder and the UNet, trained together on cached latents.

The schedule is Stable Diffusion 1.5's and the network predicts the noise. The squared error of each sample is weighted
by min(SNR + 1, 5) / SNR, at most 10. In terms of the clean latent that is the weight of velocity prediction (SNR + 1)
with the cap of Hang et al. 2023 (arXiv:2303.09556), which keeps the nearly clean timesteps from taking over. The 1
keeps the noisiest ones, where the caption decides what the picture will be, from counting for nothing; the limit of 10
keeps their gradients, which grow with the weight, from drowning the rest. High timesteps are drawn more often, for the
same reason: there the loss with the caption is 30 % below the loss without it, at low ones 2 %.
One caption in ten is replaced by the empty one, whose prediction guidance subtracts.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTokenizer

from iconworld.training.checkpoint import TrainState, copy_ema_into, load_as_float32, save_folder, start_ema
from iconworld.training.latents import LatentPool
from iconworld.training.loop import Budget, LoopOptions, initial_weights, torch_rng, train_loop
from iconworld.training.pool import Draw
from iconworld.training.presets import DiffusionPreset
from iconworld.training.sheets import save_sheet
from iconworld.training.start import start_diffusion
from iconworld.training.text import build_text_encoder

EMPTY_SHARE = 0.1  #: captions replaced by ""
TIMESTEP_POWER = 0.7  #: timesteps are drawn as 1000 u ** 0.7: 63 % of them above 500, 27 % above 800
TUNING = 0.5  #: of the preset's rate, where a finished prior learns on: at the full one it forgets more than it learns
SNR_CAP = 5.0
WEIGHT_LIMIT = 10.0
TWIN_EMPHASIS = 30.0  #: how much more the cell counts in which twins differ most; a smile is some 6 cells of 256

SHEET_PROMPTS = (
    "a cat face on a blue background",
    "a dog face on a yellow background",
    "a zebra face on a green background",
    "a smiling fox face on a white background",
    "a panda face wearing glasses on a pink background",
    "a sitting lion on a teal background",
    "a red apple on a white background",
    "a red car on a grey background",
    "a blue heart on a yellow background",
    "a yellow star and a red apple on a purple background",
    "an octopus on a white background",
    "a rocket on a blue background",
    "a strawberry on a yellow background",
    "a guitar on a green background",
    "an umbrella on a pink background",
    "a house on a teal background",
)


class TextToLatent(nn.Module):
    """The two networks that learn together: tokens and a noisy latent in, the noise out."""

    def __init__(self, tokenizer: CLIPTokenizer, preset: DiffusionPreset, latent_channels: int) -> None:
        super().__init__()
        self.text_encoder = build_text_encoder(tokenizer, preset.text_width, preset.text_layers)
        self.unet = build_unet(preset, latent_channels)

    def forward(self, noisy: Tensor, timesteps: Tensor, tokens: Tensor) -> Tensor:
        """(b, c, 16, 16), (b,), (b, length) to (b, c, 16, 16)."""
        states = self.text_encoder(tokens).last_hidden_state
        return self.unet(noisy, timesteps, states).sample


def build_unet(preset: DiffusionPreset, latent_channels: int) -> UNet2DConditionModel:
    """A new UNet. Attention starts at the second level: at 16x16 it costs most and says least about what is where."""
    levels = len(preset.widths)
    attending = levels - 1
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=latent_channels,
        out_channels=latent_channels,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * attending,
        up_block_types=("CrossAttnUpBlock2D",) * attending + ("UpBlock2D",),
        block_out_channels=preset.widths,
        layers_per_block=preset.layers,
        cross_attention_dim=preset.text_width,
        attention_head_dim=preset.heads,
        norm_num_groups=16,
        addition_embed_type="text" if preset.pooled_text else None,
        addition_embed_type_num_heads=4,
    )


def build_scheduler() -> DDIMScheduler:
    """Stable Diffusion 1.5's schedule."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        steps_offset=1,
        set_alpha_to_one=False,
        clip_sample=False,
        prediction_type="epsilon",
    )


def tokenize(tokenizer: CLIPTokenizer, captions: list[str]) -> Tensor:
    """(b, length) token ids, padded to the tokenizer's length as the pipeline pads."""
    return tokenizer(captions, padding="max_length", truncation=True, return_tensors="pt").input_ids


def diffusion_loss(
    model: TextToLatent, clean: Tensor, tokens: Tensor, alphas: Tensor, rng: np.random.Generator, pairs: int = 0
) -> Tensor:
    """Weighted mean square error of the predicted noise at random timesteps; ``alphas`` are cumulative products.

    The last 2 ``pairs`` samples are scenes beside their twins: both get the same noise at the same timestep, so that
    what differs between their gradients is the caption's doing; and where their latents differ the error counts more,
    because a smile is one cell in twenty.
    """
    generator = torch_rng(rng)
    draws = len(clean) - pairs
    # one draw in each of as many equal slices: the same distribution, less noise in the gradient
    slices = (torch.randperm(draws, generator=generator) + torch.rand(draws, generator=generator)) / draws
    timesteps = (slices**TIMESTEP_POWER * len(alphas)).long().clamp(max=len(alphas) - 1)
    noise = torch.randn((draws, *clean.shape[1:]), generator=generator)
    alone = draws - pairs
    rows = torch.cat([torch.arange(alone), torch.arange(alone, draws).repeat_interleave(2)])
    timesteps, noise = timesteps[rows], noise[rows].to(clean.device)
    alpha = alphas[timesteps].to(clean.device).view(-1, 1, 1, 1)
    predicted = model(alpha.sqrt() * clean + (1 - alpha).sqrt() * noise, timesteps.to(clean.device), tokens)
    snr = (alpha / (1 - alpha)).flatten()
    weight = ((snr + 1).clamp(max=SNR_CAP) / snr).clamp(max=WEIGHT_LIMIT)
    errors = (predicted.float() - noise).square()
    if pairs:
        errors = errors * _emphasis(clean, pairs)
    return (weight * errors.mean((1, 2, 3))).mean()


def _emphasis(clean: Tensor, pairs: int) -> Tensor:
    """(b, 1, h, w): 1, and more the more one of the last 2 ``pairs`` latents differs from its twin there."""
    first, second = clean[-2 * pairs :].unflatten(0, (pairs, 2)).unbind(1)
    apart = (first - second).square().mean(1, keepdim=True)
    apart = apart / apart.amax((2, 3), keepdim=True).clamp_min(1e-6)
    told = 1.0 + TWIN_EMPHASIS * apart.repeat_interleave(2, 0)
    return torch.cat([torch.ones_like(clean[: -2 * pairs, :1]), told])


def train_diffusion(
    pool: LatentPool,
    vae: AutoencoderKL,
    tokenizer: CLIPTokenizer,
    out: Path,
    preset: DiffusionPreset,
    budget: Budget,
    *,
    seed: int = 0,
    device: str = "cpu",
    resume: bool = False,
    start: Path | None = None,
) -> StableDiffusionPipeline:
    """Train on ``pool``; write ``out/diffusion.safetensors`` (state), sheets and ``out/prior`` (averaged, fp16)."""
    with initial_weights(seed):
        model = TextToLatent(tokenizer, preset, vae.config.latent_channels).to(device)
    if start is not None:
        start_diffusion(model.text_encoder, tokenizer, model.unet, start)
    optimizer = torch.optim.AdamW(model.parameters(), lr=preset.rate, betas=(0.9, 0.99), weight_decay=1e-2)
    settings = {"seed": seed, "preset": preset.name, "tokens": len(tokenizer)}
    state = TrainState(model, optimizer, start_ema(model), settings=settings)
    alphas = build_scheduler().alphas_cumprod
    tokens = [tokenize(tokenizer, list(record.captions)) for record in pool.records]
    empty = tokenize(tokenizer, [""])[0]
    draw_batch = Draw(pool.records)

    def loss_of_step(rng: np.random.Generator, done: float) -> Tensor:
        indices = draw_batch(rng, preset.batch)
        chosen = [tokens[i][int(rng.integers(len(tokens[i])))] for i in indices]
        chosen = [empty if rng.random() < EMPTY_SHARE else ids for ids in chosen]
        clean = pool.batch(indices).to(device)
        with torch.autocast(device, torch.bfloat16):
            pairs = draw_batch.pairs(preset.batch)
            return diffusion_loss(model, clean, torch.stack(chosen).to(device), alphas, rng, pairs)

    draw = _sheet_drawer(tokenizer, vae, preset, out, device)
    peak = preset.rate * (1.0 if start is None else TUNING)
    options = LoopOptions(peak_rate=peak, decay_from=preset.decay_from, ema_decay=preset.ema_decay)
    checkpoint = out / "diffusion.safetensors"
    train_loop(state, loss_of_step, budget, options, checkpoint, seed=seed, resume=resume, on_sheet=draw)
    return export_prior(state, tokenizer, vae, preset, out / "prior")


def averaged_pipeline(
    state: TrainState, tokenizer: CLIPTokenizer, vae: AutoencoderKL, preset: DiffusionPreset
) -> StableDiffusionPipeline:
    """A pipeline of the averaged weights (fp32, on the CPU)."""
    model = TextToLatent(tokenizer, preset, vae.config.latent_channels).eval()
    copy_ema_into(state, model)
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=model.text_encoder,
        tokenizer=tokenizer,
        unet=model.unet,
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def export_prior(
    state: TrainState, tokenizer: CLIPTokenizer, vae: AutoencoderKL, preset: DiffusionPreset, folder: Path
) -> StableDiffusionPipeline:
    """Write the averaged weights as an ordinary diffusers folder in half precision; return them in fp32."""
    pipeline = averaged_pipeline(state, tokenizer, vae, preset)
    pipeline.to(torch.float16)
    save_folder(pipeline, folder)
    load_as_float32(folder / "text_encoder" / "config.json")
    pipeline.to(torch.float32)
    return pipeline


def _sheet_drawer(
    tokenizer: CLIPTokenizer, vae: AutoencoderKL, preset: DiffusionPreset, out: Path, device: str
) -> Callable[[TrainState], str]:
    def draw(state: TrainState) -> str:
        pipeline = averaged_pipeline(state, tokenizer, vae, preset).to(device)
        pictures = sample(pipeline, list(SHEET_PROMPTS), seed=0, steps=25)
        path = out / "sheets" / f"diffusion_{state.step:07d}.png"
        save_sheet(pictures, 8, path)
        return f"samples of step {state.step}: {path}"

    return draw


def sample(pipeline: StableDiffusionPipeline, prompts: list[str], seed: int, steps: int = 50) -> np.ndarray:
    """(n, 128, 128, 3) bytes by DDIM with guidance 4, in bf16 where the processor has it."""
    generator = torch.Generator().manual_seed(seed)
    with torch.autocast(pipeline.device.type, torch.bfloat16):
        images = pipeline(
            prompts,
            num_inference_steps=steps,
            guidance_scale=4.0,
            generator=generator,
            output_type="np",
            height=128,
            width=128,
        ).images
    return (images * 255).round().astype(np.uint8)
