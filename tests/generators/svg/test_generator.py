"""The drawing as a generator: starts, groups, clamping, fitting a picture, resuming, dead paths."""

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.generators.base import Generator
from dreamsampler.generators.svg.drawing import Drawing, Shape
from dreamsampler.generators.svg.generator import SvgGenerator
from dreamsampler.generators.svg.initialize import Seed, grid_circles, joined, random_circles, seeded_circles
from dreamsampler.generators.svg.prune import reseed_randomly
from dreamsampler.generators.svg.rates import warm_up
from dreamsampler.generators.svg.shapes import rectangle
from dreamsampler.generators.svg.structure import Structure
from dreamsampler.generators.svg.usage import dead_paths, path_areas, path_use

from .scenes import blobs, colors


def _rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_it_is_a_generator_of_images_in_minus_one_to_one() -> None:
    generator = SvgGenerator.of([random_circles(5, (20, 30), _rng(k)) for k in range(2)])
    assert isinstance(generator, Generator)
    image = generator.render().image
    assert image.shape == (2, 3, 20, 30)
    assert -1 <= float(image.detach().min()) < float(image.detach().max()) == 1
    image.square().sum().backward()
    assert all(float(parameter.grad.abs().max()) > 0 for parameter in generator.parameters())
    expected = 2 * generator.drawing(1).render() - 1
    torch.testing.assert_close(image[1:].detach(), expected)


def test_a_view_renders_at_another_size() -> None:
    generator = SvgGenerator.of([random_circles(5, (32, 48), _rng())])
    small = generator.render((16, 24)).image
    pooled = torch.nn.functional.avg_pool2d(generator.render().image, 2)
    assert float((small - pooled).detach().abs().mean()) < 2e-3


def test_groups_carry_the_published_rates() -> None:
    groups = SvgGenerator.of([random_circles(2, (8, 8), _rng())]).parameter_groups()
    assert [(group["name"], group["lr"]) for group in groups] == [
        ("points", 0.2),
        ("colors", pytest.approx(0.01)),
        ("background", pytest.approx(0.001)),
    ]
    assert [round(0.2 * warm_up(step, 1000), 4) for step in (0, 250, 500, 999)] == [0.02, 0.11, 0.2, 0.05]
    assert warm_up(10, 20) == 1


def test_clamping_brings_colors_back() -> None:
    generator = SvgGenerator.of([random_circles(3, (8, 8), _rng())])
    with torch.no_grad():
        generator.rgba.add_(5)
        generator.background.sub_(5)
    generator.clamp()
    assert float(generator.rgba.detach().max()) == 1
    assert float(generator.background.detach().max()) == 0
    assert generator.rgba.requires_grad


