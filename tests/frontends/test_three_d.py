"""The commands in 3D on small pictures and a tiny model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamsampler.generators.nerf.checkpoint import read_nerf
from dreamsampler.io.rigs import make_rig
from dreamsampler.io.transforms import write_transforms

from .conftest import Cli


@pytest.fixture
def strip(folder: Path) -> Path:
    tile = np.full((16, 16, 3), 255, np.uint8)
    tile[4:12, 4:12] = [200, 40, 40]
    Image.fromarray(np.concatenate([tile] * 16, axis=1)).save("strip.png")
    return folder


def test_views_become_a_field_and_a_turntable(cli: Cli, strip: Path) -> None:
    done = cli(
        "reconstruct", "strip.png", "--rig", "syncdreamer", "--operator", "blur:sigma=1", "--iterations", "4",
        "--use", "0,4,8,12", "--samples", "8", "-o", "out.safetensors", "--turntable", "out.gif", "--renders", "made",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "PSNR to 4 views" in done.output
    nerf, _ = read_nerf("out.safetensors")
    assert nerf.settings.samples == 8
    with Image.open("out.gif") as turning:
        assert turning.n_frames == 36
    checked = cli("check-cameras", "made", "-o", "cameras.png")
    assert checked.exit_code == 0, checked.output
    assert "0 of 36 cameras look wrong" in checked.output


def test_a_mesh_of_views(cli: Cli, strip: Path) -> None:
    done = cli("reconstruct", "strip.png", "--rig", "syncdreamer", "--iterations", "120", "-o", "out.glb")
    assert done.exit_code == 0, done.output
    assert Path("out.glb").read_bytes()[:4] == b"glTF"


def test_a_prior_takes_part(cli: Cli, sd1: Path, strip: Path) -> None:
    words = ["--visits", "2", "--inner", "1", "--samples", "8", "--model", str(sd1), "-o", "out.safetensors"]
    done = cli(
        "reconstruct", "strip.png", "--rig", "syncdreamer", "--use", "0,8", "--iterations", "2", "-p", "a box", *words
    )
    assert done.exit_code == 0, done.output
    assert "prior: 2 of 2" in done.output
    done = cli("text-to-3d", "-p", "a box", "--views", "2", *words)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["strip.png", "-o", "out.glb"], "name a rig"),
        (["strip.png", "--rig", "zero123plus", "-o", "out.glb"], "2 x 3 square tiles"),
        (["strip.png", "--rig", "syncdreamer", "-o", "out.obj"], "end in .glb or .ply"),
        (["strip.png", "--rig", "syncdreamer", "-o", "out.glb", "--turntable", "out.mp4"], ".gif or .webp"),
        (["strip.png", "--rig", "syncdreamer", "--use", "1,x", "-o", "out.glb"], "use="),
        (["strip.png", "--rig", "syncdreamer", "--use", "99", "-o", "out.glb"], "no view"),
        (["strip.png", "--rig", "syncdreamer", "--visits", "-1", "-o", "out.glb"], "visits=-1"),
        (["none.json", "-o", "out.glb"], "no such file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(cli: Cli, strip: Path, words: list[str], message: str) -> None:
    done = cli("reconstruct", *words)
    assert done.exit_code == 2
    assert message in done.output
    assert not Path("out.glb").exists()


def test_wrong_cameras_are_counted(cli: Cli, folder: Path) -> None:
    import json

    import torch

    file = write_transforms("scene", torch.zeros(4, 3, 16, 16), make_rig("turntable:n=4", 16))
    content = json.loads(file.read_text())
    for row in content["frames"][1]["transform_matrix"][:3]:
        row[1], row[2] = -row[1], -row[2]
    file.write_text(json.dumps(content))
    done = cli("check-cameras", "scene/transforms.json")
    assert "1 of 4 cameras look wrong" in done.output
    assert "camera 1" in done.output
    assert "looks away" in done.output
