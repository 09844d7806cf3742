"""Triangle meshes with a color at each corner as GLB (glTF 2.0) and PLY."""

from __future__ import annotations

import json
import os
import struct

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from .atomic import write_bytes

Floats = NDArray[np.float64]
Faces = NDArray[np.int64]
_FLOAT, _UINT, _USHORT = 5126, 5125, 5123
_VERTICES, _INDICES = 34962, 34963


def linear(srgb: Floats) -> Floats:
    """Return linear light of sRGB values in [0, 1] (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def write_glb(path: str | os.PathLike[str], vertices: Floats, faces: Faces, colors: Floats) -> None:
    """Write a binary glTF: y up, colors linear and shown without lamps, as they hold the shading already.

    Args:
        path: must end in .glb.
        vertices: [V, 3], z up; turned to (x, z, -y).
        faces: [F, 3], counterclockwise from outside.
        colors: [V, 3], sRGB in [0, 1].

    Raises:
        InputError: arrays that do not fit together, or a path that cannot be written.
    """
    _check(vertices, faces, colors)
    places = np.ascontiguousarray(vertices[:, [0, 2, 1]] * [1.0, 1.0, -1.0], dtype="<f4")
    shades = np.full((len(colors), 4), 65535, dtype="<u2")
    shades[:, :3] = np.rint(linear(np.clip(colors, 0.0, 1.0)) * 65535.0)
    indices = np.ascontiguousarray(faces.reshape(-1), dtype="<u4")
    parts = [places.tobytes(), shades.tobytes(), indices.tobytes()]
    offsets = np.cumsum([0, *map(len, parts)])
    views = [
        {"buffer": 0, "byteOffset": int(offset), "byteLength": len(part), "target": target}
        for offset, part, target in zip(offsets, parts, (_VERTICES, _VERTICES, _INDICES), strict=False)
    ]
    accessors = [
        {
            "bufferView": 0,
            "componentType": _FLOAT,
            "count": len(places),
            "type": "VEC3",
            "min": places.min(0).tolist(),
            "max": places.max(0).tolist(),
        },
        {"bufferView": 1, "componentType": _USHORT, "normalized": True, "count": len(shades), "type": "VEC4"},
        {"bufferView": 2, "componentType": _UINT, "count": len(indices), "type": "SCALAR"},
    ]
    primitive = {"attributes": {"POSITION": 0, "COLOR_0": 1}, "indices": 2, "material": 0}
    material = {
        "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 1.0},
        "extensions": {"KHR_materials_unlit": {}},
    }
    tree = {
        "asset": {"version": "2.0", "generator": "dreamsampler"},
        "extensionsUsed": ["KHR_materials_unlit"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [material],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": int(offsets[-1])}],
    }
    text = json.dumps(tree, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body = b"".join(parts)
    body += b"\0" * (-len(body) % 4)
    head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(body))
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body
    write_bytes(path, head + chunks, (".glb",))


def write_ply(path: str | os.PathLike[str], vertices: Floats, faces: Faces, colors: Floats) -> None:
    """Write a binary PLY: z up as in the world, colors 8-bit sRGB.

    Args and errors: as `write_glb`, with an ending of .ply.
    """
    _check(vertices, faces, colors)
    corner = np.dtype([("place", "<f4", 3), ("color", "u1", 3)])
    points = np.zeros(len(vertices), corner)
    points["place"], points["color"] = vertices, np.rint(np.clip(colors, 0.0, 1.0) * 255.0)
    triangle = np.dtype([("count", "u1"), ("corners", "<i4", 3)])
    triangles = np.zeros(len(faces), triangle)
    triangles["count"], triangles["corners"] = 3, faces
    header = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(vertices)}\n"
        "property float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\n"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    write_bytes(path, header.encode() + points.tobytes() + triangles.tobytes(), (".ply",))


def _check(vertices: Floats, faces: Faces, colors: Floats) -> None:
    if vertices.ndim != 2 or vertices.shape[1] != 3 or vertices.shape != colors.shape or not len(vertices):
        raise InputError(f"mesh: vertices {vertices.shape} and colors {colors.shape}; expected [V, 3] twice, V above 0")
    if faces.ndim != 2 or faces.shape[1] != 3 or not len(faces):
        raise InputError(f"mesh: faces {faces.shape}; expected [F, 3], F above 0")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise InputError(f"mesh: a face names a corner that there is not; there are {len(vertices)}")
    if not (np.isfinite(vertices).all() and np.isfinite(colors).all()):
        raise InputError("mesh: vertices or colors that are not finite numbers")
