"""The renderer against formulas written out longhand, finite differences, and itself done in another way."""

from __future__ import annotations

from math import exp

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.generators.base import Generator
from dreamsampler.generators.nerf import Nerf, NerfSettings, Occupancy, View, march
from dreamsampler.generators.nerf.field import FrequencyField, Sampled, TriPlaneField
from dreamsampler.generators.nerf.rays import picture_rays
from dreamsampler.generators.nerf.sampling import equal_bins, smoothed, stratified, weighted_bins
from dreamsampler.io.cameras import look_at

SMALL = NerfSettings(resolution=12, channels=4, width=8, samples=12, occupancy=16)
CAMERA = look_at(30, 20, 2.5, 45, 9)


class Ball(torch.nn.Module):
    """Density 8 and one color inside a ball of radius 0.5, nothing elsewhere."""

    def forward(self, points):
        density = 8.0 * (points.norm(dim=1) < 0.5).to(points)
        return Sampled(density, torch.tensor([0.9, 0.4, 0.1]).to(points).expand(len(points), 3))


def rays(camera=CAMERA, dtype=torch.float64):
    return picture_rays(camera, dtype=dtype)


@pytest.mark.parametrize("field", ["triplane", "frequency"])
@pytest.mark.parametrize("fine", [0, 5])
def test_it_equals_the_sums_written_out(field, fine):
    nerf = Nerf(NerfSettings(field=field, resolution=12, samples=7, fine=fine, width=8), seed=3).double()
    origins, directions = rays()
    met = nerf.march(origins, directions)
    found = nerf.field((origins[40] + met.distances[40, :, None] * directions[40]).contiguous())
    # the bins: their edges lie where the quadrature's lengths come from
    low, high = -torch.ones(3), torch.ones(3)
    t0, t1 = (low - origins[40]) / directions[40], (high - origins[40]) / directions[40]
    near, far = float(torch.minimum(t0, t1).max()), float(torch.maximum(t0, t1).min())
    edges = [near + (far - near) * k / 7 for k in range(8)]
    if fine:  # middles of the merged bins are the distances, so the edges follow from them one by one
        merged = [near]
        for t in met.distances[40].tolist():
            merged.append(2 * t - merged[-1])
        edges = merged
    through, color, alpha, depth = 1.0, [0.0] * 3, 0.0, 0.0
    for i, (density, shade, t) in enumerate(
        zip(found.density.tolist(), found.color.tolist(), met.distances[40].tolist())
    ):
        share = through * (1.0 - exp(-density * (edges[i + 1] - edges[i])))
        through *= exp(-density * (edges[i + 1] - edges[i]))
        color = [c + share * s for c, s in zip(color, shade)]
        alpha, depth = alpha + share, depth + share * t
    assert met.color[40].tolist() == pytest.approx(color, abs=1e-9)
    assert met.alpha[40].item() == pytest.approx(alpha, abs=1e-9)
    assert met.alpha[40].item() == pytest.approx(1.0 - through, abs=1e-9)
    assert met.depth[40].item() == pytest.approx(depth / alpha, abs=1e-9)
    assert met.distances.shape == (81, 7 + fine)


def test_a_ball_of_known_density_has_the_known_opacity():
    origins = torch.tensor([[2.0, 0.0, 0.0], [2.0, 0.0, 0.3], [2.0, 0.0, 0.6]], dtype=torch.float64)
    directions = torch.tensor([[-1.0, 0.0, 0.0]], dtype=torch.float64).expand(3, 3)
    met = march(Ball(), origins, directions, samples=4000)
    assert met.alpha.tolist() == pytest.approx([1 - exp(-8.0), 1 - exp(-8 * 0.8), 0.0], abs=1e-3)
    # mean of an exponential distribution cut off at the far side
    cut = 1.0 * exp(-8.0) / (1 - exp(-8.0))
    assert float(met.depth[0]) == pytest.approx(1.5 + 1 / 8 - cut, abs=1e-3)
    assert float(met.variance[0]) == pytest.approx(1 / 64, rel=0.03)
    assert float(met.variance[2]) == 0.0
    assert met.color[0].tolist() == pytest.approx([0.9 * (1 - exp(-8.0)), 0.4, 0.1], abs=1e-3)


