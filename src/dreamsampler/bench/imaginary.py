"""Stable Diffusion 1.5's networks without weights: tensors have shapes and no content, nothing is computed.

What a run would allocate and how often it would call the network can be counted so at full size, in seconds, on any
machine. Attention and convolutions are laid out as on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from ..core.schedule import TableSchedule
from ..priors.condition import TextCondition
from ..priors.info import PriorInfo
from ..priors.latent import LatentDiffusionPrior
from ..priors.space import VAESpace


def sd1_unet() -> Any:
    """The U-Net of Stable Diffusion 1.5."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)


def sd1_vae() -> Any:
    """Its autoencoder."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        sample_size=512,
    )


class _Prompts:
    """Stands for tokenizer and text encoder."""

    notes: tuple[str, ...] = ()

    def __init__(self, width: int) -> None:
        self.width = width

    def __call__(self, prompts: Sequence[str]) -> TextCondition:
        return TextCondition(torch.zeros(len(prompts), 77, self.width))


class _Reassuring(TorchDispatchMode):
    """Answers what programs ask of tensors without content, as sound ones would: all are, none are, and numbers are 1.

    Checks such as `bool(torch.isfinite(z).all())` and `bool((mask == 0).any())` then pass.
    """

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:
            return getattr(args[0], "said", True) if args[0].dtype == torch.bool else 1.0
        result = func(*args, **(kwargs or {}))
        if getattr(func, "overloadpacket", None) is torch.ops.aten.any:
            result.said = False
        return result


@contextmanager
def imaginary_prior(
    unet: Callable[[], Any] = sd1_unet, vae: Callable[[], Any] = sd1_vae
) -> Iterator[LatentDiffusionPrior]:
    """A prior without content, and the world in which it lives: every tensor that the block makes has none either.

    Args:
        unet, vae: make the networks; by default those of Stable Diffusion 1.5.

    Example:
        >>> from dreamsampler.bench.memory import LiveMemory                              # doctest: +SKIP
        >>> with imaginary_prior() as prior, LiveMemory() as memory:                      # doctest: +SKIP
        ...     z = prior.space.encode(torch.zeros(1, 3, 512, 512))                       # doctest: +SKIP
        >>> memory.peak                                                                   # doctest: +SKIP
    """
    with FakeTensorMode(), _Reassuring():
        networks = unet().eval().requires_grad_(False), vae().eval().requires_grad_(False)
        cpu, config = torch.device("cpu"), networks[0].config
        space = VAESpace(networks[1], len(config.block_out_channels) - 1, cpu)
        weights = sum(p.numel() for network in networks for p in network.parameters())
        info = PriorInfo("architecture", "sd1", "eps", space.factor * config.sample_size, weights, "cpu", "float32")
        prompts: Any = _Prompts(config.cross_attention_dim)
        schedule = TableSchedule.scaled_linear()
        yield LatentDiffusionPrior(networks[0], space, prompts, schedule, "eps", info, cpu, torch.float32)
