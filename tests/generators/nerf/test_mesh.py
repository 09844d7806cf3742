"""The surface of known solids: volume, direction of the triangles, no holes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.generators.nerf import Nerf, NerfSettings, extract_mesh
from dreamsampler.generators.nerf.field import Sampled
from dreamsampler.generators.nerf.mesh import drop_small_parts, surface_nets
from dreamsampler.io.cameras import Frame


def grid(n=41):
    axis = np.linspace(-1.0, 1.0, n)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)


def volume(vertices, faces):
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def edge_counts(faces):
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    return np.unique(edges, axis=0, return_counts=True)[1]


def test_an_ellipsoid_has_its_volume_and_no_holes():
    vertices, faces = surface_nets(0.7 - np.linalg.norm(grid() * [1.0, 1.3, 0.9], axis=-1), 0.0)
    assert volume(vertices / 20, faces) == pytest.approx(4 / 3 * np.pi * 0.7**3 / (1.3 * 0.9), rel=0.01)
    assert (edge_counts(faces) == 2).all()
    radii = np.linalg.norm((vertices / 20 - 1) * [1.0, 1.3, 0.9], axis=1)
    assert np.abs(radii - 0.7).max() < 0.02


def test_a_torus_has_one_hole_through_it():
    p = grid()
    vertices, faces = surface_nets(0.25 - np.hypot(np.hypot(p[..., 0], p[..., 1]) - 0.6, p[..., 2]), 0.0)
    assert len(vertices) - len(edge_counts(faces)) + len(faces) == 0  # Euler's characteristic
    assert volume(vertices / 20, faces) == pytest.approx(2 * np.pi**2 * 0.6 * 0.25**2, rel=0.03)


def test_small_parts_go():
    p = grid()
    two = np.maximum(0.5 - np.linalg.norm(p + 0.2, axis=-1), 0.1 - np.linalg.norm(p - 0.75, axis=-1))
    vertices, faces = drop_small_parts(*surface_nets(two, 0.0), 0.1)
    assert vertices.max() / 20 - 1 < 0.4
    assert len(np.unique(faces)) == len(vertices)
    assert len(drop_small_parts(*surface_nets(two, 0.0), 0.0)[0]) > len(vertices)


class Ball(torch.nn.Module):
    def forward(self, points):
        away = points.norm(dim=1)
        return Sampled(40.0 * (0.6 - away).clamp_min(0.0), (points * 0.5 + 0.5).clamp(0, 1))


def test_the_mesh_of_a_field_lies_in_the_world_in_its_colors():
    nerf = Nerf(NerfSettings(resolution=8))
    nerf.field.forward = Ball().forward
    frame = Frame((1.0, 2.0, 3.0), 0.5)
    mesh = extract_mesh(nerf, frame, resolution=48, level=10.0)
    away = np.linalg.norm(mesh.vertices - [1.0, 2.0, 3.0], axis=1)
    assert np.abs(away - 2 * 0.35).max() < 0.02
    inside = (mesh.vertices - [1.0, 2.0, 3.0]) * 0.5
    assert np.abs(mesh.colors - (inside * 0.5 + 0.5)).max() < 1e-5
    assert volume(mesh.vertices - [1.0, 2.0, 3.0], mesh.faces) > 0
    with pytest.raises(InputError, match="reaches only"):
        extract_mesh(nerf, resolution=16, level=1000.0)
