"""Every figure of the vocabulary, in every view: draws, stays in its box, is closed cubics, shows its parts."""

from __future__ import annotations

import numpy as np
import pytest

from dreamsampler.core.errors import InputError
from iconworld.scenes.characters.accessories import ACCESSORIES
from iconworld.scenes.characters.features import EXPRESSIONS
from iconworld.scenes.characters.skeleton import Genes, Wear
from iconworld.scenes.edges import samples
from iconworld.scenes.figures import MEAN, Figure, colors_of, hairs_of, kinds, views_of

ALL = [(kind, view) for kind in kinds() for view in views_of(kind)]
FACES = [kind for kind in kinds() if "face" in views_of(kind)]


def make(kind: str, view: str, genes: Genes = MEAN, **more: object) -> Figure:
    return Figure(kind, colors_of(kind)[0], view, genes, hair=hairs_of(kind)[0], **more)


def extent(figure: Figure) -> np.ndarray:
    points = np.concatenate([samples(c) for p in figure.paths() for c in p.contours]) - 64
    return np.array([*points.min(0), *points.max(0)])


@pytest.mark.parametrize(("kind", "view"), ALL)
def test_figures_are_closed_cubics_that_fill_their_box_and_no_more(kind, view):
    rng = np.random.default_rng(5)
    count = len(Genes._fields)
    for genes in (np.zeros(count), -np.ones(count), np.ones(count), *rng.choice([-1.0, 1.0], (3, count))):
        figure = make(kind, view, Genes(*genes.tolist()))
        for path in figure.paths():
            assert path.fill.startswith("#")
            assert len(path.fill) == 7
            for contour in path.contours:
                assert contour.ndim == 2
                assert contour.shape[1] == 2
                assert len(contour) % 3 == 0
                assert np.isfinite(contour).all()
        x0, y0, x1, y1 = extent(figure)
        assert max(-x0, -y0, x1, y1) < 57.5
        assert max(x1 - x0, y1 - y0) > 74


def test_vocabulary_is_what_was_promised():
    characters = "cat dog horse zebra fox bear panda lion tiger rabbit pig mouse frog monkey man woman boy girl"
    assert set(characters.split()) == set(FACES)
    assert len(kinds()) - len(FACES) >= 40
    assert EXPRESSIONS == ("neutral", "smiling", "laughing", "sad")


@pytest.mark.parametrize("kind", FACES)
def test_expressions_and_accessories_change_only_their_own_parts(kind):
    plain = make(kind, "face")

    def rest(figure: Figure, without: set[str]) -> list[tuple[str, str, str]]:
        return [(p.part, p.fill, p.data()) for p in figure.paths() if p.part not in without]

    mouths = set()
    for mood in EXPRESSIONS:
        other = make(kind, "face", expression=mood)
        mouths.add(tuple(p.data() for p in other.paths() if p.part == "mouth"))
        assert rest(other, {"mouth", "brows"}) == rest(plain, {"mouth", "brows"})
    assert len(mouths) == len(EXPRESSIONS)
    for name, accessory in ACCESSORIES.items():
        worn = make(kind, "face", wears=(Wear(name, accessory.colors[0]),))
        assert rest(worn, {"glasses", "hat", "bow"}) == rest(plain, set())
        assert len(worn.paths()) > len(plain.paths())


def test_species_share_their_skeleton():
    genes = Genes(look_x=0.7, tilt=-0.6)
    horse, zebra = make("horse", "standing", genes).paths(), make("zebra", "standing", genes).paths()
    outline = {part: [p.data() for p in horse if p.part == part] for part in ("body", "legs", "tail", "eyes")}
    assert outline == {part: [p.data() for p in zebra if p.part == part] for part in outline}
    assert any(p.part == "markings" and p.fill == "#2b2a33" for p in zebra)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "dragon"),
        ("color", "mauve"),
        ("view", "flying"),
        ("expression", "angry"),
        ("hair", "red"),
        ("skin", 3),
        ("wears", (Wear("wig", "red"),)),
        ("wears", (Wear("cap", "black"),)),
        ("wears", (Wear("cap", "red"), Wear("crown", "yellow"))),
    ],
)
def test_what_is_not_in_the_vocabulary_is_refused(field, value):
    fields = {"kind": "cat", "color": "orange", "view": "face", field: value}
    with pytest.raises(InputError, match=field):
        Figure(**fields)


def test_a_horse_in_profile_and_an_object_wear_nothing():
    for kind, view in (("horse", "standing"), ("car", "object")):
        with pytest.raises(InputError, match="wears"):
            make(kind, view, wears=(Wear("cap", "red"),))
