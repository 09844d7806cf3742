"""One way into a U-Net's attention: while a block runs, every attention layer asks one function for its output.

A tap is ``(site, q, context) -> attended``. ``site.attend(q, context)`` is what the layer does itself, so a tap states
only what is different. Which row of a call is which branch of which picture is said by ``prior.layout``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from ..core.errors import InputError, ModelError
from ..core.types import Prior
from .latent import LatentDiffusionPrior

_PLAIN = ("AttnProcessor", "AttnProcessor2_0", "XFormersAttnProcessor")
_OFF = ("norm_q", "norm_k", "group_norm", "spatial_norm", "norm_cross", "residual_connection")
"""What Stable Diffusion's layers do not have, and a tap would leave out."""


@dataclass(frozen=True, eq=False)
class Site:
    """One attention layer of a U-Net.

    Attributes:
        name: path of the layer, "up_blocks.1.attentions.0.transformer_blocks.0.attn2".
        is_cross: its keys are the text's, not the picture's own.
        resolution: cells of the latent along a side of one of its pixels: 1, 2, 4, ...
        heads: number of attention heads.
        layer: the diffusers `Attention` itself.
    """

    name: str
    is_cross: bool
    resolution: int
    heads: int
    layer: Any = field(repr=False)

    def split(self, x: Tensor) -> Tensor:
        """Return [B, n, heads d] as [B, heads, n, d]."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def keys(self, context: Tensor) -> Tensor:
        """Return the keys [B, heads, T, d] of a context [B, T, C]."""
        return self.split(self.layer.to_k(context))

    def values(self, context: Tensor) -> Tensor:
        """Return the values [B, heads, T, d] of a context [B, T, C]."""
        return self.split(self.layer.to_v(context))

    def maps(self, q: Tensor, context: Tensor) -> Tensor:
        """Return softmax(q k^T / sqrt d), [B, heads, n, T], computed in float32."""
        scores = q.float() @ self.keys(context).float().transpose(-1, -2) * self.layer.scale
        return scores.softmax(-1).to(q.dtype)

    def attend(self, q: Tensor, context: Tensor) -> Tensor:
        """Return what the layer itself would, [B, heads, n, d], by the fused kernel."""
        return F.scaled_dot_product_attention(q, self.keys(context), self.values(context), scale=self.layer.scale)


Tap = Callable[[Site, Tensor, Tensor], Tensor]
"""(site, q [B, heads, n, d], context [B, T, C]) -> [B, heads, n, d]; of self-attention, T is n."""


@dataclass(frozen=True, eq=False)
class _Tapped:
    """A diffusers attention processor that asks a tap; ahead of it and behind it stand the layer's own projections."""

    site: Site
    tap: Tap

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
    ) -> Tensor:
        if attention_mask is not None:
            raise InputError(f"attention: {self.site.name} is given a mask, which a tap would leave out")
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        out = self.tap(self.site, self.site.split(attn.to_q(hidden_states)), context)
        return attn.to_out[1](attn.to_out[0](out.transpose(1, 2).flatten(2))) / attn.rescale_output_factor


def sites(prior: Prior) -> tuple[Site, ...]:
    """Return the attention layers of a prior's U-Net in the order of execution: down, mid, up.

    Raises:
        InputError: the prior has no U-Net with attention.
        ModelError: a layer has a processor of LoRA, of an IP-Adapter or of a kind that is not known, or parts that a
            tap would leave out.
    """
    unet = prior.unet if isinstance(prior, LatentDiffusionPrior) else None
    if unet is None or not all(hasattr(unet, name) for name in ("down_blocks", "mid_block", "up_blocks")):
        kind = type(prior).__name__
        raise InputError(f"prior: this method changes a U-Net's attention, and {kind} has none; use Stable Diffusion")
    found, resolution = [], 1
    parts = [(f"down_blocks.{i}", block) for i, block in enumerate(unet.down_blocks)]
    parts += [("mid_block", unet.mid_block)] if unet.mid_block is not None else []
    parts += [(f"up_blocks.{i}", block) for i, block in enumerate(unet.up_blocks)]
    for path, block in parts:
        for name, layer in block.named_modules():
            if hasattr(layer, "processor") and hasattr(layer, "to_k"):
                site = Site(f"{path}.{name}", bool(layer.is_cross_attention), resolution, layer.heads, layer)
                _check(site)
                found.append(site)
        # a block's layers come before its change of size
        if getattr(block, "downsamplers", None):
            resolution *= 2
        if getattr(block, "upsamplers", None):
            resolution //= 2
    if not found:
        raise InputError("prior: this method changes a U-Net's attention, and this one has no attention layer")
    return tuple(found)


@contextmanager
def taps(prior: Prior, tap: Tap) -> Iterator[tuple[Site, ...]]:
    """While the block runs, let every attention layer of the prior's U-Net return what `tap` says.

    The layers' own processors come back however the block ends. Blocks do not nest.

    Raises:
        InputError, ModelError: as `sites`; nothing is changed then.

    Example:
        >>> seen = []                                                                  # doctest: +SKIP
        >>> def look(site, q, context):                                                # doctest: +SKIP
        ...     seen.append((site.name, prior.layout.items))
        ...     return site.attend(q, context)
        >>> with taps(prior, look):                                                    # doctest: +SKIP
        ...     prior.predict([z], step, [cond])
    """
    found = sites(prior)
    before = [site.layer.processor for site in found]
    try:
        for site in found:
            site.layer.processor = _Tapped(site, tap)
        yield found
    finally:
        for site, processor in zip(found, before, strict=True):
            site.layer.processor = processor


def _check(site: Site) -> None:
    processor, layer = site.layer.processor, site.layer
    name = type(processor).__name__
    if isinstance(processor, _Tapped):
        raise ModelError(f"attention: {site.name} is tapped already; leave the block around it first")
    if "lora" in name.lower() or "ipadapter" in name.lower():
        raise ModelError(
            f"attention: {site.name} has {name}, which a tap would drop; unload the LoRA or IP-Adapter first"
        )
    if name not in _PLAIN:
        raise ModelError(f"attention: {site.name} has {name}; expected one of {', '.join(_PLAIN)}")
    more = [part for part in _OFF if getattr(layer, part, None)]
    if more:
        raise ModelError(f"attention: {site.name} has {', '.join(more)}, which a tap would leave out")
