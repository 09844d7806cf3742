"""Stable-Inpaint: the U-Net that was fine-tuned for inpainting, with nine input channels (Rombach et al., 2112.10752).

Shares the loop: yes (CFG, plain solve, kept noise, descending steps from noise); the network itself sees, beside the
latent, the mask and the encoded picture with its hole in grey. Trained, not zero-shot.

Such a checkpoint is no plain text-to-image prior: load it with `load_inpainting`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...core.errors import InputError, ModelError
from ...core.settings import settings
from ...core.state import State
from ...core.types import Guidance, Prediction, Prior, Step
from ...operators.mask import to_latent
from ...priors.bundle import bundled_folder
from ...priors.folder import parts_of_folder
from ...priors.hub import fetch, is_repo_id
from ...priors.latent import LatentDiffusionPrior
from ...priors.load import assemble, vae_precision
from ...priors.parts import check_architecture, parts_of_pipeline
from ...priors.placement import choose_device, choose_dtype
from ...steering.guidance import CFG
from ...tasks.cases import InverseCase
from ...tasks.options import GuidanceScale, NegativePrompt, Steps
from ...tasks.plan import Leg, Plan


class MaskedNetwork(torch.nn.Module):
    """An inpainting U-Net that takes plain latents once a mask and a masked picture are bound to it.

    Args:
        unet: with 2 C + 1 input channels for latents of C.
        channels: C.

    Raises:
        ModelError: another number of input channels.
    """

    def __init__(self, unet: Any, channels: int) -> None:
        super().__init__()
        if unet.config.in_channels != 2 * channels + 1:
            raise ModelError(
                f"model: its U-Net takes {unet.config.in_channels} channels, an inpainting one {2 * channels + 1} "
                "(latent, mask, masked picture); use an inpainting checkpoint, or another method with this one"
            )
        self.unet = unet
        # to the outside it is a plain network
        self.config = type(unet.config)({**unet.config, "in_channels": channels})
        self._extra: Tensor | None = None
        self._row = 0

    @property
    def dtype(self) -> torch.dtype:
        return self.unet.dtype

    def bind(self, mask: Tensor, masked: Tensor) -> None:
        """Set the mask [1 or B, 1, h, w] (1 in the hole) and the masked picture's latent [B, C, h, w]."""
        self._extra = torch.cat([mask.expand(masked.shape[0], -1, -1, -1), masked], 1)
        self._row = 0

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Any:
        """The network's output; rows are the batch's items again and again, one round for each branch."""
        if self._extra is None:
            raise InputError("prior: an inpainting network needs a mask; use it with method 'stable-inpaint'")
        rows = (self._row + torch.arange(x.shape[0])) % self._extra.shape[0]
        self._row += x.shape[0]
        return self.unet(torch.cat([x, self._extra.to(x)[rows.to(x.device)]], 1), *args, **kwargs)


def load_inpainting(
    model: Any,
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    prediction_type: str | None = None,
    revision: str | None = None,
    max_batch: int | None = None,
    local_files_only: bool = False,
) -> LatentDiffusionPrior:
    """Load an inpainting checkpoint as a prior for `StableInpaint`.

    Args:
        model: a diffusers folder, a Hub id (such as "stable-diffusion-v1-5/stable-diffusion-inpainting") or a ready
            diffusers inpainting pipeline, which stays where it is.
        device, dtype, prediction_type, revision, max_batch, local_files_only: as in `dreamsampler.load`.

    Raises:
        ModelError: not found, damaged, or not an inpainting model.
    """
    if isinstance(model, str | Path):
        place = choose_device(device)
        precision, name = choose_dtype(dtype, place), str(model)
        folder, commit = bundled_folder() if name == "bundled" else Path(model).expanduser(), None
        if not folder.is_dir():
            if not is_repo_id(name):
                raise ModelError(f"model={name!r}: no such folder, and no Hub id (owner/name)")
            folder, commit = fetch(name, revision, precision == torch.float16, local_files_only)
        parts = parts_of_folder(folder, place, precision, vae_precision(precision))
        parts = dataclasses.replace(parts, revision=commit)
    else:
        parts, name = parts_of_pipeline(model), type(model).__name__
        place, precision = torch.device(parts.where), parts.unet.dtype
    network = MaskedNetwork(parts.unet, int(parts.vae.config.latent_channels))
    parts = dataclasses.replace(parts, unet=network)
    check_architecture(parts, name)
    if isinstance(model, str | Path):
        for module in parts.modules():
            module.to(place)
    return assemble(parts, name, place, precision, prediction_type, max_batch)


@dataclass(frozen=True)
class WithMask:
    """A guidance that shows the network the mask and the masked picture first."""

    guide: Guidance
    mask: Tensor
    masked: Tensor

    def __call__(self, prior: Prior, state: State, step: Step) -> Prediction:
        network = getattr(prior, "unet", None)
        if not isinstance(network, MaskedNetwork):
            raise InputError("prior: stable-inpaint needs an inpainting network; load it with load_inpainting")
        network.bind(self.mask, self.masked)
        return self.guide(prior, state, step)


@settings
class StableInpaint:
    """Sample from an inpainting network, see `load_inpainting`. 2 evaluations a step."""

    steps: Steps = 50
    guidance_scale: GuidanceScale = 7.5
    negative_prompt: NegativePrompt = ""

    def __call__(self, case: InverseCase) -> Plan:
        state = case.pure_noise()
        # the network was trained on hard masks, read at the corner of each latent cell
        small = to_latent(1.0 - case.known(), (state.z.shape[-2], state.z.shape[-1]), "nearest")
        guide = CFG(case.target, case.embed(self.negative_prompt), self.guidance_scale)
        shown = WithMask(guide, (small >= 0.5).to(state.z), case.backprojection())
        return Plan((Leg("restore", state, case.visits(self.steps), shown),))
