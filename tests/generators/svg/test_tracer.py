import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.generators.svg.drawing import Drawing, Shape
from dreamsampler.generators.svg.shapes import ellipse, rectangle
from dreamsampler.generators.svg.tracer import pruned, trace

pytest.importorskip("vtracer")


def _picture() -> Drawing:
    disc = ellipse(torch.tensor([40.0, 30.0]), torch.tensor([16.0, 12.0]))
    shapes = [
        Shape((rectangle(4, 4, 28, 60),), (0.8, 0.1, 0.1, 1.0)),
        Shape((disc,), (0.1, 0.2, 0.7, 1.0)),
        Shape((rectangle(50, 48, 56, 54),), (0.0, 0.5, 0.0, 1.0)),
    ]
    return Drawing.of(shapes, (64, 80), torch.ones(3))


def test_a_traced_picture_looks_like_the_picture() -> None:
    picture = _picture().render()
    traced = trace(picture)
    assert traced.size == (64, 80)
    assert float((traced.render() - picture).abs().mean()) < 0.02


def test_pruning_keeps_the_largest_visible_paths_in_order() -> None:
    drawing = _picture()
    backwards = drawing.select([2, 1, 0])  # the largest on top
    assert torch.equal(pruned(backwards, 2).points, drawing.select([1, 0]).points)
    assert pruned(drawing, 9) is drawing
    few = trace(drawing.render(), 3)
    assert few.structure.path_count == 3
    assert float((few.render() - drawing.render()).abs().mean()) < 0.05


@pytest.mark.parametrize("arguments", [{"paths": 0}, {"color_bits": 9}, {"speckle": -1}])
def test_settings_out_of_range_are_refused(arguments: dict) -> None:
    with pytest.raises(InputError, match="trace"):
        trace(torch.ones(3, 8, 8), **arguments)


def test_bad_pictures_are_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        trace(torch.ones(8, 8))
    with pytest.raises(InputError, match="NaN"):
        trace(torch.full((3, 8, 8), float("nan")))
