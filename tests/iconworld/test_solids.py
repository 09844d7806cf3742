"""Solids: signed distances, cameras, views and captions."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from iconworld import WORDS
from iconworld.scenes.palette import BACKGROUNDS
from iconworld.scenes.solid_scenes import sample_solids, view_name
from iconworld.scenes.solids import SHAPES, Camera, Solid, render_solids

GRAY = BACKGROUNDS["grey"]


@pytest.mark.parametrize("shape", SHAPES)
def test_distance_is_one_lipschitz_and_fits_the_ball(shape):
    rng = np.random.default_rng(0)
    solid = Solid(shape, "red", (0.1, -0.05, 0.0), 0.4)
    p, q = rng.uniform(-0.8, 0.8, (2, 4000, 3))
    gap = np.abs(solid.distance(p) - solid.distance(q))
    assert (gap <= np.linalg.norm(p - q, axis=1) + 1e-9).all()
    inside = p[solid.distance(p) < 0]
    assert len(inside) > 20
    assert np.linalg.norm(inside - solid.center, axis=1).max() <= 0.4 + 1e-9


def test_camera_looks_at_the_origin_with_right_handed_axes():
    for camera in (Camera(0, 0), Camera(70, 30), Camera(-130, -40, 2.5, 30)):
        matrix = camera.matrix()
        np.testing.assert_allclose(matrix[:, :3].T @ matrix[:, :3], np.eye(3), atol=1e-12)
        assert np.linalg.det(matrix[:, :3]) == pytest.approx(1)
        np.testing.assert_allclose(matrix[:, 3] + camera.distance * matrix[:, 2], 0, atol=1e-12)
    assert Camera(0, 0).matrix()[2, 1] == pytest.approx(-1)  # the picture's y runs down the world's z


def test_sphere_covers_the_disc_that_geometry_says():
    camera = Camera(40, 10, distance=2.0, fov=40)
    _, which = render_solids([Solid("sphere", "red", radius=0.4)], camera, GRAY, 128, samples=1)
    pixels = 128 * np.tan(np.arcsin(0.4 / 2.0)) / (2 * np.tan(np.radians(20)))
    assert (which == 0).sum() == pytest.approx(np.pi * pixels**2, rel=0.01)


def test_nearer_solid_hides_the_other():
    solids = [Solid("sphere", "red", (0.3, 0, 0), 0.3), Solid("sphere", "blue", (-0.3, 0, 0), 0.3)]
    front, back = (render_solids(solids, Camera(a, 0), GRAY, 32, 1)[1] for a in (0, 180))
    assert front[16, 16] == 0
    assert back[16, 16] == 1


def test_torus_has_a_hole_from_above_and_none_from_the_side():
    torus = [Solid("torus", "green")]
    assert render_solids(torus, Camera(0, 85), GRAY, 33, 1)[1][16, 16] == -1
    assert render_solids(torus, Camera(0, 0), GRAY, 33, 1)[1][16, 16] == 0


def test_scenes_are_fixed_by_split_and_seed():
    scene = sample_solids(4, "dev")
    assert scene == sample_solids(4, "dev")
    assert scene != sample_solids(4, "test")
    picture, masks = scene.picture(48), scene.masks(48)
    assert picture.shape == (48, 48, 3)
    assert (sum(m.astype(int) for m in masks.values()) == 1).all()
    assert (scene.seen_from(Camera(10, 70)).picture(48) != picture).any()


def test_captions_say_shape_color_and_view():
    for seed in range(40):
        scene = sample_solids(seed)
        for text in (scene.full_caption(), scene.caption()):
            assert all(f"{s.color} {s.shape}" in text for s in scene.solids)
        assert scene.background.color in scene.full_caption()
        assert set(re.findall(r"[a-z]+", f"{scene.full_caption()} {scene.caption()}")) <= set(WORDS)
    assert [view_name(Camera(a, e)) for a, e in ((0, 0), (95, 10), (-95, 0), (180, 0), (3, 70))] == [
        "front", "side", "side", "back", "above",
    ]  # fmt: skip


def test_impossible_requests_are_refused():
    with pytest.raises(InputError, match="shape"):
        Solid("teapot", "red")
    with pytest.raises(InputError, match="color"):
        Solid("box", "mauve")
    with pytest.raises(InputError, match="radius"):
        Solid("box", "red", (0.8, 0, 0), 0.5)
    with pytest.raises(InputError, match="elevation"):
        Camera(elevation=90)
    with pytest.raises(InputError, match="samples"):
        render_solids([Solid("box", "red")], Camera(), GRAY, 16, 9)
