"""Synthetic photographs: pictures with the statistics of natural ones, which no prior of Icon World has seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iconworld.training.pool import SIZE

_STREAM = 4000


def photograph(seed: int, size: int = SIZE) -> NDArray[np.uint8]:
    """Shaded discs in front of one another, each with 1/f texture, under a light that falls off: uint8 [size, size, 3].

    A "dead leaves" model: sizes follow the power law and textures the spectrum of natural pictures
    (Lee, Mumford and Huang, 2001). The same seed gives the same picture.

    Example:
        >>> photograph(3).shape
        (128, 128, 3)
    """
    rng = np.random.Generator(np.random.PCG64([_STREAM, seed]))
    y, x = np.mgrid[:size, :size] / size
    out = _textured(rng, size)
    for _ in range(40):
        radius = 0.05 * (1 - rng.random()) ** -0.5  # density proportional to radius ** -3
        cx, cy = rng.random(2)
        inside = (x - cx) ** 2 + (y - cy) ** 2 < min(radius, 0.4) ** 2
        out[inside] = _textured(rng, size)[inside]
    out *= 1 - 0.5 * np.clip(np.hypot(x - rng.random(), y - rng.random()), 0, 1)[..., None]
    out += rng.normal(0, 2.0, out.shape)
    return out.clip(0, 255).round().astype(np.uint8)


def _textured(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """A random color with 1/f texture and a gradient of brightness."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None])
    frequency[0, 0] = 1.0
    texture = np.fft.ifft2(np.fft.fft2(rng.standard_normal((size, size))) / frequency ** rng.uniform(0.9, 1.6)).real
    texture *= rng.uniform(6, 30) / texture.std()
    slope = np.linspace(-1, 1, size)[:, None] * rng.uniform(-40, 40) + np.linspace(-1, 1, size) * rng.uniform(-40, 40)
    return rng.uniform(30, 220, 3) + (texture + slope)[..., None] * rng.uniform(0.8, 1.2, 3)
