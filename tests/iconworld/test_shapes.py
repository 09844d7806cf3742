"""Contours: closed cubics of the right shape, and pieces of them."""

from __future__ import annotations

import numpy as np
import pytest

from iconworld.scenes import edges, shapes


def area(contour: shapes.Contour) -> float:
    p = edges.samples(contour)
    q = np.roll(p, -1, 0)
    return 0.5 * float(np.sum(p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]))


SHAPES = {
    "ellipse": shapes.ellipse(3, 4, 10, 5, 30),
    "box": shapes.box(-4, -3, 5, 6, 2),
    "blob": shapes.blob([(0, -5), (5, 0, 0), (0, 5), (-5, 0, 0.5)]),
    "symmetric": shapes.symmetric([(0, -5), (4, 0), (0, 6)]),
    "stroke": shapes.stroke([(0, 0), (5, 1), (10, 0)], (2, 3, 1)),
    "short stroke": shapes.stroke([(0, 0), (5, 1)], 2),
    "star": shapes.star(0, 0, 10, 5, 5, 1),
    "flower": shapes.flower(0, 0, 10, 8, 6),
}


@pytest.mark.parametrize("name", SHAPES)
def test_contours_are_whole_segments_of_finite_points(name):
    contour = SHAPES[name]
    assert contour.dtype == np.float64
    assert contour.shape[1] == 2
    assert len(contour) % 3 == 0
    assert np.isfinite(contour).all()


def test_ellipse_has_its_area_and_stays_on_the_curve():
    contour = shapes.ellipse(1, 2, 10, 5)
    p = (edges.samples(contour) - (1, 2)) / (10, 5)
    np.testing.assert_allclose(np.hypot(*p.T), 1.0, atol=3e-4)


def test_box_corners_are_rounded_by_the_radius():
    assert area(shapes.box(0, 0, 10, 6)) == pytest.approx(60)
    assert area(shapes.box(0, 0, 10, 6, 2)) == pytest.approx(60 - (4 - np.pi) * 4, rel=5e-3)


def test_stroke_is_as_wide_as_asked_and_ends_round():
    p = edges.samples(shapes.stroke([(0, 0), (10, 0), (20, 0)], 4))
    assert p[:, 1].max() == pytest.approx(2.0, abs=0.06)
    assert p[:, 0].min() == pytest.approx(-2.0, abs=0.06)
    assert p[:, 0].max() == pytest.approx(22.0, abs=0.06)


def test_reversed_contour_is_a_hole():
    outer, hole = shapes.ring(0, 0, 10, 4)
    assert area(hole) == pytest.approx(-area(shapes.ellipse(0, 0, 6)))
    assert area(outer) > 0


def test_mirrored_keeps_the_sense_of_the_curve():
    blob = shapes.blob([(1, -5), (6, 0), (1, 5)])
    assert area(shapes.mirrored(blob)) == pytest.approx(area(blob))
    np.testing.assert_allclose(sorted(shapes.mirrored(blob)[:, 0]), sorted(-blob[:, 0]))


def test_moved_turns_clockwise_on_the_screen():
    np.testing.assert_allclose(shapes.moved(np.array([[0.0, -1.0]]), 5, 5, 2, 90), [[7, 5]], atol=1e-12)


def test_locate_finds_the_direction():
    circle = shapes.ellipse(0, 0, 10)
    for angle in (-170, -90, 0, 10, 95, 180):
        t = edges.locate(circle, angle)
        start = edges.piece(circle, t, t + 0.5)[0, 0]
        got = np.degrees(np.arctan2(start[0], -start[1]))
        assert (got - angle + 180) % 360 - 180 == pytest.approx(0, abs=0.5)


def test_piece_lies_on_the_curve_and_joins():
    circle = shapes.ellipse(0, 0, 10)
    part = edges.piece(circle, 3.5, 1.25)
    np.testing.assert_allclose(part[:-1, 3], part[1:, 0], atol=1e-12)
    np.testing.assert_allclose(np.hypot(*part[:, 0].T), 10, atol=0.01)


def test_piece_within_one_segment_ends_where_asked():
    circle = shapes.ellipse(0, 0, 10)
    part = edges.piece(circle, 0.25, 0.75)
    whole = edges.piece(circle, 0.75, 1.5)
    np.testing.assert_allclose(part[-1, 3], whole[0, 0], atol=1e-12)
    assert len(part) == 1


@pytest.mark.parametrize("angles", [(60, 200), (-60, 60), (150, 300)])
def test_crescents_and_stripes_stay_inside(angles):
    circle = shapes.ellipse(0, 0, 10)
    crescent = edges.samples(edges.crescent(circle, *angles, 3))
    assert np.hypot(*crescent.T).max() < 10.02
    assert np.hypot(*crescent.T).min() > 6.5
    stripe = edges.samples(edges.stripe(circle, angles[0], 20, (0.0, 0.0)))
    assert np.hypot(*stripe.T).max() < 10.02
