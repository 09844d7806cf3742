"""Folders of real icons: good ones become scenes, bad ones are refused with the file and the line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from iconworld.scenes.iconset import held_out, load_icons

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 64 64">'
DISC = '<circle cx="20" cy="32" r="16" fill="#d02020"/>'


def folder(path: Path, count: int = 1, body: str = DISC, head: str = HEAD, table: str | None = None) -> Path:
    names = [f"i{n}.svg" for n in range(count)]
    for name in names:
        (path / name).write_text(f"{head}{body}</svg>")
    lines = ["file\tname", *(f"{name}\tred disc" for name in names)]
    (path / "names.tsv").write_text("\n".join(lines) if table is None else table)
    return path


def test_scene_of_an_icon_answers_like_a_drawn_one(tmp_path):
    icons = load_icons(folder(tmp_path, 60))
    scene = icons.sample_scene(5, "train")
    assert scene == icons.sample_scene(5, "train")
    picture, masks = scene.picture(96), scene.masks(96)
    assert picture.shape == (96, 96, 3)
    assert (masks["figure 0"] ^ masks["background"]).all()
    red = picture[masks["figure 0"]].astype(int) - (208, 32, 32)
    red = np.abs(red).max(1) < 60
    assert red.mean() > 0.9
    assert "red disc" in scene.caption()
    assert scene.background.color in scene.full_caption()
    assert scene.nouns == ("red disc",)


def test_flip_mirrors_about_the_middle_of_the_icon(tmp_path):
    scene = load_icons(folder(tmp_path, 60)).sample_scene(0)
    a, b = (replace(scene, flip=f, x=64.0, y=64.0).masks(128)["figure 0"] for f in (False, True))
    assert (a[:, ::-1] != b).sum() < 4
    assert (a != b).sum() > 100


def test_training_never_sees_held_out_icons_or_compositions(tmp_path):
    icons = load_icons(folder(tmp_path, 200))
    parts = {split: {i.file for i in icons.of(split)} for split in ("train", "dev", "test")}
    assert sum(map(len, parts.values())) == 200
    assert 150 < len(parts["train"]) < 195
    for seed in range(150):
        train = icons.sample_scene(seed, "train")
        assert train.icon.file in parts["train"]
        assert not held_out(train.icon.file, train.background.color)
        known = icons.sample_scene(seed, "test", unseen=False)
        assert known.icon.file in parts["train"]
        assert held_out(known.icon.file, known.background.color)
        assert icons.sample_scene(seed, "dev", unseen=True).icon.file in parts["dev"]


def test_a_set_without_held_out_icons_says_so(tmp_path):
    icons = load_icons(folder(tmp_path, 40)).where(lambda icon: icon.split == "train")
    with pytest.raises(InputError, match="test"):
        icons.sample_scene(0, "test", unseen=True)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("", "begin with"),
        ("name\tfile\n", "begin with"),
        ("file\tname\n", "names 0 icons"),
        ("file\tname\ni0.svg", "line 2"),
        ("file\tname\ni0.svg\t", "line 2"),
        ("file\tname\ni0.svg\ta\tb", "line 2"),
        ("file\tname\ni0.svg\t" + "x" * 200, "line 2"),
        ("file\tname\n../i0.svg\tdisc", "plain name"),
        ("file\tname\n/etc/passwd\tdisc", "plain name"),
        ("file\tname\ni0.svg\tdisc\ni0.svg\tdisc", "twice"),
        ("file\tname\nmissing.svg\tdisc", "missing.svg"),
    ],
)
def test_bad_tables_are_refused(tmp_path, table, says):
    with pytest.raises(InputError, match=says):
        load_icons(folder(tmp_path, table=table))


def test_missing_or_binary_tables_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"names\.tsv"):
        load_icons(tmp_path)
    (tmp_path / "names.tsv").write_bytes(b"\xff\xfe\x00f")
    with pytest.raises(InputError, match="UTF-8"):
        load_icons(tmp_path)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('<image href="http://example.com/a.png"/>', "<image>"),
        ('<image href="file:///etc/passwd"/>', "<image>"),
        ("<script>1</script>", "<script>"),
        ("<foreignObject/>", "<foreignObject>"),
        ("<style>@import url(http://e.com)</style>", "<style>"),
        ('<use href="other.svg#a"/>', "inside the file"),
        ('<rect width="9" height="9" fill="url(http://example.com/#g)"/>', "inside the file"),
        ('<rect width="9" height="9" onload="x()"/>', "onload"),
        ('<g id="a"><use href="#a"/></g>', "circle"),
        ("<g>" * 80 + "</g>" * 80, "deep"),
        ("<g/>" * 20001, "elements"),
        ("<path", "well-formed"),
        ("<!-- " + "x" * 600_000 + " -->", "bytes"),
    ],
)
def test_hostile_svg_is_refused(tmp_path, body, says):
    with pytest.raises(InputError, match=says) as info:
        load_icons(folder(tmp_path, body=body))
    assert "i0.svg" in str(info.value)


def test_uses_that_multiply_are_refused(tmp_path):
    layers = "".join(
        f'<g id="l{n}">' + f'<use xlink:href="#l{n - 1}"/>' * 10 + "</g>" if n else f'<g id="l0">{DISC}</g>'
        for n in range(8)
    )
    with pytest.raises(InputError, match="<use>"):
        load_icons(folder(tmp_path, body=f"<defs>{layers}</defs>"))


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ('<!DOCTYPE svg SYSTEM "http://example.com/svg.dtd">' + HEAD, "document type"),
        ('<!doctype svg [<!entity a "b">]>' + HEAD, "document type"),
        ("<svg>", "root"),
        ('<svg xmlns="http://www.w3.org/2000/svg">', "viewBox"),
        ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 5">', "viewBox"),
        ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="a b">', "viewBox"),
    ],
)
def test_strange_roots_are_refused(tmp_path, head, says):
    with pytest.raises(InputError, match=says):
        load_icons(folder(tmp_path, head=head))


def test_links_out_of_the_folder_are_refused(tmp_path):
    outside = tmp_path / "outside.svg"
    outside.write_text(f"{HEAD}{DISC}</svg>")
    inner = tmp_path / "icons"
    inner.mkdir()
    folder(inner)
    (inner / "i0.svg").unlink()
    (inner / "i0.svg").symlink_to(outside)
    with pytest.raises(InputError, match="regular file"):
        load_icons(inner)


def test_size_in_place_of_a_view_box_is_understood(tmp_path):
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="64px" height="64">'
    assert load_icons(folder(tmp_path, 40, head=head)).sample_scene(0).masks(64)["figure 0"].any()
