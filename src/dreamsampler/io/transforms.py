"""transforms.json, the cameras of Blender's NeRF scenes and of nerfstudio: reading, checking and writing.

The file's cameras have OpenGL's axes (x right, y up, z backward): columns 1 and 2 of the rotation change sign.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, radians, tan
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from ..core.errors import InputError
from .atomic import make_folder, write_bytes, write_text
from .cameras import MAX_SIDE, Array, Camera
from .content import read_bytes
from .tensors import to_pixels

_MOST_BYTES = 64 * 2**20
_MOST_FRAMES = 10_000
_FLIP = np.array([1.0, -1.0, -1.0])
_PINHOLE = ("OPENCV", "PINHOLE", "SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL")
_DISTORTION = ("k1", "k2", "k3", "k4", "k5", "k6", "p1", "p2")
_ENDINGS = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Shot:
    """One frame of the file: its picture and camera.

    Attributes:
        file: the picture.
        camera: for the size that the file states.
        sized_by_file: the file states no size: the camera's is 1000 pixels wide and square until the picture is read.
    """

    file: Path
    camera: Camera
    sized_by_file: bool = False

    def of_size(self, width: int, height: int) -> Camera:
        """Return the camera for a picture of this size; only its angle of view is known where the file has no size."""
        if not self.sized_by_file:
            return self.camera.resized(width, height)
        focal = self.camera.focal[0] * width / self.camera.size[0]
        return replace(self.camera, focal=(focal, focal), center=(width / 2, height / 2), size=(width, height))


def read_transforms(path: str | os.PathLike[str]) -> list[Shot]:
    """Return the frames of a transforms.json.

    Raises:
        InputError: not JSON, a field that is missing or out of range, a lens with distortion, a path that leaves the
            file's folder; names the field.
    """
    file = Path(path)
    try:
        content = json.loads(read_bytes(file, _MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: is not JSON ({str(error)[:80]})") from error
    if not isinstance(content, dict) or not isinstance(content.get("frames"), list):
        raise InputError(f'{file}: expected an object with a list "frames"')
    frames = content["frames"]
    if not 1 <= len(frames) <= _MOST_FRAMES:
        raise InputError(f"{file}: {len(frames)} frames; expected 1 to {_MOST_FRAMES}")
    shots = []
    for k, frame in enumerate(frames):
        where = f"{file}: frames[{k}]"
        if not isinstance(frame, dict):
            raise InputError(f"{where}: expected an object")
        camera, unsized = _camera(content | frame, where)
        shots.append(Shot(_picture(file.parent, frame, where), camera, unsized))
    return shots


def _camera(fields: Mapping[str, Any], where: str) -> tuple[Camera, bool]:
    model = fields.get("camera_model", "OPENCV")
    if model not in _PINHOLE:
        raise InputError(
            f"{where}: camera_model={str(model)[:40]!r}; expected a pinhole camera, undistort the pictures"
        )
    for name in _DISTORTION:
        if abs(_number(fields, name, where, 0.0)) > 1e-4:
            raise InputError(
                f"{where}: {name}={fields[name]}: lens distortion is not undone here; undistort the pictures first "
                "(COLMAP's image_undistorter)"
            )
    pose = _pose(fields.get("transform_matrix"), where)
    unsized = "w" not in fields or "h" not in fields
    width, height = (1000, 1000) if unsized else tuple(_side(fields, name, where) for name in ("w", "h"))
    if "fl_x" in fields:
        fx = _number(fields, "fl_x", where)
        fy = _number(fields, "fl_y", where, fx)
        if unsized:
            raise InputError(f"{where}: fl_x is in pixels, but w and h are missing; add them")
    elif "camera_angle_x" in fields:
        angle = _number(fields, "camera_angle_x", where)
        if not 0.0 < angle < radians(170):
            raise InputError(f"{where}: camera_angle_x={angle:g}; expected radians above 0 below {radians(170):.3g}")
        fx = fy = 0.5 * width / tan(angle / 2)
    else:
        raise InputError(f"{where}: neither camera_angle_x nor fl_x: the angle of view is not known; add one")
    center = (_number(fields, "cx", where, width / 2), _number(fields, "cy", where, height / 2))
    try:
        return Camera(pose, (fx, fy), center, (width, height)), unsized
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _pose(value: object, where: str) -> Array:
    """Return an OpenCV pose [3, 4] of the file's OpenGL matrix."""
    try:
        matrix = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        matrix = np.zeros(0)
    if matrix.shape not in ((4, 4), (3, 4)) or not np.isfinite(matrix).all():
        raise InputError(f"{where}: transform_matrix: expected 4 x 4 finite numbers, camera-to-world")
    pose = matrix[:3].copy()
    pose[:, 1:3] *= -1.0
    # exporters of Blender may leave an object's scale in the rotation
    lengths = np.linalg.norm(pose[:, :3], axis=0)
    if lengths.min() > 1e-6 and np.ptp(lengths) < 1e-3 * lengths.max():
        pose[:, :3] /= lengths
    return pose


