"""Simple colored solids seen by known cameras: exact signed distances, cast ray by ray, with two-tone shading.

World: right-handed, z up, solids near the origin. Cameras: OpenCV axes (x right, y down, z forward),
camera-to-world 3x4, pixel centers at +0.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin, tan

import numpy as np
from numpy.typing import NDArray

from dreamsampler.core.errors import InputError
from iconworld.scenes.palette import COLORS, rgb
from iconworld.scenes.render import check_size

Array = NDArray[np.float64]
SHAPES = ("sphere", "box", "cone", "torus")
_LIGHT = np.array([-0.35, -0.55, 0.76])
_STEPS = 96
_CLOSE = 2e-4


@dataclass(frozen=True)
class Solid:
    """One solid.

    Attributes:
        shape: one of `SHAPES`; a torus lies flat, a cone points up.
        color: a name in `palette.COLORS`.
        center: of its bounding ball, world units.
        radius: of its bounding ball.
    """

    shape: str
    color: str
    center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radius: float = 0.5

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise InputError(f"shape is {self.shape!r}: give one of {', '.join(SHAPES)}")
        if self.color not in COLORS:
            raise InputError(f"color is {self.color!r}: give one of {', '.join(COLORS)}")
        if not 0 < self.radius <= 0.5 or max(abs(c) for c in self.center) + self.radius > 0.9:
            raise InputError(f"radius is {self.radius!r}, center {self.center!r}: the solid must lie near the origin")

    def distance(self, points: Array) -> Array:
        """Signed distance of points `[n, 3]` to the surface, `[n]`; negative inside."""
        p = (points - self.center) / self.radius
        return _DISTANCES[self.shape](p) * self.radius


@dataclass(frozen=True)
class Camera:
    """A camera that looks at the origin.

    Attributes:
        azimuth: degrees; 0 looks from +x, 90 from +y.
        elevation: degrees above the horizon, -89 to 89.
        distance: from the origin, in world units.
        fov: vertical angle of view in degrees.
    """

    azimuth: float = 0.0
    elevation: float = 20.0
    distance: float = 1.9
    fov: float = 40.0

    def __post_init__(self) -> None:
        if not -89.0 <= self.elevation <= 89.0 or not 1.0 < self.distance <= 100 or not 1.0 < self.fov < 150.0:
            raise InputError(
                f"camera is {self!r}: give elevation -89 to 89, distance above 1 up to 100, fov above 1 below 150"
            )

    def matrix(self) -> Array:
        """Camera-to-world `[3, 4]`."""
        a, e = radians(self.azimuth), radians(self.elevation)
        back = np.array([cos(e) * cos(a), cos(e) * sin(a), sin(e)])
        right = np.array([-sin(a), cos(a), 0.0])
        return np.stack([right, np.cross(-back, right), -back, self.distance * back], axis=1)

    def rays(self, side: int) -> tuple[Array, Array]:
        """Origin `[3]` and unit directions `[side * side, 3]`, row by row."""
        steps = (2.0 * (np.arange(side) + 0.5) / side - 1.0) * tan(radians(self.fov) / 2)
        x, y = np.meshgrid(steps, steps)
        local = np.stack([x, y, np.ones_like(x)], -1).reshape(-1, 3)
        matrix = self.matrix()
        world = local @ matrix[:, :3].T
        return matrix[:, 3], world / _length(world)[:, None]


def render_solids(
    solids: Sequence[Solid], camera: Camera, background: str, size: int = 128, samples: int = 2
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The view and what it shows.

    Args:
        solids: at least one.
        camera: where from.
        background: "#rrggbb".
        size: side in pixels.
        samples: rays a pixel along each axis, 1 to 4.

    Returns:
        uint8 `[size, size, 3]`, and the index of the solid (or -1) at each pixel's first ray, `[size, size]`.
    """
    if not 1 <= samples <= 4:
        raise InputError(f"samples is {samples!r}: give 1 to 4")
    side = check_size(size) * samples
    origin, directions = camera.rays(side)
    depth, which = _trace(solids, origin, directions)
    colors = np.broadcast_to(np.array(rgb(background), dtype=np.float64), (len(directions), 3)).copy()
    for index, solid in enumerate(solids):
        hit = which == index
        points = origin + directions[hit] * depth[hit, None]
        colors[hit] = _shaded(solid, solids, points)
    fine = colors.reshape(size, samples, size, samples, 3)
    return np.round(fine.mean((1, 3))).astype(np.uint8), which.reshape(side, side)[::samples, ::samples]


