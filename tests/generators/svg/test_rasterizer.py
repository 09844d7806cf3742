"""Values of the rasterizer: exact areas, an independent truth, compositing, batches, input checks."""

import math

import pytest
import torch
from torch import Tensor

from dreamsampler.core.errors import InputError, OutOfMemory
from dreamsampler.generators.svg import memory, rasterizer
from dreamsampler.generators.svg.rasterizer import rasterize
from dreamsampler.generators.svg.shapes import ellipse, polygon, rectangle
from dreamsampler.generators.svg.structure import FillRule, Structure
from dreamsampler.generators.svg.threads import few_threads

from .scenes import ONE, blobs, colors, solid

BLACK = torch.zeros(3, dtype=torch.float64)


def coverage(points: Tensor, size: tuple[int, int], structure: Structure = ONE) -> Tensor:
    """White paths on black: the image is the coverage."""
    rgba = solid(structure.path_count, 1.0, points.dtype)
    return rasterize(points, structure, rgba, size, BLACK.to(points.dtype))[0, 0]


def test_rectangle_covers_each_pixel_by_its_exact_area() -> None:
    x0, y0, x1, y1 = 2.25, 1.5, 7.75, 4.125
    across = torch.tensor([max(0.0, min(x1, j + 1) - max(x0, j)) for j in range(10)], dtype=torch.float64)
    down = torch.tensor([max(0.0, min(y1, i + 1) - max(y0, i)) for i in range(6)], dtype=torch.float64)
    image = coverage(rectangle(x0, y0, x1, y1, torch.float64), (6, 10))
    torch.testing.assert_close(image, down.unsqueeze(1) * across, rtol=0, atol=1e-12)


def test_triangle_area_is_exact_for_slanted_edges() -> None:
    corners = torch.tensor([[1.3, 0.7], [8.9, 3.1], [3.2, 9.6]], dtype=torch.float64)
    a, b = corners[1] - corners[0], corners[2] - corners[0]
    image = coverage(polygon(corners), (10, 10), Structure(((3,),)))
    assert float(image.sum()) == pytest.approx(float(abs(a[0] * b[1] - a[1] * b[0]) / 2), abs=1e-12)


def test_flattening_keeps_the_area_of_a_curve() -> None:
    points = ellipse(torch.tensor([20.0, 20.0]).double(), torch.tensor([15.0, 11.0]).double())
    # Area of the four cubics by Green's theorem: their deviation from pi a b is the 4-segment circle's own 0.03 %.
    assert float(coverage(points, (40, 40)).sum()) == pytest.approx(math.pi * 15 * 11, rel=4e-4)
    coarse = rasterizer.Flattening(tolerance=1e9, least=4)
    white = solid(1, 1.0)
    image = rasterize(points, ONE, white, (40, 40), BLACK, flattening=coarse)
    assert float(image[0, 0].sum()) == pytest.approx(math.pi * 15 * 11, rel=1e-3)  # 2.5e-2 without the correction


def _sampled(points: Tensor, structure: Structure, side: int, samples: int) -> Tensor:
    """Coverage by counting sample points inside, with winding numbers from a fine polyline: no shared code."""
    t = torch.arange(64, dtype=torch.float64) / 64
    basis = torch.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3], 1)
    at = (torch.arange(side * samples, dtype=torch.float64) + 0.5) / samples
    winding = torch.zeros(side * samples, side * samples, dtype=torch.float64)
    start = 0
    for count in structure.segments[0]:
        contour = points[start : start + 3 * count].reshape(count, 3, 2)
        start += 3 * count
        corners = torch.cat([contour, contour.roll(-1, 0)[:, :1]], 1)
        line = torch.einsum("nk,skd->snd", basis, corners).reshape(-1, 2)
        for (xa, ya), (xb, yb) in zip(line.tolist(), line.roll(-1, 0).tolist(), strict=True):
            if ya == yb:
                continue
            rows = ((at >= min(ya, yb)) & (at < max(ya, yb))).nonzero().flatten()
            cross = xa + (at[rows] - ya) / (yb - ya) * (xb - xa)
            winding[rows] += (1.0 if yb > ya else -1.0) * (at.unsqueeze(0) > cross.unsqueeze(1))
    inside = winding != 0 if structure.rules[0] is FillRule.NONZERO else winding % 2 == 1
    return inside.double().reshape(side, samples, side, samples).mean((1, 3))