def _picture(folder: Path, frame: Mapping[str, Any], where: str) -> Path:
    text = frame.get("file_path")
    if not isinstance(text, str) or not text or "\0" in text or len(text) > 1000:
        raise InputError(f"{where}: file_path: expected the name of a picture")
    relative = Path(text)
    root = folder.resolve()
    file = (folder / relative).resolve()
    if relative.is_absolute() or not file.is_relative_to(root):
        raise InputError(f"{where}: file_path={text[:80]!r} leaves the folder of the file; copy the pictures beside it")
    if file.suffix.lower() not in (*_ENDINGS, ".webp", ".bmp", ".tif", ".tiff", ".avif"):
        # Blender's scenes leave the ending out
        for ending in _ENDINGS:
            if file.with_name(file.name + ending).is_file():
                return file.with_name(file.name + ending)
    if not file.is_file():
        raise InputError(f"{where}: file_path={text[:80]!r}: no such picture in {folder}")
    return file


def _number(fields: Mapping[str, Any], name: str, where: str, default: float | None = None) -> float:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e9 or not isfinite(value):
        raise InputError(f"{where}: {name}={str(value)[:40]}: expected a finite number")
    return float(value)


def _side(fields: Mapping[str, Any], name: str, where: str) -> int:
    value = _number(fields, name, where)
    if value != int(value) or not 1 <= value <= MAX_SIDE:
        raise InputError(f"{where}: {name}={value:g}: expected 1 to {MAX_SIDE} pixels")
    return int(value)


def write_transforms(folder: str | os.PathLike[str], images: Tensor, cameras: Sequence[Camera]) -> Path:
    """Write pictures [N, 3, H, W] in [-1, 1] and a transforms.json into a folder; returns the JSON file's path.

    Raises:
        InputError: another number of cameras, or a folder that cannot be written.
    """
    if len(images) != len(cameras):
        raise InputError(f"images: {len(images)} pictures and {len(cameras)} cameras; expected as many")
    place = make_folder(folder)
    make_folder(place / "images")
    frames = []
    for k, (pixels, camera) in enumerate(zip(to_pixels(images), cameras, strict=True)):
        name = f"images/{k:04d}.png"
        write_bytes(place / name, _png(pixels))
        matrix = np.vstack([camera.pose * np.append(_FLIP, 1.0), [0.0, 0.0, 0.0, 1.0]])
        frames.append(
            {
                "file_path": name,
                "transform_matrix": matrix.tolist(),
                "fl_x": camera.focal[0],
                "fl_y": camera.focal[1],
                "cx": camera.center[0],
                "cy": camera.center[1],
                "w": camera.size[0],
                "h": camera.size[1],
            }
        )
    target = place / "transforms.json"
    angle = 2 * np.arctan(cameras[0].size[0] / (2 * cameras[0].focal[0]))
    content = {"camera_model": "OPENCV", "camera_angle_x": float(angle), "frames": frames}
    write_text(target, json.dumps(content, indent=1))
    return target


def _png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()
