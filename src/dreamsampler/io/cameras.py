"""Pinhole cameras and the frame that brings what they see into the cube [-1, 1]^3.

World: right-handed, z up. Camera axes as in OpenCV: x right, y down, z forward. Poses are camera-to-world [3, 4]; the
center of the first pixel lies at (0.5, 0.5). Other conventions are converted where files are read and written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, degrees, isfinite, radians, sin, tan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError

Array = NDArray[np.float64]
MAX_SIDE = 8192
_ROTATION_TOLERANCE = 1e-2


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera.

    Args:
        pose: camera-to-world [3, 4]: right, down, forward and the position, world units.
        focal: (fx, fy) in pixels.
        center: (cx, cy) in pixels; (width / 2, height / 2) for a centered one.
        size: (width, height) in pixels.

    Raises:
        InputError: a pose that is no rotation and position, a focal length or size out of range, NaN.
    """

    pose: Array
    focal: tuple[float, float]
    center: tuple[float, float]
    size: tuple[int, int]

    def __post_init__(self) -> None:
        pose = np.array(self.pose, dtype=np.float64)
        if pose.shape != (3, 4) or not np.isfinite(pose).all() or np.abs(pose).max() > 1e6:
            raise InputError(f"camera pose: expected 3 x 4 finite numbers up to a million, got {_shown(self.pose)}")
        turn = pose[:, :3]
        off = float(np.abs(turn.T @ turn - np.eye(3)).max())
        if off > _ROTATION_TOLERANCE:
            raise InputError(
                f"camera pose: its axes are not at right angles and of length 1 (off by {off:.3g}); divide the "
                "matrix by its scale, or check that it is camera-to-world"
            )
        if np.linalg.det(turn) < 0:
            raise InputError("camera pose: mirrored (determinant -1); negate one of its axes")
        if not all(isfinite(f) and 0 < f <= 1e7 for f in self.focal):
            raise InputError(f"camera focal={self.focal}: expected two lengths in pixels above 0")
        if not all(isfinite(c) and abs(c) <= 1e6 for c in self.center):
            raise InputError(f"camera center={self.center}: expected two positions in pixels")
        if not all(1 <= s <= MAX_SIDE for s in self.size):
            raise InputError(f"camera size={self.size}: expected a width and height of 1 to {MAX_SIDE} pixels")
        pose.setflags(write=False)
        object.__setattr__(self, "pose", pose)

    @property
    def position(self) -> Array:
        """Where it stands, [3]."""
        return self.pose[:, 3]

    @property
    def forward(self) -> Array:
        """Unit direction of the optical axis, [3]."""
        return self.pose[:, 2]

    @property
    def fov(self) -> tuple[float, float]:
        """Angles of view along x and y, degrees."""
        return (
            degrees(2 * np.arctan(self.size[0] / (2 * self.focal[0]))),
            degrees(2 * np.arctan(self.size[1] / (2 * self.focal[1]))),
        )

    def azimuth(self, about: Sequence[float] | Array = (0.0, 0.0, 0.0)) -> float:
        """Return the direction it stands in, degrees from +x towards +y, -180 to 180."""
        x, y, _ = self.position - np.asarray(about)
        return degrees(np.arctan2(y, x))

    def elevation(self, about: Sequence[float] | Array = (0.0, 0.0, 0.0)) -> float:
        """Return its height above the horizon, degrees."""
        x, y, z = self.position - np.asarray(about)
        return degrees(np.arctan2(z, np.hypot(x, y)))

    def resized(self, width: int, height: int) -> Camera:
        """Return the same view with other pixels."""
        sx, sy = width / self.size[0], height / self.size[1]
        return replace(
            self,
            focal=(self.focal[0] * sx, self.focal[1] * sy),
            center=(self.center[0] * sx, self.center[1] * sy),
            size=(width, height),
        )


def look_at(
    azimuth: float,
    elevation: float,
    radius: float,
    fov: float,
    size: int | tuple[int, int],
    target: Sequence[float] = (0.0, 0.0, 0.0),
) -> Camera:
    """Return a camera that looks at `target`.

    Args:
        azimuth: degrees; 0 looks from +x, 90 from +y.
        elevation: degrees above the horizon, -89.9 to 89.9.
        radius: distance to the target.
        fov: angle of view along the height, degrees, above 0 below 170.
        size: side, or (width, height), in pixels.

    Example:
        >>> look_at(0, 0, 2.0, 40, 64).position.tolist()
        [2.0, 0.0, 0.0]
    """
    if not (isfinite(azimuth) and abs(elevation) <= 89.9 and 0 < radius <= 1e5 and 0 < fov < 170):
        raise InputError(
            f"camera azimuth={azimuth}, elevation={elevation}, radius={radius}, fov={fov}: expected elevation -89.9 "
            "to 89.9, radius above 0, fov above 0 below 170"
        )
    width, height = (size, size) if isinstance(size, int) else size
    a, e = radians(azimuth), radians(elevation)
    back = np.array([cos(e) * cos(a), cos(e) * sin(a), sin(e)])
    right = np.array([-sin(a), cos(a), 0.0])
    pose = np.stack([right, np.cross(-back, right), -back, radius * back + np.asarray(target, float)], axis=1)
    focal = 0.5 * height / tan(radians(fov) / 2)
    return Camera(pose, (focal, focal), (width / 2, height / 2), (width, height))


class Frame(NamedTuple):
    """A shift and scale of the world: inside = (world - center) * scale."""

    center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: float = 1.0

    def into(self, camera: Camera) -> Camera:
        """Return the camera as it stands inside the frame."""
        pose = camera.pose.copy()
        pose[:, 3] = (pose[:, 3] - np.asarray(self.center)) * self.scale
        return replace(camera, pose=pose)

    def out(self, points: Array) -> Array:
        """Return points [n, 3] of the frame in the world."""
        return points / self.scale + np.asarray(self.center)


def center_of(cameras: Sequence[Camera]) -> Array:
    """Return the point nearest to all optical axes, [3].

    Least squares, drawn weakly to the origin, which decides if the axes are parallel. A camera that looks the wrong way
    has the same axis, so it does not move the point.

    Raises:
        InputError: no cameras.
    """
    if not cameras:
        raise InputError("cameras: expected at least one")
    system, right = 1e-6 * np.eye(3), np.zeros(3)
    for camera in cameras:
        across = np.eye(3) - np.outer(camera.forward, camera.forward)
        system += across
        right += across @ camera.position
    return np.asarray(np.linalg.solve(system, right), dtype=np.float64)


def frame_of(cameras: Sequence[Camera]) -> Frame:
    """Return the frame in which [-1, 1]^3 holds what all cameras see around the point that they look at.

    One unit is half the width of the narrowest view there.

    Raises:
        InputError: no cameras, or the center lies behind one of them.
    """
    center = center_of(cameras)
    half = []
    for k, camera in enumerate(cameras):
        depth = float(camera.forward @ (center - camera.position))
        if depth <= 0:
            raise InputError(
                f"cameras[{k}]: the point that the cameras look at lies behind it; check its pose (OpenCV looks along "
                "+z, OpenGL and Blender along -z) with `dreamsampler check-cameras`"
            )
        half.append(depth * max(camera.size[0] / camera.focal[0], camera.size[1] / camera.focal[1]) / 2)
    x, y, z = (float(round(value, 9)) + 0.0 for value in center)
    return Frame((x, y, z), 1.0 / min(half))


def _shown(value: object) -> str:
    text = repr(value).replace("\n", "")
    return text if len(text) <= 60 else text[:57] + "..."
