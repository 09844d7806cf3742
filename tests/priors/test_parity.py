"""The loop over a loaded prior gives the latents that diffusers' own pipelines give."""

from pathlib import Path

import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline
from torch import Tensor

from dreamsampler.core.loop import dream_sample
from dreamsampler.core.state import State
from dreamsampler.core.types import Prior
from dreamsampler.priors.condition import TextCondition
from dreamsampler.priors.load import load
from dreamsampler.steering.guidance import CFG
from dreamsampler.steering.renoise import keep
from dreamsampler.steering.solve import Solve

PROMPTS = ["a red cat", "a blue square"]
SCALE = 5.0


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


def ours(prior: Prior, null: TextCondition, z: Tensor, n: int) -> Tensor:
    guide = CFG(prior.embed(PROMPTS), null, SCALE)
    return dream_sample(State.start(z, [0, 1]), prior, prior.schedule.visits(n), guide, Solve(), keep).z


@pytest.mark.parametrize("steps", [4, 7])
@pytest.mark.parametrize("family", ["sd1", "sd2"])
def test_stable_diffusion_equals_diffusers(folders: dict[str, Path], family: str, steps: int) -> None:
    pipe = StableDiffusionPipeline.from_pretrained(folders[family])
    pipe.set_progress_bar_config(disable=True)
    z = noise(2, 4, 8, 8)
    theirs = pipe(
        PROMPTS,
        negative_prompt=["", ""],
        latents=z,
        num_inference_steps=steps,
        guidance_scale=SCALE,
        output_type="latent",
    ).images
    prior = load(folders[family])
    result = ours(prior, prior.embed([""]), z, steps)
    torch.testing.assert_close(result, theirs, rtol=2e-5, atol=2e-5 * float(theirs.abs().max()))


@pytest.mark.parametrize("negative", ["", "a dog", None])
def test_sdxl_equals_diffusers_with_the_nulls_own_pooled_vector(sdxl_folder: Path, negative: str | None) -> None:
    """A wide and an upright picture, so that height and width cannot be confused; null as "", a text, and zeros."""
    pipe = StableDiffusionXLPipeline.from_pretrained(sdxl_folder)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config, set_alpha_to_one=False, clip_sample=False)
    pipe.set_progress_bar_config(disable=True)
    z = noise(2, 4, 8, 12)
    theirs = pipe(
        PROMPTS,
        negative_prompt=None if negative is None else [negative] * 2,
        height=64,
        width=96,
        latents=z,
        num_inference_steps=4,
        guidance_scale=SCALE,
        output_type="latent",
    ).images
    prior = load(sdxl_folder, zero_null=negative is None)
    result = ours(prior, prior.embed([negative or ""]), z, 4)
    torch.testing.assert_close(result, theirs, rtol=2e-5, atol=2e-5 * float(theirs.abs().max()))


def test_pictures_equal_diffusers(sd1_folder: Path) -> None:
    pipe = StableDiffusionPipeline.from_pretrained(sd1_folder)
    space = load(sd1_folder).space
    z, images = noise(1, 4, 8, 8), noise(1, 3, 64, 48).clamp(-1, 1)
    with torch.no_grad():
        torch.testing.assert_close(space.decode(z), pipe.vae.decode(z / 0.18215).sample)
        torch.testing.assert_close(space.encode(images), pipe.vae.encode(images).latent_dist.mode() * 0.18215)
