"""Radiance fields on [-1, 1]^3: points [N, 3] -> density [N] and color [N, 3]; color does not depend on the direction.

Two encodings in front of one small network: three feature planes (fast), or sines and cosines of the coordinates (the
paper's NeRF; smaller, extrapolates better to sides that no view shows).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...core.errors import InputError

DENSITY_GAIN = 25.0
DENSITY_SHIFT = 5.0
"""density = 25 softplus(h - 5): at h = 0 a ray through the cube starts a third opaque; in denser fog (h - 3) the hole
of a torus stayed closed."""


class Sampled(NamedTuple):
    """density: [N], at least 0, per unit of length; color: [N, 3] in [0, 1]."""

    density: Tensor
    color: Tensor


class TriPlaneField(nn.Module):
    """Features of three planes (xy, xz, yz), bilinear, side by side, and one hidden layer.

    Args:
        resolution: cells along a side of each plane.
        channels: features a plane.
        width: of the hidden layer.
        seed: of the starting values.
        bf16: multiply the network's matrices in bfloat16; parameters and rendering stay in float32.
    """

    def __init__(
        self, resolution: int = 64, channels: int = 16, width: int = 32, seed: int = 0, bf16: bool = False
    ) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(seed)
        self.planes = nn.Parameter(0.1 * torch.randn(3, channels, resolution, resolution, generator=draw))
        self.layers = _layers([3 * channels, width, 4], draw)
        self.bf16 = bf16

    def forward(self, points: Tensor) -> Sampled:
        where = torch.stack([points[:, :2], points[:, ::2], points[:, 1:]])[:, None]
        found = F.grid_sample(self.planes, where, align_corners=True, padding_mode="border")
        return _heads(_network(self.layers, found.reshape(-1, len(points)), self.bf16))


class FrequencyField(nn.Module):
    """Sines and cosines of 2^k pi x for k = 0 ... octaves - 1 beside x itself, and three hidden layers.

    Args:
        octaves: frequencies a coordinate.
        width, depth: of the hidden layers.
        seed, bf16: as in `TriPlaneField`.
    """

    scales: Tensor

    def __init__(self, octaves: int = 6, width: int = 64, depth: int = 3, seed: int = 0, bf16: bool = False) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(seed)
        self.register_buffer("scales", math.pi * 2.0 ** torch.arange(octaves), persistent=False)
        self.layers = _layers([3 + 6 * octaves, *[width] * depth, 4], draw)
        self.bf16 = bf16

    def forward(self, points: Tensor) -> Sampled:
        x = points.T
        angles = (x[None] * self.scales[:, None, None]).reshape(-1, len(points))
        return _heads(_network(self.layers, torch.cat([x, angles.sin(), angles.cos()]), self.bf16))


RadianceField = TriPlaneField | FrequencyField


def _layers(widths: list[int], draw: torch.Generator) -> nn.ParameterList:
    """Weights (He initialization) and biases of a fully connected network, from a generator of their own."""
    if min(widths) < 1:
        raise InputError(f"field: widths {widths}; expected at least 1 each")
    made = []
    for k, (before, after) in enumerate(zip(widths, widths[1:], strict=False)):
        gain = 2.0 if k < len(widths) - 2 else 1.0
        made.append(nn.Parameter(torch.randn(after, before, generator=draw) * math.sqrt(gain / before)))
        made.append(nn.Parameter(torch.zeros(after, 1)))
    return nn.ParameterList(made)


def _network(layers: nn.ParameterList, features: Tensor, bf16: bool) -> Tensor:
    """Return [4, N]; points stand in columns, as `grid_sample` delivers them, so that nothing is transposed."""
    dtype = features.dtype
    x = features.to(torch.bfloat16) if bf16 else features
    parameters = list(layers)
    for k in range(0, len(parameters), 2):
        weight, bias = parameters[k].to(x.dtype), parameters[k + 1].to(x.dtype)
        x = torch.addmm(bias, weight, x)
        if k < len(parameters) - 2:
            x = x.relu()
    return x.to(dtype)


def _heads(x: Tensor) -> Sampled:
    return Sampled(DENSITY_GAIN * F.softplus(x[0] - DENSITY_SHIFT), torch.sigmoid(x[1:]).T)