@pytest.mark.parametrize("rule", list(FillRule))
@pytest.mark.parametrize("seed", [0, 3])
def test_agrees_with_point_sampling(rule: FillRule, seed: int) -> None:
    structure = Structure(((5, 4),), (rule,))
    points = torch.cat([blobs(1, 24, seed, 5), blobs(1, 24, seed, 4) * 0.6 + 5])
    truth = _sampled(points, structure, 24, 16)
    image = coverage(points, (24, 24), structure)
    assert 0.05 < float(truth.mean()) < 0.95
    assert float((image - truth).abs().mean()) * 255 < 0.35  # 16 x 16 samples have this much noise of their own


def test_mean_error_against_supersampling() -> None:
    points, rgba, structure = blobs(64, 224, 5), colors(64, 5), Structure.uniform(64)
    truth = torch.nn.functional.avg_pool2d(rasterize(points * 4, structure, rgba, (896, 896)), 4)
    image = rasterize(points.float(), structure, rgba.float(), (224, 224))
    assert float((image - truth).abs().mean()) * 255 < 0.05


def test_a_hole_is_a_contour_of_the_other_direction_or_even_odd() -> None:
    outer, inner = rectangle(1, 1, 9, 9, torch.float64), rectangle(3, 3, 7, 7, torch.float64)
    same = torch.cat([outer, inner])
    opposite = torch.cat([outer, inner.flip(0).roll(1, 0)])
    hole = coverage(same, (10, 10), Structure(((4, 4),), (FillRule.EVENODD,)))
    assert float(coverage(same, (10, 10), Structure(((4, 4),))).sum()) == pytest.approx(64)
    assert float(hole.sum()) == pytest.approx(48)
    torch.testing.assert_close(coverage(opposite, (10, 10), Structure(((4, 4),))), hole)


def test_paths_are_painted_back_to_front() -> None:
    points = torch.cat([rectangle(0, 0, 4, 4), rectangle(2, 0, 4, 4)])
    rgba = torch.tensor([[1, 0, 0, 1], [0, 0, 1, 0.25]])
    image = rasterize(points, Structure.uniform(2), rgba, (4, 4))[0, :, 1]
    torch.testing.assert_close(image[:, 0], torch.tensor([1.0, 0, 0]))
    torch.testing.assert_close(image[:, 3], torch.tensor([0.75, 0, 0.25]))


def test_white_on_white_stays_white() -> None:
    """The usual composition of averaged, un-premultiplied colors leaves a dark ring here (down to 0.75)."""
    disc = ellipse(torch.tensor([16.0, 16.0]), torch.tensor([9.3, 9.3]))
    white = solid(1, 1.0, torch.float32)
    assert float(rasterize(disc, ONE, white, (32, 32)).min()) > 1 - 1e-6
    over = rasterize(disc, ONE, white, (32, 32), alpha=True)
    assert float((over[:, :3] + 1 - over[:, 3:]).min()) > 1 - 1e-6


