import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.generators.svg.structure import FillRule, Structure, segment_corners


def test_every_contour_closes_on_its_own_first_anchor() -> None:
    structure = Structure(((2, 3), (), (2,)))
    points = torch.arange(structure.point_count, dtype=torch.float64).unsqueeze(1).expand(-1, 2)
    corners = segment_corners(points, structure)[..., 0].long().tolist()
    assert corners[0] == [0, 1, 2, 3]
    assert corners[1] == [3, 4, 5, 0]
    assert corners[4] == [12, 13, 14, 6]
    assert corners[6] == [18, 19, 20, 15]


def test_selecting_paths_keeps_rows_and_rules() -> None:
    structure = Structure(((2,), (1, 1), (3,)), (FillRule.NONZERO, FillRule.EVENODD, FillRule.NONZERO))
    chosen, rows = structure.select([1])
    assert chosen == Structure(((1, 1),), (FillRule.EVENODD,))
    assert rows == list(range(6, 12))


@pytest.mark.parametrize(("segments", "rules"), [(((0,),), ()), (((1,),), (FillRule.NONZERO,) * 2)])
def test_impossible_structures_are_refused(segments: tuple, rules: tuple) -> None:
    with pytest.raises(InputError, match=r"segment|rules"):
        Structure(segments, rules)
