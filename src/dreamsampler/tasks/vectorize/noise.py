"""The noise of a measurement, estimated from the measurement itself."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ...operators import Measurement, Operator

SHARE, NORMAL = 0.25, 0.3186
"""A quantile, and its value for |n|, n ~ N(0, 1)."""
LEVEL = 2 / 255
"""A level of 8 bits in [-1, 1]; less noise counts as none."""
LEAST = 512
"""Blocks that an estimate needs: in fewer the scene's own structure is most of the detail (SR x8 of 128 px: 192)."""


def estimate_noise_std(operator: Operator, y: Tensor, scene: tuple[int, int, int]) -> float:
    """Return the standard deviation of white Gaussian noise in y [B, c, h, w], in units of [-1, 1].

    The first quartile of the absolute finest diagonal Haar details (x00 - x01 - x10 + x11) / 2, over 0.3186, after
    Donoho and Johnstone (1994), who take the median: the quartile is less often an edge's. Left out are blocks with
    values that were not measured (A 1 < 1), and those too near black or white, where noise was cut off: their mean is
    less than two standard deviations from an end, found in a few rounds. Of several items the lowest counts. 0 if it is
    below a level of 8 bits, or if too few blocks are left.

    On eight scenes of Icon World at 128 px, noise of 0.02 and 0.1, cut off and rounded as in a PNG or not: 0.020 to
    0.023 and 0.098 to 0.107 under a blur or none; 0.022 to 0.040 and 0.094 to 0.150 at SR x4, where edges are dense.

    Example:
        >>> from dreamsampler.operators import identity
        >>> y = 0.1 * torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        >>> round(estimate_noise_std(identity(), y, (3, 64, 64)), 1)
        0.1
    """
    measured = operator.forward(torch.ones(1, *scene, dtype=y.dtype, device=y.device)).expand_as(y)
    blocks, known = _blocks(y), (_blocks(measured) > 0.99).all(0)
    details = ((blocks[0] - blocks[1] - blocks[2] + blocks[3]) / 2).abs()
    room = 1.0 - blocks.mean(0).abs()
    return min(_item(details[k][known[k]], room[k][known[k]]) for k in range(y.shape[0]))


def with_noise(measurement: Measurement, noise_std: float | None) -> Measurement:
    """Return the measurement with the noise that was given, or that is estimated if none was."""
    if noise_std is None:
        noise_std = estimate_noise_std(measurement.operator, measurement.y, measurement.scene)
    return replace(measurement, sigma=noise_std)


def _item(details: Tensor, room: Tensor) -> float:
    found = 0.0
    for _ in range(4):
        inside = details[room > 2 * found]
        if inside.numel() < LEAST:
            break
        found = _quantile(inside) / NORMAL
    return found if found >= LEVEL else 0.0


def _quantile(values: Tensor) -> float:
    """Return the quantile `SHARE`, as if values that were rounded to half levels had not been."""
    half = LEVEL / 2
    counts = torch.bincount((values / half).round().long()).double().cumsum(0) / values.numel()
    k = int((counts < SHARE).sum())
    below = float(counts[k - 1]) if k else 0.0
    low, wide = (max((k - 0.5) * half, 0.0), half if k else half / 2)
    return low + wide * (SHARE - below) / (float(counts[k]) - below)


def _blocks(values: Tensor) -> Tensor:
    """Return the four values of each block of 2 x 2, [4, B, c, h/2, w/2]."""
    even = values[..., : values.shape[-2] // 2 * 2, : values.shape[-1] // 2 * 2]
    return torch.stack([even[..., row::2, column::2] for row in (0, 1) for column in (0, 1)])
