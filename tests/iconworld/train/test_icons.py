"""Folders of real icons: reading, refusing, holding out, placing."""

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from dreamsampler.iconworld.train.icons import Icon, place_icon, read_icons, render_icon
from dreamsampler.iconworld.train.names import choose_icons
from dreamsampler.iconworld.train.worlds import build_pool, drawn_scene

DISC = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4" fill="#f00"/></svg>'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "disc.svg").write_text(DISC)
    (tmp_path / "names.tsv").write_text("file\tname\ndisc.svg\tRed Disc\n")
    return tmp_path


def test_a_folder_is_read(folder):
    (icon,) = read_icons(folder)
    assert icon.name == "red disc"
    rgba = render_icon(icon, 32)
    assert rgba.shape == (32, 32, 4)
    assert tuple(rgba[16, 16]) == (255, 0, 0, 255)
    assert rgba[0, 0, 3] == 0


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (None, "no names.tsv"),
        ("name\tdisc\n", "columns"),
        ("file\tname\n", "no icons"),
        ("file\tname\nlost.svg\tlost\n", "lost.svg"),
    ],
)
def test_a_bad_folder_is_refused_with_its_fault(folder, table, said):
    (folder / "names.tsv").unlink()
    if table is not None:
        (folder / "names.tsv").write_text(table)
    with pytest.raises(InputError, match=said):
        read_icons(folder)


def test_an_svg_that_cannot_be_drawn_is_named(folder):
    (folder / "disc.svg").write_text("<svg")
    with pytest.raises(InputError, match=r"disc\.svg"):
        render_icon(read_icons(folder)[0])


def test_held_out_icons_are_a_tenth_and_never_chosen(tmp_path):
    icons = [Icon(tmp_path / f"{i:x}.svg", f"thing {i}") for i in range(2000)]
    held_out = [icon for icon in icons if icon.held_out]
    assert 140 < len(held_out) < 260
    assert not set(choose_icons(icons, ())) & set(held_out)


def test_a_noun_of_the_drawn_world_is_not_taken_twice(tmp_path):
    icons = [Icon(tmp_path / f"{i}.svg", name) for i, name in enumerate(["banana", "octopus", "wolf face"])]
    free = [icon for icon in icons if not icon.held_out]
    assert {icon.name for icon in choose_icons(free, ("banana",))} == {icon.name for icon in free} - {"banana"}


def test_an_icon_lies_inside_the_canvas_and_leaves_the_rest(folder):
    rgba = render_icon(read_icons(folder)[0], 64)
    canvas = np.full((128, 128, 3), (10, 200, 30), np.uint8)
    scene = place_icon(rgba, canvas, np.random.default_rng(3))
    assert (scene == place_icon(rgba, canvas, np.random.default_rng(3))).all()
    red = (scene == (255, 0, 0)).all(-1).mean()
    green = (scene == (10, 200, 30)).all(-1).mean()
    assert 0.15 < red < 0.5
    assert red + green > 0.9


def test_a_pool_of_another_size_is_refused_and_one_of_the_same_is_reused(tmp_path):
    first = build_pool(tmp_path / "pool", 2, "dev", None)
    again = build_pool(tmp_path / "pool", 2, "dev", None)
    assert (first.pictures[:] == again.pictures[:]).all()
    assert first.records == again.records
    with pytest.raises(InputError, match="holds 2 scenes"):
        build_pool(tmp_path / "pool", 3, "dev", None)


def test_training_and_held_out_scenes_of_one_number_differ():
    assert (drawn_scene(5, "train")[0] != drawn_scene(5, "test")[0]).any()
    assert drawn_scene(5, "train")[1] == drawn_scene(5, "train")[1]