@pytest.mark.parametrize("field", ["triplane", "frequency"])
def test_gradient_against_finite_differences(field):
    settings = NerfSettings(field=field, resolution=8, channels=2, width=6, samples=6, octaves=2, background="learned")
    nerf = Nerf(settings, seed=1).double()
    draw = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for bias in list(nerf.field.layers)[1::2]:  # at exactly 0 a unit behind dead ones stands on its kink
            bias += 0.1 * torch.randn(bias.shape, generator=draw, dtype=torch.float64)
        nerf.refresh(0)
    mix = torch.randn(6, 5, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def value():
        made = nerf.render(View((look_at(30, 20, 2.5, 45, 5),), seed=5))
        maps = torch.cat([made.image[0], made.alpha[0], made.depth[0], made.extras["depth_variance"][0]])
        return (maps * mix).sum()

    value().backward()
    for parameter in nerf.parameters():
        flat, grad = parameter.data.reshape(-1), parameter.grad.reshape(-1)
        for k in {0, len(flat) // 2, int(grad.abs().argmax())}:
            kept, step = float(flat[k]), 1e-5
            with torch.no_grad():
                flat[k] = kept + step
                above = float(value())
                flat[k] = kept - step
                below = float(value())
                flat[k] = kept
            assert float(grad[k]) == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-7)


def test_skipping_empty_cells_changes_nothing():
    origins, directions = rays(look_at(10, 35, 2.2, 50, 24), torch.float32)
    grid = Occupancy.full(16).refreshed(Ball(), seed=0)
    assert 0.03 < float(grid.mask.float().mean()) < 0.35
    dense = march(Ball(), origins, directions, samples=64)
    # the box of the grid moves the bins; with the cube as box the samples are the same ones
    cube = Occupancy(grid.density, grid.mask, -torch.ones(3), torch.ones(3))
    compact = march(Ball(), origins, directions, cube, samples=64)
    for a, b in zip(dense[:4], compact[:4], strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=0)
    tight = march(Ball(), origins, directions, grid, samples=64)
    assert float((tight.alpha - dense.alpha).abs().mean()) < 0.02
    fine = march(Ball(), origins, directions, samples=1000)
    assert float((tight.alpha - fine.alpha).abs().mean()) < float((dense.alpha - fine.alpha).abs().mean())


def test_deferred_gradients_are_the_direct_ones():
    direct = Nerf(SMALL, seed=2).double()
    deferred = Nerf(
        NerfSettings(resolution=12, channels=4, width=8, samples=12, occupancy=16, chunk=64), seed=2
    ).double()
    view = View((look_at(0, 10, 2.5, 45, 20), look_at(90, 10, 2.5, 45, 20)), seed=9)
    kept = []
    for nerf in (direct, deferred):
        made = nerf.render(view)
        kept.append(made)
        if nerf is deferred:
            nerf.refresh(1)  # between the passes: the second one must not see it
        blurred = torch.nn.functional.avg_pool2d(made.image, 5, 1)
        (blurred.square().sum() + made.depth.sum() + made.extras["depth_variance"].sum()).backward()
    torch.testing.assert_close(kept[0].image, kept[1].image, atol=1e-12, rtol=0)
    for a, b in zip(direct.parameters(), deferred.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, atol=1e-9, rtol=1e-9)


def test_places_along_the_rays_are_those_of_the_seed():
    nerf = Nerf(SMALL)
    image = nerf.render(View((CAMERA,), seed=1)).image
    assert torch.equal(image, nerf.render(View((CAMERA,), seed=1)).image)
    assert not torch.equal(image, nerf.render(View((CAMERA,), seed=2)).image)
    assert isinstance(nerf, Generator)


def test_jittered_samples_stay_in_their_bins_and_fill_them():
    edges = equal_bins(torch.zeros(4000), torch.ones(4000), 5)
    t = stratified(edges, torch.rand(4000, generator=torch.Generator().manual_seed(0)))
    bins = (t * 5).floor()
    assert torch.equal(bins, torch.arange(5.0).expand(4000, 5))
    assert ((t * 5 - bins).mean(0) - 0.5).abs().max() < 0.02
    assert ((t * 5 - bins).var(0) - 1 / 12).abs().max() < 0.005


def test_smoothing_keeps_the_mass_at_its_end():
    weights = torch.tensor([[0.0, 0.0, 0.0, 9.0]])
    assert smoothed(weights).tolist() == [[0.0, 0.0, 3.0, 6.0]]


def test_more_bins_go_where_the_weight_is():
    edges = equal_bins(torch.zeros(1), torch.ones(1), 10)
    weights = torch.zeros(1, 10)
    weights[0, 3] = 1.0
    merged = weighted_bins(edges, weights, 50, None)
    assert merged.shape == (1, 61)
    assert (merged.diff() >= 0).all()
    inside = ((merged > 0.3) & (merged < 0.4)).sum()
    assert inside >= 48
    blank = weighted_bins(edges, torch.zeros(1, 10), 10, None)
    assert torch.isfinite(blank).all()


def test_backgrounds():
    empty = Nerf(NerfSettings(resolution=8, samples=4, backdrop=0.25))
    with torch.no_grad():
        empty.field.layers[-1][0] = -50.0
        assert torch.allclose(empty.render(CAMERA).image, torch.tensor(-0.5))
        red = empty.render(View((CAMERA,), background=torch.tensor([1.0, 0.0, 0.0]))).image
    assert red[0, :, 4, 4].tolist() == [1.0, -1.0, -1.0]
    learned = Nerf(NerfSettings(resolution=8, samples=4, background="learned"))
    learned.render(CAMERA).image.sum().backward()
    assert learned.parameters()[-1].grad.abs().sum() > 0


def test_bf16_is_near_and_keeps_float32_parameters():
    exact = Nerf(SMALL, seed=4)
    half = Nerf(NerfSettings(resolution=12, channels=4, width=8, samples=12, occupancy=16, precision="bf16"), seed=4)
    a, b = exact.render(CAMERA).image, half.render(CAMERA).image
    assert b.dtype == torch.float32
    assert 0 < float((a - b).abs().max()) < 0.03
    b.sum().backward()
    assert all(p.dtype == torch.float32 and torch.isfinite(p.grad).all() for p in half.parameters())


def test_rays_that_meet_nothing_are_background_and_have_no_gradient():
    nerf = Nerf(SMALL)
    away = look_at(0, 0, 3.0, 20, 8, target=(0.0, 50.0, 0.0))
    made = nerf.render(away)
    assert torch.equal(made.image, torch.ones_like(made.image))
    made.image.sum().backward()
    assert all(p.grad is None or not p.grad.any() for p in nerf.parameters())
    nothing = Occupancy.of(torch.zeros(16, 16, 16))
    assert not nothing.mask.any()
    nerf.occupancy = nothing
    assert torch.equal(nerf.render(CAMERA).alpha, torch.zeros(1, 1, 9, 9))


def test_a_checkpoint_restores_the_same_pictures():
    nerf, other = Nerf(SMALL, seed=1), Nerf(SMALL, seed=2)
    nerf.refresh(0)
    other.restore({name: value.clone() for name, value in nerf.tensors().items()})
    assert torch.equal(nerf.render(CAMERA).image, other.render(CAMERA).image)
    broken = nerf.tensors() | {"field.planes": torch.full_like(nerf.field.planes, float("nan"))}
    with pytest.raises(InputError, match=r"field\.planes holds values that are not finite"):
        other.restore(broken)
    with pytest.raises(InputError, match="occupancy is nothing"):
        other.restore({k: v for k, v in nerf.tensors().items() if k != "occupancy"})


@pytest.mark.parametrize("view", [None, 3, (), "syncdreamer", (CAMERA, look_at(0, 0, 2, 40, 10))])
def test_what_is_no_view_is_refused(view):
    with pytest.raises(InputError, match="view"):
        Nerf(SMALL).render(view)


def test_no_field_touches_the_global_generator():
    before = torch.get_rng_state()
    TriPlaneField(8, 2, 4)
    FrequencyField(2, 4, 1)
    Nerf(SMALL).refresh(3)
    assert torch.equal(before, torch.get_rng_state())
