import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamsampler.generators.svg.pieces import Edges, cut

H, W = 6, 7
# Coordinates on pixel sides, a rounding step beside them, and anywhere.
coordinate = st.one_of(
    st.integers(-2, 9).map(float),
    st.integers(-2, 9).map(lambda k: float(torch.nextafter(torch.tensor(float(k)), torch.tensor(1e9)))),
    st.integers(-2, 9).map(lambda k: float(torch.nextafter(torch.tensor(float(k)), torch.tensor(-1e9)))),
    st.floats(-3, 10, width=32),
)


@settings(max_examples=200, deadline=None)
@given(*[coordinate] * 4)
def test_pieces_tile_the_part_of_the_edge_within_the_rows(x0: float, y0: float, x1: float, y1: float) -> None:
    values = [torch.tensor([v], dtype=torch.float32) for v in (x0, y0, x1 - x0, y1 - y0)]
    edge = Edges(*values)
    pieces = cut(edge, H, W)
    dy = float(edge.dy)
    if abs(dy) > 1e-4:
        ends = sorted((min(max((side - y0) / dy, 0), 1)) for side in (0, H))
        assert abs(float(pieces.span.sum()) - (ends[1] - ends[0])) < 1e-4
    elif 0.01 < y0 < H - 0.01 and 0.01 < y0 + dy < H - 0.01:
        assert abs(float(pieces.span.sum()) - 1) < 1e-5
    assert bool((pieces.span >= 0).all())
    x = x0 + pieces.mid * edge.dx
    y = y0 + pieces.mid * edge.dy
    assert bool(((y - pieces.row) > -1e-3).all() & ((y - pieces.row) < 1 + 1e-3).all())
    on = (pieces.col >= 0) & (pieces.col < W)
    assert bool((((x - pieces.col) > -1e-3) & ((x - pieces.col) < 1 + 1e-3))[on].all())


def test_an_edge_is_cut_where_it_crosses_pixel_sides() -> None:
    edge = Edges(*(torch.tensor([v], dtype=torch.float64) for v in (2.5, 0.5, -2.0, 1.0)))
    pieces = cut(edge, H, W)
    assert pieces.col.tolist() == [2, 1, 1, 0]
    assert pieces.row.tolist() == [0, 0, 1, 1]
    torch.testing.assert_close(pieces.span, torch.full((4,), 0.25, dtype=torch.float64))
    torch.testing.assert_close(pieces.mid, torch.tensor([0.125, 0.375, 0.625, 0.875], dtype=torch.float64))