def _trace(solids: Sequence[Solid], origin: Array, directions: Array) -> tuple[Array, NDArray[np.int64]]:
    """Distance along each ray and index of the solid that it meets, -1 for none (sphere tracing)."""
    reach = max(float(np.linalg.norm(s.center)) + s.radius for s in solids) + 0.01  # a ball that holds them all
    along = -(directions @ origin)
    miss = np.sum(origin**2) - along**2
    half = np.sqrt(np.maximum(reach**2 - miss, 0.0))
    depth = np.maximum(along - half, 0.0)
    which = np.full(len(directions), -1, dtype=np.int64)
    active = np.flatnonzero(miss < reach**2)
    for _ in range(_STEPS):
        points = origin + directions[active] * depth[active, None]
        gaps = np.stack([s.distance(points) for s in solids])
        gap = gaps.min(0)
        hit = gap < _CLOSE
        which[active[hit]] = gaps[:, hit].argmin(0)
        depth[active] += np.where(hit, 0.0, gap)
        active = active[~hit & (depth[active] < along[active] + half[active])]
        if not len(active):
            break
    return depth, which


def _shaded(solid: Solid, solids: Sequence[Solid], points: Array) -> Array:
    """Lambert shading in the color's own tones, and a soft dark where another solid is near."""
    eps = 1e-4
    offsets = np.eye(3) * eps
    normal = np.stack([solid.distance(points + o) - solid.distance(points - o) for o in offsets], 1)
    normal /= np.maximum(_length(normal), 1e-12)[:, None]
    diffuse = np.clip(normal @ _LIGHT, -1.0, 1.0)
    base = np.array(rgb(COLORS[solid.color]), dtype=np.float64)
    dark, bright = 0.55 * base + 0.08 * np.array([58, 31, 61]), 0.72 * base + 0.28 * 255.0
    low = (0.5 + 0.5 * diffuse)[:, None]
    color = dark + (base - dark) * np.clip(low / 0.62, 0, 1) + (bright - base) * np.clip((low - 0.72) / 0.28, 0, 1)
    for other in solids:
        if other is not solid:
            near = np.clip(other.distance(points + 0.05 * normal) / 0.10, 0.0, 1.0)[:, None]
            color = color * (0.78 + 0.22 * near)
    return color


def _length(vectors: Array) -> Array:
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors))


def _sphere(p: Array) -> Array:
    return _length(p) - 1.0


def _box(p: Array) -> Array:
    q = np.abs(p) - (0.57 - 0.05)  # rounded edges, corners inside the unit ball
    outside = _length(np.maximum(q, 0.0))
    inside = np.maximum(np.maximum(q[:, 0], q[:, 1]), q[:, 2])
    return outside + np.minimum(inside, 0.0) - 0.05


def _cone(p: Array) -> Array:
    """Apex (0, 0, 0.9), base of radius 0.8 at z = -0.6; exact in the half plane of (radius, height)."""
    r, z = np.hypot(p[:, 0], p[:, 1]), p[:, 2]
    top, low, wide = 0.9, -0.6, 0.8
    base = np.stack([r - np.clip(r, 0.0, wide), z - low], 1)
    slope = np.array([wide, low - top])
    t = np.clip((r * slope[0] + (z - top) * slope[1]) / (slope @ slope), 0.0, 1.0)
    flank = np.stack([r - t * slope[0], z - top - t * slope[1]], 1)
    inside = (z > low) & (r * -slope[1] < wide * (top - z))
    gap = np.minimum(_length(base), _length(flank))
    return np.where(inside, -gap, gap)


def _torus(p: Array) -> Array:
    ring, tube = 0.68, 0.30
    return np.hypot(np.hypot(p[:, 0], p[:, 1]) - ring, p[:, 2]) - tube


_DISTANCES = {"sphere": _sphere, "box": _box, "cone": _cone, "torus": _torus}
