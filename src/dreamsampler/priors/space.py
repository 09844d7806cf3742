"""Between pictures and latents: the autoencoder of a latent diffusion model."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ..core.errors import InputError, ModelError
from .placement import cheaper, dtype_name, memory_guard

log = logging.getLogger(__name__)


class VAESpace:
    """The latent space of an autoencoder: z = (mean - shift) x scaling, with the posterior's mean, never a sample.

    Gradients pass through `encode` and `decode` where autograd is on. Latents and pictures are float32 outside,
    whatever the autoencoder computes in. A result that is not finite in half precision is computed once more in
    float32, which then stays: logged, and kept in `notes`.

    Args:
        vae: a diffusers autoencoder (`AutoencoderKL`, `AutoencoderTiny`).
        levels: how often the diffusion network halves the latent's sides.

    Attributes:
        factor: pixels a latent cell, along a side.
        multiple: sides of pictures that fill every level of the network are multiples of this many pixels.
        channels: of a latent.
    """

    def __init__(self, vae: Any, levels: int, device: torch.device) -> None:
        self._vae, self._device = vae, device
        config = vae.config
        self.factor = 2 ** (len(config.block_out_channels) - 1)
        self.multiple = self.factor * 2**levels
        self.channels = int(config.latent_channels)
        self.notes: list[str] = []
        mean, std = (getattr(config, name, None) for name in ("latents_mean", "latents_std"))
        shift = getattr(config, "shift_factor", None) or 0.0
        self._shift = self._per_channel(shift if mean is None else mean)
        self._scale = float(config.scaling_factor) / self._per_channel(1.0 if std is None else std)

    def _per_channel(self, value: float | list[float]) -> Tensor:
        return torch.tensor(value, dtype=torch.float32, device=self._device).reshape(-1, 1, 1)

    @property
    def dtype(self) -> torch.dtype:
        """What the autoencoder computes in."""
        return self._vae.dtype

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        """(C, h, w) of the latent of a picture of this size in pixels.

        Raises:
            InputError: a side that is not a positive multiple of `factor`.
        """
        if height < 1 or width < 1 or height % self.factor or width % self.factor:
            raise InputError(
                f"size {height}x{width}: sides must be multiples of {self.factor} pixels ({self.multiple} is best)"
            )
        return self.channels, height // self.factor, width // self.factor

    def encode(self, images: Tensor) -> Tensor:
        """Pictures [B, 3, H, W] in [-1, 1] to latents [B, C, h, w], float32.

        Raises:
            InputError: another shape, or sides that are not multiples of `factor`.
            ModelError: not finite even in float32. OutOfMemory: with what to do.
        """
        if images.dim() != 4 or images.shape[1] != 3:
            raise InputError(f"images: expected [B, 3, H, W], got {list(images.shape)}")
        self.latent_shape(*images.shape[2:])

        def mean(vae: Any, x: Tensor) -> Tensor:
            out = vae.encode(x)
            return out.latent_dist.mean if hasattr(out, "latent_dist") else out.latents

        return (self._run(mean, images, "encoding") - self._shift) * self._scale

    def decode(self, z: Tensor) -> Tensor:
        """Latents [B, C, h, w] to pictures [B, 3, H, W], float32, around [-1, 1] (not clamped).

        Raises:
            InputError: another shape. ModelError: not finite even in float32. OutOfMemory: with what to do.
        """
        if z.dim() != 4 or z.shape[1] != self.channels:
            raise InputError(f"z: expected a latent [B, {self.channels}, h, w], got {list(z.shape)}")
        latents = z.to(self._device, torch.float32) / self._scale + self._shift
        return self._run(lambda vae, x: vae.decode(x, return_dict=False)[0], latents, "decoding")

    @contextmanager
    def lean_decoding(self) -> Iterator[None]:
        """While the block runs, a decoding keeps only what enters each of its layers for the way back.

        The rest is computed again there: a gradient through `decode` then holds 0.37 of the memory (Stable Diffusion's
        at 512 pixels) for about a third more time; nothing else changes, and afterwards the autoencoder is as it was.
        Those without blocks to stop at are left as they are.
        """
        decoder: Any = getattr(self._vae, "decoder", None)
        if not (hasattr(decoder, "mid_block") and hasattr(decoder, "gradient_checkpointing")):
            yield
            return
        names = ("gradient_checkpointing", "_gradient_checkpointing_func")
        before = {name: vars(decoder)[name] for name in names if name in vars(decoder)}
        decoder.gradient_checkpointing, decoder._gradient_checkpointing_func = True, _layer_by_layer
        try:
            yield
        finally:
            for name in names:
                delattr(decoder, name)
            for name, value in before.items():
                setattr(decoder, name, value)

    def _run(self, run: Any, x: Tensor, doing: str) -> Tensor:
        size = "x".join(str(n) for n in x.shape[-2:])
        remedy = cheaper(1, 1, self.dtype, self._device, f"this {size}" + (" latent" if doing == "decoding" else ""))
        with memory_guard(f"{doing} {x.shape[0]} items of {size}", remedy):
            out = run(self._vae, x.to(self._device, self.dtype)).float()
            if bool(torch.isfinite(out).all()):
                return out
            if self.dtype != torch.float32 and bool(torch.isfinite(x).all()):
                self._widen(doing)
                out = run(self._vae, x.to(self._device, torch.float32))
                if bool(torch.isfinite(out).all()):
                    return out
        raise ModelError(f"{doing} gave NaN or infinite values: the autoencoder's weights or its input hold some")

    def _widen(self, doing: str) -> None:
        """Go on with a float32 copy; the autoencoder that was given stays as it is (it may be the caller's)."""
        note = f"{doing} overflowed in {dtype_name(self.dtype)}; the autoencoder runs in float32 from here on"
        copy = type(self._vae).from_config(self._vae.config)
        copy.load_state_dict({name: tensor.float() for name, tensor in self._vae.state_dict().items()})
        self._vae = copy.to(self._device).eval().requires_grad_(False)
        self.notes.append(note)
        log.warning(note)


def _layer_by_layer(block: Any, x: Tensor, *rest: Any) -> Tensor:
    """A block of a decoder with a checkpoint at each of its layers, or at its door where it has attention too."""
    if getattr(block, "attentions", None) or not hasattr(block, "upsamplers"):
        return checkpoint(block, x, *rest, use_reentrant=False)  # type: ignore[no-any-return]
    for layer in block.resnets:
        x = checkpoint(layer, x, *rest, use_reentrant=False)
    for layer in block.upsamplers or ():
        x = checkpoint(layer, x, use_reentrant=False)
    return x
