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
from ...core.types import Guidance, Layout, Prediction, Prior, Step
from ...operators.mask import to_latent
from ...priors.bundle import bundled_folder
from ...priors.latent import LatentDiffusionPrior
from ...priors.load.folder import parts_of_folder
from ...priors.load.hub import fetch, is_repo_id
from ...priors.load.model import assemble, vae_precision
from ...priors.load.parts import check_architecture, parts_of_pipeline
from ...priors.placement import choose_device, choose_dtype
from ...steering.guidance import CFG
from ...tasks.cases import InverseCase
from ...tasks.options import GuidanceScale, NegativePrompt, Steps
from ...tasks.plan import Leg, Plan


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
    taken, channels = parts.unet.config.in_channels, int(parts.vae.config.latent_channels)
    if taken != 2 * channels + 1:
        raise ModelError(
            f"model: its U-Net takes {taken} channels, an inpainting one {2 * channels + 1} (latent, mask, masked "
            "picture); use an inpainting checkpoint, or another method with this one"
        )
    check_architecture(parts, name, channels + 1)
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
        if not (isinstance(prior, LatentDiffusionPrior) and prior.extra_channels):
            raise InputError("prior: stable-inpaint needs an inpainting network; load it with load_inpainting")
        extra = torch.cat([self.mask.expand(self.masked.shape[0], -1, -1, -1), self.masked], 1)

        def beside(x: Tensor, layout: Layout) -> Tensor:
            return torch.cat([x, extra[list(layout.items)].to(x)], 1)

        with prior.inputs(beside):
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
