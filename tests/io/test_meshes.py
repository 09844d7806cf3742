"""GLB and PLY read back byte by byte, as their specifications lay them out."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.io.meshes import linear, write_glb, write_ply

VERTICES = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
COLORS = np.array([[0.0, 0.5, 1.0], [1.0, 1.0, 1.0], [0.2, 0.04, 0.9], [0.0, 0.0, 0.0]])


def test_glb(tmp_path):
    write_glb(tmp_path / "out.glb", VERTICES, FACES, COLORS)
    data = (tmp_path / "out.glb").read_bytes()
    magic, version, length = struct.unpack("<4sII", data[:12])
    assert (magic, version, length) == (b"glTF", 2, len(data))
    size, kind = struct.unpack("<I4s", data[12:20])
    tree = json.loads(data[20 : 20 + size])
    assert kind == b"JSON"
    body_size, kind = struct.unpack("<I4s", data[20 + size : 28 + size])
    assert kind == b"BIN\0"
    assert size % 4 == body_size % 4 == 0
    body = data[28 + size :]
    parts = [body[v["byteOffset"] : v["byteOffset"] + v["byteLength"]] for v in tree["bufferViews"]]
    places = np.frombuffer(parts[0], "<f4").reshape(-1, 3)
    np.testing.assert_allclose(places, [[0, 0, 0], [1, 0, 0], [0, 0, -2], [0, 3, 0]])
    shades = np.frombuffer(parts[1], "<u2").reshape(-1, 4) / 65535
    np.testing.assert_allclose(shades[:, :3], linear(COLORS), atol=1e-5)
    assert (shades[:, 3] == 1).all()
    assert linear(np.array(0.5)) == pytest.approx(0.21404114)
    assert np.frombuffer(parts[2], "<u4").tolist() == FACES.reshape(-1).tolist()
    assert tree["accessors"][0]["max"] == [1.0, 3.0, 0.0]
    assert tree["meshes"][0]["primitives"][0]["attributes"] == {"POSITION": 0, "COLOR_0": 1}


def test_another_reader_sees_the_same(tmp_path):
    trimesh = pytest.importorskip("trimesh")
    for name, write in (("out.glb", write_glb), ("out.ply", write_ply)):
        write(tmp_path / name, VERTICES, FACES, COLORS)
        mesh = trimesh.load(tmp_path / name, force="mesh", process=False)
        assert mesh.is_watertight
        assert mesh.volume == pytest.approx(1.0)


def test_ply(tmp_path):
    write_ply(tmp_path / "out.ply", VERTICES, FACES, COLORS)
    head, _, body = (tmp_path / "out.ply").read_bytes().partition(b"end_header\n")
    assert b"element vertex 4" in head
    assert len(body) == 4 * (12 + 3) + 4 * (1 + 12)
    points = np.frombuffer(body[: 4 * 15], np.dtype([("p", "<f4", 3), ("c", "u1", 3)]))
    np.testing.assert_array_equal(points["p"], VERTICES)
    assert points["c"][0].tolist() == [0, 128, 255]
    triangles = np.frombuffer(body[4 * 15 :], np.dtype([("n", "u1"), ("i", "<i4", 3)]))
    assert (triangles["n"] == 3).all()
    np.testing.assert_array_equal(triangles["i"], FACES)


@pytest.mark.parametrize(
    ("vertices", "faces", "colors", "message"),
    [
        (VERTICES[:0], FACES, COLORS[:0], "V above 0"),
        (VERTICES, FACES[:0], COLORS, "F above 0"),
        (VERTICES, FACES + 1, COLORS, "corner"),
        (VERTICES, FACES, COLORS[:2], "twice"),
        (VERTICES * np.nan, FACES, COLORS, "finite"),
    ],
)
def test_arrays_that_make_no_mesh(tmp_path, vertices, faces, colors, message):
    for name, write in (("out.glb", write_glb), ("out.ply", write_ply)):
        with pytest.raises(InputError, match=message):
            write(tmp_path / name, vertices, faces, colors)
    with pytest.raises(InputError, match="end in"):
        write_glb(tmp_path / "out.obj", VERTICES, FACES, COLORS)
    assert not list(tmp_path.iterdir())