def test_transparent_output_composites_to_the_opaque_one() -> None:
    points, rgba, structure = blobs(5, 20, 2), colors(5, 2), Structure.uniform(5)
    ground = torch.rand(3, 20, 20, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    direct = rasterize(points, structure, rgba, (20, 20), ground)
    over = rasterize(points, structure, rgba, (20, 20), alpha=True)
    torch.testing.assert_close(over[:, :3] + (1 - over[:, 3:]) * ground, direct)


def test_a_batch_equals_its_scenes_one_by_one() -> None:
    structure = Structure(((4,), (3, 5), ()), (FillRule.NONZERO, FillRule.EVENODD, FillRule.NONZERO))
    points = torch.stack([blobs(3, 24, seed) for seed in (1, 2, 7)])
    rgba = torch.stack([colors(3, seed) for seed in (1, 2, 7)])
    grounds = colors(3, 9)[:, :3]
    together = rasterize(points, structure, rgba, (20, 26), grounds)
    for scene in range(3):
        alone = rasterize(points[scene], structure, rgba[scene], (20, 26), grounds[scene])
        torch.testing.assert_close(together[scene], alone[0], rtol=0, atol=1e-12)


def test_single_precision_is_close_to_double() -> None:
    points, rgba, structure = blobs(64, 256, 4), colors(64, 4), Structure.uniform(64)
    double = rasterize(points, structure, rgba, (256, 256))
    single = rasterize(points.float(), structure, rgba.float(), (256, 256))
    assert float((double - single).abs().max()) < 2e-4


def test_large_drawings_are_painted_in_runs_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    structure = Structure(((4,),) * 6 + ((2, 2),), (FillRule.NONZERO,) * 6 + (FillRule.EVENODD,))
    results = []
    for cells in (1 << 22, 1):
        monkeypatch.setattr(rasterizer, "CELLS_AT_ONCE", cells)
        points = (blobs(7, 24, 3) * 1.5 - 6).repeat(2, 1, 1).requires_grad_()
        rgba = colors(7, 3).requires_grad_()
        image = rasterize(points, structure, rgba, (24, 24))
        (image * torch.linspace(-1, 1, 24, dtype=torch.float64)).sum().backward()
        results.append((image.detach(), points.grad, rgba.grad))
    for one, many in zip(*results, strict=True):
        torch.testing.assert_close(one, many, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": torch.zeros(11, 2)}, "points: shape"),
        ({"rgba": torch.zeros(2, 4)}, "rgba: shape"),
        ({"rgba": torch.zeros(1, 4, dtype=torch.float64)}, "float32 or float64"),
        ({"points": torch.full((12, 2), float("nan"))}, "points: NaN"),
        ({"rgba": torch.full((1, 4), float("inf"))}, "rgba: NaN"),
        ({"size": (0, 4)}, "size"),
        ({"size": (4, 1 << 20)}, "size"),
        ({"background": torch.ones(3, 5, 5)}, "background: shape"),
        ({"background": torch.ones(3, dtype=torch.float64)}, "background: is"),
        ({"background": torch.ones(3), "alpha": True}, "background"),
    ],
)
def test_bad_arguments_are_refused_by_name(change: dict, words: str) -> None:
    arguments = {"points": rectangle(1, 1, 3, 3), "rgba": torch.ones(1, 4), "size": (4, 4)} | change
    with pytest.raises(InputError, match=words):
        rasterize(structure=ONE, **arguments)


def test_a_canvas_beyond_memory_is_refused_with_what_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 64 << 20)
    with pytest.raises(OutOfMemory, match="fits"):
        rasterize(rectangle(1, 1, 3, 3), ONE, torch.ones(1, 4), (4000, 4000))
    monkeypatch.undo()
    assert (memory.available() or 1) > 0


def test_small_pictures_use_one_thread_and_the_number_is_put_back() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        seen = []
        with few_threads(10, torch.device("cpu")):
            seen.append(torch.get_num_threads())
        with few_threads(1 << 24, torch.device("cpu")):
            seen.append(torch.get_num_threads())
        with pytest.raises(ZeroDivisionError), few_threads(10, torch.device("cpu")):
            raise ZeroDivisionError
        seen.append(torch.get_num_threads())
        assert seen == [1, 2, 2]
    finally:
        torch.set_num_threads(before)


def test_nothing_to_draw_leaves_the_background() -> None:
    image = rasterize(torch.zeros(0, 2), Structure(()), torch.zeros(0, 4), (3, 5), torch.tensor([0.1, 0.2, 0.3]))
    torch.testing.assert_close(image, torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1).expand(1, 3, 3, 5))
