"""Regions to hide for inpainting: the eyes or the mouth of a face, as a box, an ellipse or a brush stroke."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dreamsampler.core.errors import InputError
from iconworld.scenes.drawing import bounds, svg_document
from iconworld.scenes.drawing import path as filled
from iconworld.scenes.render import rasterize
from iconworld.scenes.scene import Scene
from iconworld.scenes.shapes import Contour, box, ellipse, stroke

REGIONS: dict[str, tuple[str, ...]] = {
    "eyes": ("eyes", "glasses"),
    "mouth": ("mouth", "teeth", "nose"),
}
"""Regions by name, and the parts of a drawing that make each up."""

SHAPES = ("box", "ellipse", "brush")


def hidden_region(
    scene: Scene, region: str, shape: str = "box", size: int = 128, figure: int = 0, margin: float = 4.0, seed: int = 0
) -> NDArray[np.bool_]:
    """Which pixels to hide, bool `[size, size]`; all of the named feature lies inside.

    Args:
        scene: a scene whose figure `figure` has a face.
        region: "eyes" or "mouth".
        shape: "box", "ellipse" (drawn around the box) or "brush" (a wavy thick stroke; `seed` chooses it).
        size: side in pixels.
        figure: index in `scene.figures`.
        margin: room around the feature, in canvas units, 0 to 32.
        seed: for "brush".

    Raises:
        InputError: for an unknown region or shape, or a figure without a face.
    """
    if region not in REGIONS:
        raise InputError(f"region is {region!r}: give one of {', '.join(REGIONS)}")
    if shape not in SHAPES:
        raise InputError(f"shape is {shape!r}: give one of {', '.join(SHAPES)}")
    if not 0 <= margin <= 32:
        raise InputError(f"margin is {margin!r}: give 0 to 32 canvas units")
    paths = [p for p in scene.drawing().paths if p.figure == figure and p.part in REGIONS[region]]
    if not paths:
        raise InputError(f"figure is {figure!r}: that figure shows no {region}; choose a character")
    x0, y0, x1, y1 = bounds(paths)
    contour = _contour(shape, (x0 - margin, y0 - margin, x1 + margin, y1 + margin), seed)
    flat = svg_document([f'<path fill="#ffffff" d="{filled("hidden", "#ffffff", contour).data()}"/>'])
    return rasterize(flat, size, antialias=False)[..., 3] > 0


def _contour(shape: str, around: tuple[float, float, float, float], seed: int) -> Contour:
    x0, y0, x1, y1 = around
    x, y, rx, ry = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2
    if shape == "box":
        return box(x0, y0, x1, y1)
    if shape == "ellipse":
        return ellipse(x, y, 2**0.5 * rx, 2**0.5 * ry)
    rng = np.random.Generator(np.random.PCG64([0xB2, seed]))
    wave = rng.uniform(-0.25, 0.25, 5) * ry
    points = [(x + rx * t, y + float(d)) for t, d in zip((-1, -0.5, 0, 0.5, 1), wave, strict=True)]
    return stroke(points, 2.6 * ry)
