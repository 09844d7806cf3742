"""Outlines of patches of pixels as smooth contours."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from dreamsampler.generators.svg.crossing import self_intersections
from dreamsampler.generators.svg.drawing import Drawing, Shape
from dreamsampler.generators.svg.outline import moment_ellipse, outline
from dreamsampler.generators.svg.structure import Structure

SIDE = 40


def drawn(contour: torch.Tensor) -> NDArray[np.float64]:
    shown = Drawing.of([Shape((contour,), (0.0, 0.0, 0.0, 1.0))], (SIDE, SIDE), torch.ones(3)).render()
    return 1 - shown[0, 0].double().numpy()


def mask(where: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.argwhere(where)


def places() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return rows, columns


@pytest.mark.parametrize(("segments", "most"), [(4, 0.06), (8, 0.05)])
def test_a_disc_and_a_bar_are_followed_closely(segments: int, most: float) -> None:
    rows, columns = places()
    for inside in ((rows - 20) ** 2 + (columns - 14) ** 2 < 120, (abs(rows - 20) < 4) & (abs(columns - 21) < 15)):
        contour = outline(mask(inside), segments)
        assert contour.shape == (3 * segments, 2)
        error = np.abs(drawn(contour) - inside).sum() / inside.sum()
        assert error < (most if inside[0:13].any() else 0.2)


def test_holes_are_filled_and_diagonal_neighbors_are_no_part_of_it() -> None:
    rows, columns = places()
    ring = (rows - 20) ** 2 + (columns - 20) ** 2
    inside = (ring < 150) & (ring > 60)
    shown = drawn(outline(mask(inside), 6))
    assert shown[20, 20] == pytest.approx(1.0)
    assert np.abs(shown - (ring < 150)).sum() < 0.08 * 150 * np.pi


def test_no_outline_crosses_itself_whatever_the_patch() -> None:
    rows, columns = places()
    comb = (rows < 6) | ((columns % 8 < 3) & (rows < 34))
    thin = (rows == columns) | (rows == columns + 1)
    single = (rows == 3) & (columns == 5)
    for inside in (comb, thin, single):
        contour = outline(mask(inside & (columns < 36)), 4)
        assert int(self_intersections(contour, Structure(((4,),))).sum()) == 0
        assert bool(torch.isfinite(contour).all())


def test_the_ellipse_of_moments_has_the_patchs_area_place_and_slant() -> None:
    rows, columns = places()
    x, y = (columns - 20) + 0.5, (rows - 18) + 0.5
    inside = ((x + y) / 12) ** 2 + ((x - y) / 5) ** 2 < 1
    shown = drawn(moment_ellipse(mask(inside)))
    assert shown.sum() == pytest.approx(inside.sum(), rel=0.01)
    assert np.abs(shown - inside).sum() < 0.12 * inside.sum()
