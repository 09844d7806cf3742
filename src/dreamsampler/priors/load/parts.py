"""The pieces of a Stable Diffusion checkpoint, wherever they came from, and whether they fit together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.errors import ModelError

NOT_YET = (
    "is not supported yet in this form: flow transformers such as Stable Diffusion 3 and FLUX are loaded from a "
    "diffusers folder or a ready pipeline"
)


@dataclass(frozen=True)
class Parts:
    """The networks and settings of one model.

    Attributes:
        tokenizers, encoders: one of each, or two (SDXL).
        scheduler: configuration of the scheduler; the scheduler itself is not used.
        zero_null: the null prompt is zeros (SDXL), not the encoded "".
        convert: (prompt, tokenizer) -> prompt, for textual inversion.
        files: the weights, by their path inside the model.
        where: a ready pipeline's device; None for models that this library places.
    """

    unet: Any
    vae: Any
    encoders: tuple[Any, ...]
    tokenizers: tuple[Any, ...]
    scheduler: Mapping[str, Any]
    zero_null: bool = False
    convert: Callable[[str, Any], str] | None = None
    files: tuple[tuple[str, Path], ...] = ()
    revision: str | None = None
    remarks: tuple[str, ...] = field(default=())
    where: Any = None

    def modules(self) -> tuple[Any, ...]:
        return self.unet, self.vae, *self.encoders

    @property
    def family(self) -> str:
        """One of "sd1", "sd2", "sdxl"; the first two differ in the projections around attention."""
        if len(self.encoders) == 2:
            return "sdxl"
        return "sd2" if self.unet.config.use_linear_projection else "sd1"


def parts_of_pipeline(pipe: Any) -> Parts:
    """The pieces of a ready diffusers pipeline, as they are.

    Raises:
        ModelError: the pipeline lacks a piece, or is of another kind.
    """
    name = type(pipe).__name__
    components = getattr(pipe, "components", None)
    if not isinstance(components, dict):
        raise ModelError(
            f"model: a {name} is neither a Hub id, a path, 'bundled' nor a diffusers pipeline with its components"
        )
    if components.get("transformer") is not None:
        raise ModelError(f"{name} {NOT_YET}")
    need(components, name)
    pairs = [("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2")]
    found = [(components[t], components[e]) for t, e in pairs if components.get(e) is not None]
    convert = getattr(pipe, "maybe_convert_prompt", None)
    return Parts(
        components["unet"],
        components["vae"],
        tuple(encoder for _, encoder in found),
        tuple(tokenizer for tokenizer, _ in found),
        dict(components["scheduler"].config),
        bool(pipe.config.get("force_zeros_for_empty_prompt", False)),
        convert,
        # the device that inputs must be on, which offloading hides from the networks' own parameters
        where=getattr(pipe, "_execution_device", None) or pipe.device,
    )


def need(components: Mapping[str, Any], name: str) -> None:
    """Raise `ModelError` unless a U-Net, an autoencoder, a text encoder, its tokenizer and a scheduler are there."""
    lacking = [key for key in ("unet", "vae", "text_encoder", "tokenizer", "scheduler") if components.get(key) is None]
    if lacking:
        raise ModelError(
            f"{name} has no {' and no '.join(lacking)}: expected a text-to-image model of the Stable Diffusion family "
            "(1, 2 or XL base) with all its parts"
        )
    if (components.get("text_encoder_2") is None) != (components.get("tokenizer_2") is None):
        raise ModelError(f"{name} has a second text encoder or tokenizer without the other; expected both or none")


def check_architecture(parts: Parts, name: str, extra_channels: int = 0) -> None:
    """Raise `ModelError` if the pieces are not a plain text-to-image latent diffusion model that fits together.

    Args:
        extra_channels: what the U-Net takes beside the latent, for inpainting networks.
    """
    unet, vae = parts.unet.config, parts.vae.config
    if unet.in_channels != vae.latent_channels + extra_channels or unet.out_channels != vae.latent_channels:
        raise ModelError(
            f"{name}: its U-Net takes {unet.in_channels} and gives {unet.out_channels} channels, its autoencoder has "
            f"{vae.latent_channels}; inpainting checkpoints run with --method stable-inpaint; depth, upscaling and "
            "instruction checkpoints cannot be used: take the plain text-to-image model that they were made from"
        )
    if getattr(unet, "time_cond_proj_dim", None) is not None:
        raise ModelError(
            f"{name}: guidance-distilled (LCM) networks have no null branch; use the model it was made from"
        )
    added = getattr(unet, "addition_embed_type", None)
    classes = getattr(unet, "class_embed_type", None) or getattr(unet, "num_class_embeds", None)
    # "text" pools the text features inside the network and needs nothing more
    if added not in (None, "text", "text_time") or classes or getattr(unet, "encoder_hid_dim_type", None):
        raise ModelError(
            f"{name}: its U-Net wants conditioning beyond text and size (addition_embed_type={added!r}); expected a "
            "plain text-to-image model"
        )
    if added == "text_time":
        expected = 6 * unet.addition_time_embed_dim + getattr(parts.encoders[-1].config, "projection_dim", 0)
        if len(parts.encoders) != 2 or unet.projection_class_embeddings_input_dim != expected:
            raise ModelError(
                f"{name}: SDXL's base needs two text encoders and six size numbers; refiners cannot be used: take the "
                "base model"
            )
    widths = [encoder.config.hidden_size for encoder in parts.encoders]
    if sum(widths) != unet.cross_attention_dim:
        raise ModelError(
            f"{name}: its U-Net expects text features of width {unet.cross_attention_dim}, its text encoders give "
            f"{'+'.join(map(str, widths))}; the parts are of different models"
        )
