"""Known arrangements of cameras, by name: what multi-view generators deliver, turntables and spheres."""

from __future__ import annotations

from collections.abc import Callable
from math import asin, degrees, radians, sin, sqrt
from typing import Annotated, Any

from ..core.errors import InputError
from ..core.settings import Doc, Ge, Gt, Le, Lt, parse, settings
from .cameras import Camera, look_at

Count = Annotated[int, Ge(1), Le(1000), Doc("Cameras.")]
Elevation = Annotated[float, Ge(-89), Le(89), Doc("Degrees above the horizon.")]
Radius = Annotated[float, Gt(0), Le(1000), Doc("Distance to the center.")]
Fov = Annotated[float, Gt(0), Lt(170), Doc("Angle of view, degrees.")]


@settings
class SyncDreamer:
    """SyncDreamer's 16 views: elevation 30 whatever the input's, azimuths 22.5 k, radius 1.5, fx = 280 of 256 pixels.

    Equal to the published camera file to 3e-7; its own renderer counts pixels from their corners, half a pixel off.
    """

    n: Count = 16
    elevation: Elevation = 30.0
    radius: Radius = 1.5
    fov: Fov = 49.134343

    def cameras(self, size: int) -> list[Camera]:
        """Return the cameras for square pictures."""
        return [look_at(360.0 * k / self.n, self.elevation, self.radius, self.fov, size) for k in range(self.n)]


@settings
class Turntable:
    """A ring of cameras."""

    n: Count = 48
    elevation: Elevation = 20.0
    radius: Radius = 1.9
    fov: Fov = 40.0
    start: Annotated[float, Ge(-360), Le(360), Doc("First azimuth, degrees.")] = 0.0

    def cameras(self, size: int) -> list[Camera]:
        """Return the cameras for square pictures."""
        return [
            look_at(self.start + 360.0 * k / self.n, self.elevation, self.radius, self.fov, size) for k in range(self.n)
        ]


@settings
class Sphere:
    """Cameras spread evenly over the part of a sphere between two elevations (Fibonacci's spiral)."""

    n: Count = 32
    low: Elevation = -30.0
    high: Elevation = 80.0
    radius: Radius = 1.9
    fov: Fov = 40.0

    def cameras(self, size: int) -> list[Camera]:
        """Return the cameras for square pictures."""
        bottom, top = sin(radians(self.low)), sin(radians(self.high))
        heights = [bottom + (top - bottom) * (k + 0.5) / self.n for k in range(self.n)]
        turn = 180.0 * (3.0 - sqrt(5.0))
        return [
            look_at((turn * k) % 360.0, degrees(asin(h)), self.radius, self.fov, size) for k, h in enumerate(heights)
        ]


@settings
class Zero123Plus:
    """Zero123++'s six views: azimuths 30 + 60 k relative to the input, elevations alternating."""

    high: Elevation = 20.0
    low: Elevation = -10.0
    radius: Radius = 4.0
    fov: Fov = 30.0
    azimuth: Annotated[float, Ge(-360), Le(360), Doc("Where the input picture was taken from, degrees.")] = 0.0

    def cameras(self, size: int) -> list[Camera]:
        """Return the cameras for square pictures."""
        return [
            look_at(self.azimuth + 30.0 + 60.0 * k, (self.high, self.low)[k % 2], self.radius, self.fov, size)
            for k in range(6)
        ]


RIGS: dict[str, tuple[type, dict[str, Any]]] = {
    "syncdreamer": (SyncDreamer, {}),
    "zero123plus": (Zero123Plus, {}),
    "zero123plus-v1.1": (Zero123Plus, {"high": 30.0, "low": -20.0}),
    "turntable": (Turntable, {}),
    "sphere": (Sphere, {}),
}
"""Name -> its settings and what differs from their defaults."""


def make_rig(text: str, size: int, count: int | None = None) -> list[Camera]:
    """Return the cameras of "name" or "name:option=value,...".

    Args:
        text: a name of `RIGS`, such as "syncdreamer" or "turntable:n=8,elevation=0".
        size: side of the pictures in pixels.
        count: how many cameras are needed; sets n where the text does not.

    Raises:
        InputError: an unknown name or option, or another number of cameras than `count`.

    Example:
        >>> len(make_rig("syncdreamer", 64))
        16
    """
    name, _, options = text.partition(":")
    if name not in RIGS:
        raise InputError(f"rig {name[:60]!r}: unknown; expected one of {', '.join(RIGS)}, or a transforms.json")
    kind, changed = RIGS[name]
    values = changed | parse(kind, options, f"rig {name}")
    if count is not None and "n" not in values and name in ("turntable", "sphere"):
        values["n"] = count
    make: Callable[[int], list[Camera]] = kind(**values).cameras
    cameras = make(size)
    if count is not None and len(cameras) != count:
        raise InputError(f"rig {text!r}: has {len(cameras)} cameras for {count} pictures; give as many, or another rig")
    return cameras
