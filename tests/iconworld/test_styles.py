"""Styles change paint and strokes, and nothing that is true of a scene but its caption."""

from dataclasses import replace

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from iconworld import Figure, Scene, Style, edit_pairs, sample_scene, sample_styled
from iconworld.scenes.backgrounds import Background
from iconworld.scenes.palette import COLORS, INK, rgb
from iconworld.scenes.vocabulary import STYLE_WORDS, WORDS

APPLE = Scene((Figure("apple", "red"),), Background("blue"))


def styled(scene, style):
    return replace(scene, figures=tuple(replace(f, style=style) for f in scene.figures))


def test_the_default_style_draws_as_before():
    for p in sample_scene(3).drawing().paths:
        assert p.element() == f'<path fill="{p.fill}" d="{p.data()}"/>'


def test_two_tones_are_the_color_and_one_other():
    gift = Scene((Figure("gift", "blue"),), Background("white"))
    assert len({p.fill for p in gift.figures[0].paths()}) > 2
    fills = {p.fill for p in styled(gift, Style(tones="two")).figures[0].paths()}
    assert fills == {COLORS["blue"], "#ffffff"}


def test_lines_are_white_inside_a_line_of_the_color():
    paths = styled(APPLE, Style(line=2.0, tones="lines")).figures[0].paths()
    assert {p.fill for p in paths} == {"#ffffff", COLORS["red"]}  # the dark stalk is filled
    assert {p.stroke for p in paths} == {COLORS["red"], ""}
    pale = Scene((Figure("lemon", "yellow"),), Background("blue"))
    assert {p.stroke for p in styled(pale, Style(line=2.0, tones="lines")).figures[0].paths()} - {""} == {INK}


def test_an_outline_is_ink_around_a_figure_that_stays_where_it_is():
    plain, outlined = APPLE.picture(), styled(APPLE, Style(line=3.0)).picture()
    inside = APPLE.mask("figure 0")
    new = styled(APPLE, Style(line=3.0)).mask("figure 0")
    assert (new & inside == inside).all()
    grown = new & ~inside
    assert grown.any()
    rows, columns = np.nonzero(grown)
    ys, xs = np.nonzero(inside)
    far = np.sqrt((rows[:, None] - ys) ** 2 + (columns[:, None] - xs) ** 2).min(1)
    assert far.max() <= 3.0 + 1.5
    deep = grown & (np.abs(outlined.astype(int) - rgb(INK)).max(-1) == 0)
    assert deep.sum() > 0.5 * grown.sum()
    same = (plain == outlined).all(-1)
    assert same[~new].mean() > 0.97  # all but the soft edge of the outline


def test_round_corners_grow_a_figure_by_no_more_than_their_radius():
    before, after = APPLE.mask("figure 0"), styled(APPLE, Style(corner=2.0)).mask("figure 0")
    assert (after & before == before).all()
    assert before.sum() < after.sum() < 1.2 * before.sum()


@pytest.mark.parametrize("seed", range(12))
def test_what_is_true_of_a_styled_scene_is_written_down_and_said(seed):
    scene = sample_styled(seed, "dev")
    assert Scene.from_json(scene.to_json()) == scene
    style = scene.figures[0].style
    assert style != Style()
    assert style.phrase() in scene.full_caption()
    words = set(scene.full_caption().replace("-", " ").split()) | set(style.phrase().split())
    assert words <= {*WORDS, *STYLE_WORDS}
    assert scene == styled(sample_scene(seed, "dev"), style)


def test_a_color_that_cannot_be_seen_is_not_said():
    lines = Style(line=2.0, tones="lines")
    assert "red apple" in styled(APPLE, lines).full_caption()
    lemon = Scene((Figure("lemon", "yellow"),), Background("blue"))
    assert "yellow" not in styled(lemon, lines).full_caption()
    woman = next(s for k in range(999) if "woman" in (s := sample_scene(k)).nouns and len(s.figures) == 1)
    assert " with " not in styled(woman, lines).full_caption()


def test_edits_of_styled_scenes_are_exact():
    for pair in edit_pairs("object-color", "dev", 3):
        for style in (Style(line=3.0), Style(line=1.5, tones="lines"), Style(corner=2.0, tones="two")):
            source, target = styled(pair.source, style), styled(pair.target, style)
            may = replace(pair, source=source, target=target).change_mask()
            assert (source.picture()[~may] == target.picture()[~may]).all()
            assert 0 < may.mean() < 0.9


def test_numbers_out_of_range_are_refused():
    for wrong in ({"line": 7.0}, {"corner": -1.0}, {"tones": "three"}, {"tones": "lines"}):
        with pytest.raises(InputError, match="style"):
            Style(**wrong)
    text = styled(APPLE, Style(line=2.0)).to_json().replace('"shaded"', '"three"')
    with pytest.raises(InputError, match=r"figures\[0\]\.style\[2\]"):
        Scene.from_json(text)
