"""Scenes: determinism, splits, pictures, masks, captions, JSON."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from iconworld import BACKGROUND_NAMES, NOUNS, PATTERNS, SPLITS, WORDS, Background, Scene, sample_scene
from iconworld.scenes.characters.skeleton import Wear
from iconworld.scenes.drawing import path
from iconworld.scenes.edges import samples
from iconworld.scenes.palette import BACKGROUNDS, rgb
from iconworld.scenes.render import rasterize
from iconworld.scenes.scene import masks_of
from iconworld.scenes.shapes import box, ellipse

SEEDS = range(60)


def test_same_seed_same_scene_and_picture():
    for seed in range(4):
        a, b = sample_scene(seed, "dev"), sample_scene(seed, "dev")
        assert a == b
        np.testing.assert_array_equal(a.picture(64), b.picture(64))
        assert a.caption() == b.caption()


def test_splits_share_no_scene_and_no_stream():
    scenes = {split: {sample_scene(s, split).to_json() for s in SEEDS} for split in SPLITS}
    assert len(set.union(*scenes.values())) == 3 * len(SEEDS)
    with pytest.raises(InputError, match="seed"):
        sample_scene(SPLITS["dev"], "train")
    for seed, split in ((-1, "train"), (1.5, "train"), (True, "dev"), (0, "validation")):
        with pytest.raises(InputError):
            sample_scene(seed, split)


def test_json_round_trip_is_exact():
    for seed in SEEDS:
        scene = sample_scene(seed)
        text = scene.to_json()
        assert Scene.from_json(text) == scene
        assert len(text) < 1500


def spoiled() -> list[tuple[str, str]]:
    good = json.loads(sample_scene(0).to_json())

    def but(path: str, value: object) -> str:
        data = json.loads(json.dumps(good))
        at = data
        *way, last = path.split(".")
        for key in way:
            at = at[int(key)] if key.isdigit() else at[key]
        at[int(last) if last.isdigit() else last] = value
        return json.dumps(data)

    return [
        ("JSON", "{"),
        ("JSON", "[" * 5000),
        ("object", "[]"),
        ("object", "{}"),
        ("characters", " " * 30000),
        ("format", but("format", "icon-world/9")),
        ("seed", but("seed", -1)),
        ("seed", but("seed", True)),
        ("background.color", but("background.color", "ultraviolet")),
        ("background.pattern", but("background.pattern", ["dots"])),
        ("phase", but("background.phase", float("nan"))),
        ("phase", but("background.phase", 1e400)),
        ("figures", but("figures", good["figures"] * 9)),
        ("kind", but("figures.0.kind", "__class__")),
        ("kind", but("figures.0.kind", {"a": 1})),
        ("genes", but("figures.0.genes", [0.0])),
        ("genes", but("figures.0.genes.0", 7)),
        ("at", but("figures.0.at.2", 1e9)),
        ("flip", but("figures.0.flip", 1)),
        ("wears", but("figures.0.wears", [["cap"]])),
        ("extra", but("extra", 1)),
        ("skin", but("figures.0.skin", 99)),
    ]


@pytest.mark.parametrize(("names", "text"), spoiled())
def test_hostile_json_is_refused_by_name(names, text):
    with pytest.raises(InputError) as info:
        Scene.from_json(text)
    if names != "extra":
        assert names in str(info.value)


def test_picture_is_its_svg_drawn():
    scene = sample_scene(11)
    np.testing.assert_array_equal(scene.picture(96), rasterize(scene.svg(), 96)[..., :3])
    assert scene.picture().shape == (128, 128, 3)
    assert scene.picture(64).dtype == np.uint8


@pytest.mark.parametrize("size", [0, -3, 5000, 2.5, True, "128"])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(InputError, match="size"):
        sample_scene(0).picture(size)


def test_figures_stay_on_the_canvas():
    for seed in range(150):
        for figure in sample_scene(seed).figures:
            points = np.concatenate([samples(c) for p in figure.paths() for c in p.contours])
            assert points.min() >= -0.5, (seed, figure.kind)
            assert points.max() <= 128.5, (seed, figure.kind)


def test_figures_fill_most_of_the_canvas():
    shares = []
    for seed in SEEDS:
        inside = ~sample_scene(seed).mask("background", 64)
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        shares.append(max(np.ptp(rows), np.ptp(columns)) / 64)
    assert np.mean(shares) > 0.75


def test_masks_cut_the_canvas_into_figures_and_background():
    for seed in range(12):
        scene = sample_scene(seed)
        masks = scene.masks(64)
        whole = [masks["background"], *(masks[f"figure {i}"] for i in range(len(scene.figures)))]
        assert (np.sum(whole, 0) == 1).all()
        assert all(m.any() for m in whole)
        parts = [m for k, m in masks.items() if not k.startswith("figure")]
        assert (np.sum(parts, 0) == 1).all()


def test_edges_between_two_parts_belong_to_no_third():
    paths = [
        path("ground", "#ffffff", box(0, 0, 128, 128)),
        path("corner", "#ffffff", box(0, 0, 8, 8)),
        path("disc", "#ffffff", ellipse(70, 70, 40)),
    ]
    masks = masks_of(paths, 128)
    assert masks["corner"].sum() == 64
    assert masks["disc"].sum() == pytest.approx(np.pi * 40**2, rel=0.01)


def test_svg_keeps_a_hundredth_of_a_unit():
    for p in sample_scene(2).drawing().paths:
        numbers = [float(n) for n in re.findall(r"-?[0-9.]+(?:e-?[0-9]+)?", p.data())]
        points = np.concatenate([np.concatenate([c, c[:1]]) for c in p.contours])
        np.testing.assert_allclose(np.reshape(numbers, (-1, 2)), points, atol=0.00501)


def test_background_mask_matches_the_picture():
    plain = [s for s in map(sample_scene, SEEDS) if s.background.pattern == "plain"][:5]
    for scene in plain:
        inside = scene.mask("background")
        core = inside.copy()
        for axis in (0, 1):
            core &= np.roll(inside, 1, axis) & np.roll(inside, -1, axis)
        same = (scene.picture()[core] == rgb(BACKGROUNDS[scene.background.color])).all(1)
        assert same.mean() > 0.995  # a shape thinner than a pixel may cover no pixel's middle


def test_mask_of_a_part_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="part"):
        sample_scene(0).mask("wings of wax")


def test_captions_name_the_figures_in_known_words():
    seen = set()
    for seed in range(200):
        scene = sample_scene(seed)
        for text in (scene.caption(), scene.full_caption()):
            assert all(re.search(rf"\b{noun}\b", text) for noun in scene.nouns), text
            assert set(re.findall(r"[a-z0-9]+", text.lower())) <= set(WORDS), text
            assert not re.search(r"\ba [aeio]", text), text
            assert not re.search(r"\ban [^aeiou]", text), text
        assert scene.background.color in scene.full_caption()
        assert set(scene.nouns) <= set(NOUNS)
        seen.add(re.sub(r"\b(" + "|".join((*NOUNS, *BACKGROUND_NAMES)) + r")\b", "X", scene.caption()))
    assert len(seen) > 100


def test_captions_say_the_color_of_glasses_unless_it_is_black():
    face = next(s for s in (sample_scene(k, "train") for k in range(200)) if s.figures[0].view == "face")
    for color, words in (
        ("black", "wearing glasses"),
        ("red", "wearing red glasses"),
        ("blue", "wearing blue glasses"),
    ):
        assert words in face.with_figure(0, wears=(Wear("glasses", color),)).full_caption()
    assert "wearing sunglasses" in face.with_figure(0, wears=(Wear("sunglasses", "black"),)).full_caption()
    assert "wearing a black top hat" in face.with_figure(0, wears=(Wear("top hat", "black"),)).full_caption()


def test_captions_vary_with_their_seed_alone():
    scene = sample_scene(3)
    assert len({scene.caption(k) for k in range(20)}) > 5
    assert scene.caption(9) == scene.caption(9)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_keep_the_named_color_in_the_lead(pattern):
    base = np.array(rgb(BACKGROUNDS["teal"]))
    for phase, period in ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0)):
        picture = Scene((), Background("teal", pattern, phase, period)).picture(64).reshape(-1, 3)
        assert np.abs(picture.astype(int) - base).max() <= 40
        if pattern != "plain":
            assert len(np.unique(picture, axis=0)) > 1


def test_unknown_background_is_refused():
    with pytest.raises(InputError, match="background"):
        Background("beige")
    with pytest.raises(InputError, match="pattern"):
        Background("blue", "paisley")
