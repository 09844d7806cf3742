"""What cannot be heard from outside about each family of transformer pipelines: one line a family.

`priors.transformer` hears the text features, ids, masks and levels from the pipeline itself. A line here says how the
latent is packed for the network, the sign of its output against v = eps - z0, and what it is told at time t = 1000
sigma. Each line is proved by parity with the pipeline's own sampler (tests/priors/test_transformer.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ..core.errors import ModelError

Reshape = Callable[[Any, Tensor, int, int], Tensor]
"""(pipeline, tensor, height and width of the picture in pixels) -> tensor."""
ONE_BRANCH = (("guidance_scale", 1.0),)


def same(pipe: Any, x: Tensor, height: int, width: int) -> Tensor:
    """Return the latent [B, C, h, w] as it is, for networks that cut it into patches themselves."""
    return x


def pack(pipe: Any, z: Tensor, height: int, width: int) -> Tensor:
    """Return the latent as FLUX.1's rows of 2 x 2 patches, [B, h w / 4, 4 C]."""
    return pipe._pack_latents(z, *z.shape)  # type: ignore[no-any-return]


def unpack(pipe: Any, x: Tensor, height: int, width: int) -> Tensor:
    """Undo `pack`."""
    return pipe._unpack_latents(x, height, width, pipe.vae_scale_factor)  # type: ignore[no-any-return]


def thousand(t: Tensor) -> Tensor:
    """Return the time as networks take it that count to 1000."""
    return t


def unit(t: Tensor) -> Tensor:
    """Return the time as networks take it that count to 1: sigma."""
    return t / 1000


@dataclass(frozen=True)
class Family:
    """One kind of pipeline.

    Attributes:
        name: of the family, for listings and recipes.
        time: from t = 1000 sigma to what the network is told.
        pack, unpack: between the latent [B, C, h, w] and what the network takes and gives.
        sign: of the network's output against v = eps - z0.
        options: further arguments of the pipeline's call that make it evaluate one branch only.
    """

    name: str
    time: Callable[[Tensor], Tensor]
    pack: Reshape = same
    unpack: Reshape = same
    sign: int = 1
    options: tuple[tuple[str, float], ...] = ONE_BRANCH


FAMILIES: dict[str, Family] = {
    "StableDiffusion3Pipeline": Family("sd3", thousand),
    "FluxPipeline": Family("flux", unit, pack, unpack, options=()),
    "AuraFlowPipeline": Family("auraflow", unit),
}

PART_CLASSES = {
    "diffusers": (
        "AutoencoderKL",
        "SD3Transformer2DModel",
        "FluxTransformer2DModel",
        "AuraFlowTransformer2DModel",
        "FlowMatchEulerDiscreteScheduler",
    ),
    "transformers": (
        *("CLIPTextModel", "CLIPTextModelWithProjection", "CLIPTokenizer", "CLIPTokenizerFast"),
        *("T5EncoderModel", "T5Tokenizer", "T5TokenizerFast", "UMT5EncoderModel", "LlamaTokenizer"),
        "LlamaTokenizerFast",
    ),
}
"""Classes that the parts of a folder may be of; no other class is built because a folder names it."""


def family_of(name: str) -> Family:
    """Return the line of a pipeline's class.

    Raises:
        ModelError: there is none.

    Example:
        >>> family_of("FluxPipeline").name
        'flux'
    """
    if name not in FAMILIES:
        raise ModelError(
            f"{name} is not supported yet: transformer pipelines that are: {', '.join(sorted(FAMILIES))}. To add it, "
            f'put a line such as FAMILIES["{name}"] = Family("name", time, pack, unpack, sign) into '
            "dreamsampler.priors.families and prove it by parity (docs/priors.md)"
        )
    return FAMILIES[name]
