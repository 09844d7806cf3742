"""How good a prior is: four measurements on scenes that no training run can draw.

Each takes a seed; scenes ``seed * 100000`` and up of the "test" split are used, so two seeds never share a scene.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPModel, CLIPTokenizer

from iconworld.scenes.captions import article
from iconworld.training.autoencoder import psnr, reconstruct
from iconworld.training.diffusion import sample, tokenize
from iconworld.training.evaluator import background_sentence, choose, noun_sentence
from iconworld.training.pool import Record, to_bytes, to_tensor

Drawn = tuple[NDArray[np.uint8], Record]

Scenes = Callable[[int], Drawn]
"""From a number to a picture (128, 128, 3) and what is true of it."""


@dataclass(frozen=True)
class Share:
    """A share of hits with its 95 % Wilson interval."""

    value: float
    low: float
    high: float
    count: int


class Evaluator(NamedTuple):
    """The evaluator's model and words."""

    model: CLIPModel
    tokenizer: CLIPTokenizer
    nouns: tuple[str, ...]
    backgrounds: tuple[str, ...]


class TextToImage(NamedTuple):
    """Shares of samples whose noun and background color the evaluator names as asked, and the samples."""

    noun: Share
    background: Share
    prompts: list[str]
    pictures: NDArray[np.uint8]


class RoundTrip(NamedTuple):
    """Mean PSNR (dB) of the autoencoder alone and after inversion and sampling, on the same scenes."""

    autoencoder: float
    round_trip: float

    @property
    def loss(self) -> float:
        """What inversion costs, dB."""
        return self.autoencoder - self.round_trip


def share(hits: Sequence[bool]) -> Share:
    """The share of True with its Wilson interval."""
    n, p, z = len(hits), float(np.mean(hits)), 1.959964
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Share(p, float(middle - half), float(middle + half), n)


def _draw(scenes: Scenes, n: int, seed: int) -> tuple[NDArray[np.uint8], list[Record]]:
    drawn = [scenes(seed * 100_000 + i) for i in range(n)]
    return np.stack([picture for picture, _ in drawn]), [record for _, record in drawn]


def autoencoder_psnr(vae: AutoencoderKL, scenes: Scenes, n: int = 200, seed: int = 0) -> float:
    """Mean PSNR, dB, of decoded posterior means against ``n`` scenes."""
    pictures, _ = _draw(scenes, n, seed)
    return float(psnr(pictures, reconstruct(vae, pictures)).mean())


def text_to_image_accuracy(
    pipeline: StableDiffusionPipeline,
    evaluator: Evaluator,
    n: int = 200,
    seed: int = 0,
    steps: int = 50,
    batch: int = 16,
) -> TextToImage:
    """Sample "a NOUN on a COLOR background" at guidance 4 and let the evaluator name both out of all it knows.

    Nouns go round the whole vocabulary in a random order, so that each is asked for about equally often.
    """
    rng = np.random.default_rng((21, seed))
    rounds = -(-n // len(evaluator.nouns))
    nouns = np.concatenate([rng.permutation(len(evaluator.nouns)) for _ in range(rounds)])[:n]
    colors = rng.integers(0, len(evaluator.backgrounds), n)
    prompts = [
        f"{article(evaluator.nouns[i])} on {article(evaluator.backgrounds[k])} background"
        for i, k in zip(nouns, colors)
    ]
    pictures = np.concatenate(
        [sample(pipeline, prompts[s : s + batch], seed * 1000 + s, steps) for s in range(0, n, batch)]
    )
    named = choose(evaluator.model, evaluator.tokenizer, pictures, [noun_sentence(noun) for noun in evaluator.nouns])
    ground = choose(
        evaluator.model, evaluator.tokenizer, pictures, [background_sentence(c) for c in evaluator.backgrounds]
    )
    return TextToImage(share(list(named == nouns)), share(list(ground == colors)), prompts, pictures)


def evaluator_accuracy(evaluator: Evaluator, scenes: Scenes, n: int = 400, seed: int = 0) -> tuple[Share, Share]:
    """Shares of real scenes (one figure) whose noun, and whose background, the evaluator names right."""
    pictures, records = _draw(scenes, n, seed)
    single = [i for i, record in enumerate(records) if len(record.nouns) == 1]
    named = choose(
        evaluator.model, evaluator.tokenizer, pictures[single], [noun_sentence(noun) for noun in evaluator.nouns]
    )
    ground = choose(
        evaluator.model, evaluator.tokenizer, pictures, [background_sentence(c) for c in evaluator.backgrounds]
    )
    return (
        share([evaluator.nouns[k] == records[i].nouns[0] for k, i in zip(named, single)]),
        share([evaluator.backgrounds[k] == record.background for k, record in zip(ground, records)]),
    )


@torch.no_grad()
def inversion_round_trip(
    pipeline: StableDiffusionPipeline, scenes: Scenes, n: int = 32, seed: int = 0, steps: int = 50
) -> RoundTrip:
    """Invert with DDIM under the true caption (no guidance), sample back, decode, and compare with the scene."""
    pictures, records = _draw(scenes, n, seed)
    vae, alphas = pipeline.vae, pipeline.scheduler.alphas_cumprod
    decoded, returned = [], []
    for start in range(0, n, 16):
        images = to_tensor(pictures[start : start + 16]).to(pipeline.device)
        clean = vae.encode(images).latent_dist.mean * vae.config.scaling_factor
        captions = [record.captions[0] for record in records[start : start + 16]]
        tokens = tokenize(pipeline.tokenizer, captions).to(pipeline.device)
        states = pipeline.text_encoder(tokens).last_hidden_state

        def noise_of(latent: Tensor, t: int, states: Tensor = states) -> Tensor:
            return pipeline.unet(latent, t, states).sample

        back = _sample_ddim(noise_of, _invert_ddim(noise_of, clean, alphas, steps), alphas, steps)
        decoded.append(to_bytes(vae.decode(clean / vae.config.scaling_factor).sample))
        returned.append(to_bytes(vae.decode(back / vae.config.scaling_factor).sample))
    return RoundTrip(
        float(psnr(pictures, np.concatenate(decoded)).mean()), float(psnr(pictures, np.concatenate(returned)).mean())
    )


def _timesteps(alphas: Tensor, steps: int) -> list[int]:
    """Stable Diffusion's timesteps ("leading", offset 1), rising."""
    return [1 + i * (len(alphas) // steps) for i in range(steps)]


def _move(latent: Tensor, noise: Tensor, now: Tensor, then: Tensor) -> Tensor:
    """One deterministic DDIM step between two noise levels (Song et al. 2021, eq. 12 with sigma = 0)."""
    clean = (latent - (1 - now).sqrt() * noise) / now.sqrt()
    return then.sqrt() * clean + (1 - then).sqrt() * noise


def _invert_ddim(noise_of: Callable[[Tensor, int], Tensor], latent: Tensor, alphas: Tensor, steps: int) -> Tensor:
    level = alphas[0]  # set_alpha_to_one is false: a clean latent sits at timestep 0
    for t in _timesteps(alphas, steps):
        latent = _move(latent, noise_of(latent, t), level, alphas[t])
        level = alphas[t]
    return latent


def _sample_ddim(noise_of: Callable[[Tensor, int], Tensor], latent: Tensor, alphas: Tensor, steps: int) -> Tensor:
    rising = _timesteps(alphas, steps)
    for i in range(steps - 1, -1, -1):
        level = alphas[rising[i - 1]] if i else alphas[0]
        latent = _move(latent, noise_of(latent, rising[i]), alphas[rising[i]], level)
    return latent
