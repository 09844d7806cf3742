"""Cameras and views from files: conventions, exact round trips, and files that lie."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dreamsampler.core.errors import InputError
from dreamsampler.io.camera_check import check_cameras, draw_cameras
from dreamsampler.io.cameras import Camera, Frame, frame_of, look_at
from dreamsampler.io.rigs import RIGS, make_rig
from dreamsampler.io.transforms import read_transforms, write_transforms
from dreamsampler.io.turntable import write_turntable
from dreamsampler.io.views import Views, read_views


def test_syncdreamers_cameras_are_the_published_ones():
    cameras = make_rig("syncdreamer", 256)
    assert len(cameras) == 16
    for k, camera in enumerate(cameras):
        a, e = np.radians(22.5 * k), np.radians(30.0)
        expected = 1.5 * np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
        np.testing.assert_allclose(camera.position, expected, atol=1e-6)
        np.testing.assert_allclose(camera.forward, -expected / 1.5, atol=1e-6)
        assert camera.pose[2, 1] < 0  # y runs down
        assert camera.focal[0] == pytest.approx(280.0, abs=2e-3)
        assert camera.center == (128.0, 128.0)


def test_zero123plus_looks_from_the_published_sides():
    cameras = make_rig("zero123plus", 320)
    assert [round(c.azimuth()) % 360 for c in cameras] == [30, 90, 150, 210, 270, 330]
    assert [round(c.elevation()) for c in cameras] == [20, -10] * 3
    assert [round(c.elevation()) for c in make_rig("zero123plus-v1.1", 320)] == [30, -20] * 3


def test_a_sphere_of_cameras_keeps_its_elevations():
    cameras = make_rig("sphere:n=50,low=-20,high=60", 64)
    elevations = [c.elevation() for c in cameras]
    assert min(elevations) > -20
    assert max(elevations) < 60
    assert len({round(c.azimuth(), 3) for c in cameras}) == 50


@pytest.mark.parametrize(
    ("text", "count", "message"),
    [
        ("orbit", None, "unknown; expected one of syncdreamer"),
        ("turntable:n=0", None, "n=0"),
        ("turntable:tilt=4", None, "no option 'tilt'"),
        ("turntable:fov=200", None, "fov=200"),
        ("syncdreamer", 5, "16 cameras for 5 pictures"),
        ("zero123plus", 7, "6 cameras for 7 pictures"),
    ],
)
def test_rigs_that_there_are_not(text, count, message):
    with pytest.raises(InputError, match=message):
        make_rig(text, 64, count)


def test_a_frame_holds_what_the_cameras_see():
    cameras = [look_at(a, 20, 8.0, 40, 64, target=(5.0, -3.0, 2.0)) for a in (0, 70, 200)]
    frame = frame_of(cameras)
    np.testing.assert_allclose(frame.center, [5.0, -3.0, 2.0], atol=1e-4)
    assert frame.scale == pytest.approx(1 / (8 * np.tan(np.radians(20))), rel=1e-4)
    inside = frame.into(cameras[1])
    np.testing.assert_allclose(frame.out(inside.position[None])[0], cameras[1].position, atol=1e-9)


@pytest.mark.parametrize(
    ("pose", "message"),
    [
        (np.eye(4), "3 x 4"),
        (np.full((3, 4), np.nan), "finite"),
        (np.eye(3, 4) * 2.0, "right angles"),
        (np.eye(3, 4) * [1, 1, -1, 1], "mirrored"),
    ],
)
def test_poses_that_are_none(pose, message):
    with pytest.raises(InputError, match=message):
        Camera(pose, (50.0, 50.0), (32.0, 32.0), (64, 64))


def pictures(n, size=16):
    draw = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, 3, size, size), generator=draw) / 127.5 - 1.0


def test_transforms_come_back_as_they_were_written(tmp_path):
    cameras = [look_at(10, 20, 2.0, 40, 16), look_at(110, -20, 3.0, 40, 16, target=(0.1, 0.2, 0.3))]
    images = pictures(2)
    file = write_transforms(tmp_path / "scene", images, cameras)
    for source in (file, tmp_path / "scene"):
        views = read_views(source)
        torch.testing.assert_close(views.images, images, atol=1e-6, rtol=0)
        for a, b in zip(views.cameras, cameras, strict=True):
            np.testing.assert_allclose(a.pose, b.pose, atol=1e-12)
            assert a.focal == pytest.approx(b.focal)
            assert a.size == b.size


def scene(folder: Path, frames=None, pictures=1, **fields) -> Path:
    for k in range(pictures):
        Image.fromarray(np.full((8, 8, 4), 200, np.uint8)).save(folder / f"r_{k}.png")
    matrix = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 4], [0, 0, 0, 1]]
    frames = frames if frames is not None else [{"file_path": "./r_0", "transform_matrix": matrix}]
    file = folder / "transforms.json"
    file.write_text(json.dumps({"camera_angle_x": 0.69, "frames": frames} | fields))
    return file


def test_blenders_scenes_name_no_endings_and_no_size(tmp_path):
    views = read_views(scene(tmp_path))
    # OpenGL's camera at z = 4 that looks along -z
    np.testing.assert_allclose(views.cameras[0].forward, [0, 0, -1])
    np.testing.assert_allclose(views.cameras[0].position, [0, 0, 4])
    assert views.cameras[0].fov[0] == pytest.approx(np.degrees(0.69))
    assert views.alpha is not None
    assert float(views.alpha[0, 0, 0, 0]) == pytest.approx(200 / 255)


GOOD = np.eye(4).tolist()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"frames": []}, "0 frames"),
        ({"frames": {"a": 1}}, "list"),
        ({"frames": [3]}, "expected an object"),
        ({"frames": [{"file_path": "r_0", "transform_matrix": [[1]]}]}, "transform_matrix"),
        ({"frames": [{"file_path": "r_0", "transform_matrix": "x"}]}, "transform_matrix"),
        ({"frames": [{"file_path": "r_0", "transform_matrix": np.full((4, 4), 1e300).tolist()}]}, "camera pose"),
        ({"frames": [{"file_path": "../r_0.png", "transform_matrix": GOOD}]}, "leaves the folder"),
        ({"frames": [{"file_path": "/etc/passwd", "transform_matrix": GOOD}]}, "leaves the folder"),
        ({"frames": [{"file_path": "none.png", "transform_matrix": GOOD}]}, "no such picture"),
        ({"frames": [{"file_path": 5, "transform_matrix": GOOD}]}, "file_path"),
        ({"camera_angle_x": 4.0}, "camera_angle_x"),
        ({"camera_angle_x": "wide"}, "camera_angle_x"),
        ({"camera_angle_x": True}, "camera_angle_x"),
        ({"k1": 0.2}, "distortion"),
        ({"camera_model": "OPENCV_FISHEYE"}, "pinhole"),
        ({"w": 0, "h": 8}, "w=0"),
        ({"w": 16, "h": 8, "fl_x": 20.0}, "correct w and h"),
        ({"fl_x": 20.0}, "w and h are missing"),
    ],
)
def test_hostile_transforms_are_refused_by_field(tmp_path, fields, message):
    with pytest.raises(InputError, match=message):
        read_views(scene(tmp_path, **fields))


@pytest.mark.parametrize("text", ["", "[", "[1]", "null", '{"frames": NaN}', "[" * 100_000])
def test_what_is_no_json_is_refused(tmp_path, text):
    (tmp_path / "transforms.json").write_text(text)
    with pytest.raises(InputError):
        read_transforms(tmp_path / "transforms.json")


def test_a_strip_and_a_grid_are_cut_in_order(tmp_path):
    strip = np.concatenate([np.full((8, 8, 3), 10 * k, np.uint8) for k in range(16)], axis=1)
    Image.fromarray(strip).save(tmp_path / "strip.png")
    views = read_views(tmp_path / "strip.png", "syncdreamer")
    assert [round(float(127.5 * (image.mean() + 1))) for image in views.images] == [10 * k for k in range(16)]
    tiles = [np.full((10, 10, 3), 20 * k, np.uint8) for k in range(6)]
    grid = np.concatenate([np.concatenate(tiles[2 * r : 2 * r + 2], axis=1) for r in range(3)])
    Image.fromarray(grid).save(tmp_path / "grid.png")
    views = read_views(tmp_path / "grid.png", "zero123plus")
    assert [round(float(127.5 * (image.mean() + 1))) for image in views.images] == [20 * k for k in range(6)]
    with pytest.raises(InputError, match="16 x 1 square tiles"):
        read_views(tmp_path / "grid.png", "syncdreamer")
    with pytest.raises(InputError, match="name a rig"):
        read_views(tmp_path / "grid.png")


def test_a_folder_of_pictures_with_a_rig(tmp_path):
    for k in range(4):
        Image.fromarray(np.full((12, 12, 3), 50 * k, np.uint8)).save(tmp_path / f"{k}.png")
    views = read_views(tmp_path, "turntable:elevation=10", size=8)
    assert views.images.shape == (4, 3, 8, 8)
    assert [round(c.azimuth()) % 360 for c in views.cameras] == [0, 90, 180, 270]
    assert views.chosen([3, 1]).names == (str(tmp_path / "3.png"), str(tmp_path / "1.png"))
    with pytest.raises(InputError, match="no view"):
        views.chosen([4])
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(tmp_path / "5.png")
    with pytest.raises(InputError, match="make them one size"):
        read_views(tmp_path, "turntable")


def test_views_and_cameras_must_fit():
    with pytest.raises(InputError, match="2 pictures and 1 cameras"):
        Views(pictures(2), (look_at(0, 0, 2, 40, 16),))
    with pytest.raises(InputError, match="camera 0 is for"):
        Views(pictures(1), (look_at(0, 0, 2, 40, 8),))


def test_wrong_cameras_are_named():
    good = make_rig("turntable:n=6", 64)
    assert all(not report.problems for report in check_cameras(good))
    assert all(report.look_at_error < 1e-3 and abs(report.roll) < 1e-6 for report in check_cameras(good))
    away = Camera(good[2].pose * [1, -1, -1, 1], good[2].focal, good[2].center, good[2].size)
    reports = check_cameras([*good[:2], away, *good[3:], good[0]])
    assert [bool(r.problems) for r in reports] == [False, False, True, False, False, False, True]
    assert "looks away" in reports[2].problems[0]
    assert any("upside down" in problem for problem in reports[2].problems)
    assert reports[6].problems == ("stands where camera 0 does",)
    with pytest.raises(InputError, match=r"cameras\[2\].*behind"):
        frame_of([*good[:2], away, *good[3:]])
    red = (np.asarray(draw_cameras([*good[:2], away])) == [200, 40, 40]).all(-1)
    assert red.any()
    assert not (np.asarray(draw_cameras(good)) == [200, 40, 40]).all(-1).any()


@pytest.mark.parametrize("name", ["out.gif", "out.webp"])
def test_a_turntable_holds_its_frames(tmp_path, name):
    frames = [np.full((16, 16, 3), 40 * k, np.uint8) for k in range(5)]
    write_turntable(tmp_path / name, frames, seconds=1.0)
    with Image.open(tmp_path / name) as turning:
        assert turning.n_frames == 5
        assert turning.info["loop"] == 0
    with pytest.raises(InputError, match="end in"):
        write_turntable(tmp_path / "out.mp4", frames)


def test_every_rig_is_seen_by_its_own_check():
    for name in RIGS:
        assert all(not report.problems for report in check_cameras(make_rig(name, 32)))
    assert frame_of(make_rig("syncdreamer", 64)) == frame_of(make_rig("syncdreamer", 64))
    assert Frame().into(look_at(0, 0, 2, 40, 8)).position.tolist() == [2.0, 0.0, 0.0]
