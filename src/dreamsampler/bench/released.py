"""The editing procedure as its authors released it, written out longhand: what `bench speed` compares with.

Null-prompt inversion and Algorithm 3, both with the null and the conditional branch in one batch of two; inversion
multiplies their difference by zero. 2N + 2N evaluations where `tasks.edit` makes N + 2N. Kept apart from the loop and
from its parts on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..core.parameterization import output_weights
from ..core.types import Step


class Network:
    """The bare network of a latent diffusion prior and its two embeddings, as the released code holds them.

    Args:
        prior: a `LatentDiffusionPrior` without size conditioning (SD1, SD2).
        null, cond: conditions of one prompt each.
    """

    def __init__(self, prior, null, cond) -> None:  # type: ignore[no-untyped-def]
        self.unet, self.kind = prior.unet, prior.kind
        self.text = torch.cat([null.text, cond.text]).to(prior.dtype)

    def both(self, z: Tensor, t: float, a: float, b: float) -> tuple[Tensor, Tensor]:
        """Noise under the null prompt and under the prompt: one call, two latents."""
        time = torch.tensor(t, dtype=torch.float32, device=self.text.device)
        text = self.text.repeat_interleave(z.shape[0], 0)
        zz = torch.cat([z, z])
        output = self.unet(zz.to(self.text), time, text, return_dict=False)[0].float()
        p, q = output_weights(self.kind, a, b)
        null, cond = ((a * output - p * zz) / (a * q - b * p)).chunk(2)
        return null, cond


@torch.no_grad()
def released_edit(network: Network, z: Tensor, visits: Sequence[Step], c: float = 0.2) -> Tensor:
    """The edited clean latent of z [B, C, h, w] after inversion and sampling on `visits`, strength c."""
    for s in reversed(visits):
        null, cond = network.both(z, s.t, s.a, s.b)
        noise = null + 0.0 * (cond - null)
        z0 = (z - s.b_next * noise) / s.a_next
        z = s.a * z0 + s.b * noise
    for s in visits:
        null, cond = network.both(z, s.t, s.a, s.b)
        noise = null + c * s.a**2 * (cond - null)
        z0 = (z - s.b * noise) / s.a
        z = s.a_next * z0 + s.b_next * null
    return z0
