"""The inpainting procedure as its authors released it, written out longhand, for comparison with `tasks.inpaint`.

Every evaluation is a batch of two, null prompt and prompt: inversion multiplies their difference by zero,
data-consistency steps ask for the null prompt once for each hole, DPS steps send two equal latents through the network
and back. Masks are 1 on the known pixels. Kept apart from the loop and from its parts on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..core.noise import Noise
from ..core.types import Step
from .released import Network


def released_inpaint(
    prior,  # type: ignore[no-untyped-def]
    image: Tensor,
    known: Sequence[Tensor],
    conds: Sequence,
    null,  # type: ignore[no-untyped-def]
    visits: Sequence[Step],
    noise: Noise,
) -> Tensor:
    """The picture that the released script makes of one picture [1, 3, H, W].

    Args:
        prior: a `LatentDiffusionPrior` without size conditioning (SD1, SD2).
        known: masks [1, 1, H, W], 1 outside the hole.
        conds, null: conditions of one prompt each.
        visits: the sampler's steps; 200 in the released script.
        noise: of the measurement and of the data-consistency steps, in this order.
    """
    space, pairs = prior.space, [Network(prior, null, cond) for cond in conds]
    stride = space.factor
    outside = torch.stack(list(known)).prod(0)
    small = [k[..., ::stride, ::stride] for k in known]
    all_small = torch.stack(small).prod(0)
    y = outside * (image + 0.01 * noise.normal(image))
    with torch.no_grad():
        z = space.encode(y)
        for s in reversed(visits):
            e0, ec = pairs[0].both(z, s.t, s.a_next, s.b_next)
            e = e0 + 0.0 * (ec - e0)
            z = s.a * (z - s.b_next * e) / s.a_next + s.b * e
    clean = z
    for i, s in enumerate(visits):
        a2 = s.a**2
        if i % 3 == 0 and i < 170 * len(visits) / 200:
            with torch.no_grad():
                answers = [pair.both(z, s.t, s.a, s.b) for pair in pairs]
                e0 = answers[0][0]
                estimate = (z - s.b * e0) / s.a
                x = space.decode(estimate)
                x = torch.where(outside == 1, (y + 1e-4 * x) / 1.0001, x)
                joined = a2 * space.encode(x) + (1 - a2) * estimate
                clean = all_small * joined + (1 - all_small) * (1 - a2) * joined
                for k, (_, ec) in zip(small, answers, strict=True):
                    clean = clean + (1 - k) * a2 * (z - s.b * ec) / s.a
                z = s.a_next * clean + s.b_next * (math.sqrt(1 - a2) * e0 + s.a * noise.normal(z))
        else:
            z = z.detach().requires_grad_()
            e0 = Network(prior, null, null).both(z, s.t, s.a, s.b)[0]
            estimate = (z - s.b * e0) / s.a
            (g,) = torch.autograd.grad(torch.linalg.norm(y - outside * space.decode(estimate)), z)
            # the script decodes `clean`, which the gradient does not move
            clean = estimate.detach()
            z = (s.a_next * (clean - g) + s.b_next * e0).detach()
    with torch.no_grad():
        return space.decode(clean)
