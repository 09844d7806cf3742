"""What is trained on: which real icons, their scenes, and pools of both worlds."""

from dataclasses import replace

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from iconworld.scenes.captions import face_phrase
from iconworld.scenes.characters.skeleton import Wear
from iconworld.scenes.iconset import Icon, IconSet, held_out
from iconworld.scenes.solid_scenes import VIEWS, view_name
from iconworld.training.names import choose_icons
from iconworld.training.pool import Draw, Record
from iconworld.training.worlds import build_pool, drawn_scene, face_and_twin, icon_scene, twin_scene, view_of_solids

DISC = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4" fill="#f00"/></svg>'


def icon_set(*names):
    return IconSet(tuple(Icon(f"{i:x}.svg", name, DISC) for i, name in enumerate(names)))


def test_held_out_icons_are_never_chosen():
    icons = icon_set(*(f"thing {i}" for i in range(400)))
    chosen = choose_icons(icons, ())
    assert {icon.split for icon in chosen.icons} == {"train"}
    assert len(chosen.icons) == len(icons.of("train"))


def test_a_noun_of_the_drawn_world_is_not_taken_twice():
    icons = IconSet(tuple(icon for icon in icon_set(*["banana", "octopus", "wolf face"] * 9).icons))
    assert {icon.name for icon in choose_icons(icons, ("banana",)).icons} == {"octopus", "wolf"}


def test_scenes_of_training_and_testing_share_no_icon_on_one_color():
    icons = choose_icons(icon_set("octopus", "rocket", "bell", "key", "lock", "owl", "bat", "shark"), ())
    files = {icon.name: icon.file for icon in icons.icons}
    for seed in range(40):
        for split in ("train", "dev", "test"):
            picture, record = icon_scene(icons, seed, split)
            assert picture.shape == (128, 128, 3)
            assert held_out(files[record.nouns[0]], record.background) == (split != "train")


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


def test_a_twin_differs_from_its_face_in_one_thing_that_its_caption_names():
    changed = set()
    for seed in range(0, 80, 2):
        face, twin = face_and_twin(seed, "train")
        a, b = face.figures[0], twin.figures[0]
        names = {name for name in ("expression", "wears") if getattr(a, name) != getattr(b, name)}
        assert len(names) == 1
        assert twin == face.with_figure(0, **{name: getattr(b, name) for name in names})
        assert face.full_caption() != twin.full_caption()
        assert a.view == "face"
        changed |= names
    assert changed == {"expression", "wears"}


def test_training_pools_hold_pairs_of_a_face_and_its_twin_and_dev_pools_hold_none(tmp_path):
    pool = build_pool(tmp_path / "train", 16, "train", None)
    assert [i for i, record in enumerate(pool.records) if record.twin] == [7, 15]
    assert pool.records[6].nouns == pool.records[7].nouns
    assert (pool.pictures[6] != pool.pictures[7]).any(-1).mean() < 0.25
    assert not any(record.twin for record in build_pool(tmp_path / "dev", 8, "dev", None).records)


def test_pairs_of_faces_are_also_told_without_saying_whose_they_are():
    record = twin_scene(0, "train")[1]
    face = face_and_twin(0, "train")[0].figures[0]
    assert record.captions[0] == face_and_twin(0, "train")[0].full_caption()
    assert face_phrase(face) in record.captions
    assert face.kind not in face_phrase(face)
    plain = replace(face, expression="neutral", wears=(Wear("glasses", "black"), Wear("cap", "red")))
    assert face_phrase(plain) == "a face wearing glasses and a red cap"
    assert face_phrase(replace(plain, expression="smiling", wears=())) == "a smiling face"


def test_six_rows_of_a_batch_of_sixteen_are_pairs_that_stand_side_by_side():
    records = [Record("drawn", ("cat",), "red", ("a cat",), twin=i in (0, 4, 9)) for i in range(12)]
    draw = Draw(records)
    rows = draw(np.random.default_rng(0), 16)
    assert draw.pairs(16) == 3
    assert len(rows) == 16
    first, second = rows[10::2], rows[11::2]
    assert set(second.tolist()) <= {4, 9}  # scene 0 is the first of its pool: what it is the twin of is elsewhere
    assert (first == second - 1).all()
    assert Draw(records[:4])(np.random.default_rng(0), 16).max() < 4
    assert Draw(records[:4]).pairs(16) == 0


def test_pools_mix_all_worlds_with_captions_that_name_views_and_styles(tmp_path):
    records = build_pool(tmp_path / "train", 16, "train", None).records
    assert [r.world for r in records[:8]] == ["drawn"] * 3 + ["styled", "solids", "solids", "drawn", "drawn"]
    assert all("seen from" in r.captions[0] for r in records if r.world == "solids")
    assert len(records[3].captions) == 4


def test_solids_are_seen_from_all_around():
    views = [view_name(view_of_solids(seed, "train").camera) for seed in range(200)]
    assert {views.count(view) > 15 for view in VIEWS} == {True}
    assert view_of_solids(3, "test") == view_of_solids(3, "test")
