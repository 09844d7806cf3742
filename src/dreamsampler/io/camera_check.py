"""What is wrong with cameras, in words, and where they stand, drawn from above and from the side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import acos, degrees

import numpy as np
from PIL import Image, ImageDraw

from .cameras import Array, Camera, center_of

_OFF_CENTER = 20.0
_SAME = 1e-3


@dataclass(frozen=True)
class CameraReport:
    """One camera, seen from the point that all look at.

    Attributes:
        azimuth, elevation: degrees.
        distance: world units.
        look_at_error: angle between the optical axis and the direction to the point, degrees.
        roll: how far its x axis is from the horizon, degrees.
        problems: sentences; empty where all is well.
    """

    azimuth: float
    elevation: float
    distance: float
    look_at_error: float
    roll: float
    problems: tuple[str, ...]


def check_cameras(cameras: Sequence[Camera]) -> list[CameraReport]:
    """Return a report on each camera.

    Raises:
        InputError: no cameras.
    """
    center = center_of(cameras)
    reports: list[CameraReport] = []
    for k, camera in enumerate(cameras):
        away = center - camera.position
        distance = float(np.linalg.norm(away))
        error = _angle(camera.forward, away)
        problems = []
        if error > 90:
            problems.append("looks away from the object: its z axis is that of OpenGL or its matrix is world-to-camera")
        elif error > _OFF_CENTER:
            problems.append(f"looks {error:.0f} degrees past the point that the cameras look at")
        if camera.pose[2, 1] > 0.1:
            problems.append("hangs upside down: its y axis points up; OpenCV's points down")
        same = [j for j in range(k) if np.abs(cameras[j].pose - camera.pose).max() < _SAME]
        if same:
            problems.append(f"stands where camera {same[0]} does")
        roll = degrees(np.arcsin(np.clip(camera.pose[2, 0], -1.0, 1.0)))
        reports.append(
            CameraReport(camera.azimuth(center), camera.elevation(center), distance, error, roll, tuple(problems))
        )
    return reports


def _angle(a: Array, b: Array) -> float:
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return degrees(acos(float(np.clip(a @ b / lengths, -1.0, 1.0)))) if lengths > 0 else 0.0


def draw_cameras(cameras: Sequence[Camera], side: int = 480) -> Image.Image:
    """Return the cameras' frusta from above (x, y) and from the side (x, z), numbered; red where there is a problem."""
    reports = check_cameras(cameras)
    center = center_of(cameras)
    reach = 1.25 * max(float(np.abs(camera.position - center).max()) for camera in cameras) + 1e-9
    sheet = Image.new("RGB", (2 * side, side), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    for panel, (horizontal, vertical) in enumerate(((0, 1), (0, 2))):

        def at(p: Array, left: int = panel * side, h: int = horizontal, v: int = vertical) -> tuple[float, float]:
            x, y = (p[h] - center[h]) / reach, (p[v] - center[v]) / reach
            return left + side / 2 * (1 + x), side / 2 * (1 - y)

        cx, cy = at(center)
        draw.line([(cx - 6, cy), (cx + 6, cy)], fill=(128, 128, 128))
        draw.line([(cx, cy - 6), (cx, cy + 6)], fill=(128, 128, 128))
        draw.text((panel * side + 8, 6), ("above: x right, y up", "side: x right, z up")[panel], fill=(64, 64, 64))
        for k, (camera, report) in enumerate(zip(cameras, reports, strict=True)):
            color = (200, 40, 40) if report.problems else (40, 80, 160)
            apex, corners = camera.position, _corners(camera, 0.18 * reach)
            for i in range(4):
                draw.line([at(apex), at(corners[i])], fill=color)
                draw.line([at(corners[i]), at(corners[(i + 1) % 4])], fill=color)
            draw.text(at(apex), str(k), fill=color)
    return sheet


def _corners(camera: Camera, depth: float) -> list[Array]:
    """The picture's corners at a depth in front of the camera."""
    found = []
    for x, y in ((0, 0), (camera.size[0], 0), camera.size, (0, camera.size[1])):
        ray = np.array([(x - camera.center[0]) / camera.focal[0], (y - camera.center[1]) / camera.focal[1], 1.0])
        found.append(camera.pose[:, :3] @ ray * depth + camera.position)
    return found