def _fit(generator: SvgGenerator, target: torch.Tensor, steps: int) -> float:
    optimizer = torch.optim.Adam(generator.parameter_groups(points=0.4, colors=0.02, background=0.01))
    for _ in range(steps):
        loss = (generator.render().image - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        generator.clamp()
    return float((generator.render().image - target).square().mean().detach())


def test_gradient_steps_fit_a_picture() -> None:
    structure = Structure.uniform(5)
    truth = Drawing(blobs(5, 40, 3).float(), structure, colors(5, 3).float(), (40, 40), torch.ones(3))
    rng = _rng(1)
    moved = truth.points + 1.5 * torch.randn(truth.points.shape, generator=rng)
    start = Drawing(moved, structure, torch.full((5, 4), 0.5), (40, 40), torch.ones(3))
    target = 2 * truth.render() - 1
    before = float((2 * start.render() - 1 - target).square().mean())
    assert _fit(SvgGenerator.of([start]), target, 120) < before / 100


def test_starts_depend_on_the_seed_alone_and_keep_to_their_ranges() -> None:
    torch.manual_seed(1)
    one = random_circles(50, (64, 96), _rng(5))
    state = torch.random.get_rng_state()
    two = random_circles(50, (64, 96), _rng(5))
    assert torch.equal(one.points, two.points)
    assert torch.equal(one.rgba, two.rgba)
    assert not torch.equal(one.points, random_circles(50, (64, 96), _rng(0)).points)
    assert torch.equal(state, torch.random.get_rng_state())
    assert 0.7 <= float(one.rgba[:, 3].min()) < float(one.rgba[:, 3].max()) <= 1
    centers = one.points.reshape(50, 12, 2)[:, ::3].mean(1)
    assert bool(((centers >= 0) & (centers <= torch.tensor([96.0, 64.0]))).all())
    radius = (one.points.reshape(50, 12, 2)[:, 0] - centers).norm(dim=1)
    torch.testing.assert_close(radius, torch.full((50,), 20 / 512 * 64))


def test_a_grid_covers_the_canvas() -> None:
    drawing = grid_circles(24, (32, 48), _rng())
    centers = drawing.points.reshape(24, 12, 2)[:, ::3].mean(1)
    assert {(round(float(x)), round(float(y))) for x, y in centers} == {
        (x, y) for x in range(4, 48, 8) for y in range(4, 32, 8)
    }


def test_seeds_become_circles_on_top() -> None:
    below = random_circles(2, (20, 20), _rng())
    above = seeded_circles([Seed((10.0, 12.0), (0.1, 0.2, 0.3))], (20, 20), radius=3)
    both = joined(below, above)
    assert both.structure.path_count == 3
    torch.testing.assert_close(both.render()[0, :, 12, 10], torch.tensor([0.1, 0.2, 0.3]))


@pytest.mark.parametrize("count", [0, -1, 5000])
def test_wild_numbers_of_paths_are_refused(count: int) -> None:
    with pytest.raises(InputError, match="paths"):
        random_circles(count, (8, 8), _rng())


def test_batches_of_different_drawings_are_refused() -> None:
    with pytest.raises(InputError, match="same paths"):
        SvgGenerator.of([random_circles(2, (8, 8), _rng()), random_circles(3, (8, 8), _rng())])
    with pytest.raises(InputError, match="none given"):
        SvgGenerator.of([])
    with pytest.raises(InputError, match="nothing to optimize"):
        SvgGenerator.of([Drawing.of([], (8, 8))])


def test_use_of_paths_is_area_opacity_and_what_others_leave_visible() -> None:
    points = torch.cat([rectangle(2, 2, 8, 8), rectangle(2, 2, 8, 5), rectangle(-6, 0, 2, 10)]).unsqueeze(0)
    rgba = torch.tensor([[[0, 0, 0, 1], [1, 0, 0, 0.5], [0, 0, 1, 1]]])
    use = path_use(points, Structure.uniform(3), rgba, (12, 12))
    torch.testing.assert_close(use.area, torch.tensor([[36.0, 18.0, 80.0]]))
    torch.testing.assert_close(use.opacity, rgba[..., 3])
    torch.testing.assert_close(use.visible, torch.tensor([[27.0, 9.0, 20.0]]))
    ring = torch.cat([rectangle(0, 0, 4, 4), rectangle(1, 1, 2, 2).flip(0).roll(1, 0)]).unsqueeze(0)
    torch.testing.assert_close(path_areas(ring, Structure(((4, 4),))), torch.tensor([[15.0]]))


def test_dead_paths_are_found_and_reseeded_with_fresh_moments() -> None:
    shapes = [
        Shape((rectangle(4, 4, 20, 20),), (0.2, 0.2, 0.2, 1.0)),
        Shape((rectangle(4, 4, 20, 20),), (0.2, 0.2, 0.2, 0.01)),
        Shape((rectangle(4, 4, 20, 4.01),), (0.2, 0.2, 0.2, 1.0)),
        Shape((rectangle(40, 4, 60, 20),), (0.2, 0.2, 0.2, 1.0)),
    ]
    generator = SvgGenerator.of([Drawing.of(shapes, (32, 32))])
    assert dead_paths(generator).tolist() == [[False, True, True, False]]
    dead = torch.tensor([[False, True, True, True]])
    optimizer = torch.optim.Adam(generator.parameter_groups())
    generator.render().image.sum().backward()
    optimizer.step()
    kept = generator.points.detach()[0, :12].clone()
    moments = optimizer.state[generator.points]["exp_avg"]
    moments.fill_(1)
    assert reseed_randomly(generator, dead, [_rng(4)], optimizer) == 3
    torch.testing.assert_close(generator.points.detach()[0, :12], kept)
    assert bool((moments[0, :12] == 1).all())
    assert bool((moments[0, 12:] == 0).all())
    fresh = random_circles(4, (32, 32), _rng(4))
    torch.testing.assert_close(generator.points.detach()[0, 12:], fresh.points[12:])
    torch.testing.assert_close(generator.rgba.detach()[0, 1:], fresh.rgba[1:])
    assert generator.points.requires_grad
    assert reseed_randomly(generator, torch.zeros(1, 4, dtype=torch.bool), [_rng()]) == 0


def test_random_reseeding_fits_any_structure() -> None:
    structure = Structure(((1,), (6,), (4, 2)))
    drawing = Drawing(torch.zeros(structure.point_count, 2), structure, torch.zeros(3, 4), (64, 64))
    generator = SvgGenerator.of([drawing])
    assert reseed_randomly(generator, dead_paths(generator), [_rng(2)], radius=6.0) == 3
    use = path_use(generator.points, structure, generator.rgba, (64, 64))
    assert float(use.area[0, 1]) == pytest.approx(113, rel=0.02)
    assert float(use.area[0, 2]) == pytest.approx(113, rel=0.02)
    assert float(use.area[0, 0]) > 20


def test_runs_can_be_continued_from_a_saved_drawing_to_the_same_bytes() -> None:
    target = 2 * random_circles(4, (24, 24), _rng(9), radius=6).render() - 1
    whole = SvgGenerator.of([random_circles(4, (24, 24), _rng(1))])
    _fit(whole, target, 6)
    again = SvgGenerator.of([random_circles(4, (24, 24), _rng(1))])
    _fit(again, target, 6)
    assert torch.equal(whole.points, again.points)
    assert torch.equal(SvgGenerator.of([whole.drawing()]).render().image, whole.render().image)
