"""Operators against what other code computes, and against what they must not accept."""

import math

import pytest
import torch
from torch.nn import functional as F

from dreamsampler.core.errors import InputError
from dreamsampler.core.noise import Noise
from dreamsampler.operators import (
    GaussianNoise,
    Mask,
    Measurement,
    PoissonNoise,
    RectangleMask,
    as_operator,
    compose,
    conjugate_gradient,
    degrade,
    downsample,
    gaussian_blur,
    grey,
    identity,
    kernel_blur,
    motion_blur,
    prox,
    pseudo_inverse,
)
from dreamsampler.operators.mask import check_holes, feathered, paste, to_latent, union
from dreamsampler.operators.separable import Separable


def picture(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


@pytest.mark.parametrize(("factor", "size"), [(2, 24), (3, 24), (4, 32), (1.5, 24), (8, 32)])
def test_bicubic_equals_torch_antialiased_resizing(factor, size):
    x = picture(2, 3, size, size)
    small = round(size / factor)
    expected = F.interpolate(x, (small, small), mode="bicubic", antialias=True)
    torch.testing.assert_close(downsample(factor).forward(x), expected, rtol=0, atol=1e-12)


def test_box_equals_average_pooling():
    x = picture(2, 3, 24, 24)
    torch.testing.assert_close(downsample(4, "box").forward(x), F.avg_pool2d(x, 4), rtol=0, atol=1e-13)


def test_gaussian_blur_equals_convolution_over_replicated_borders():
    x, blur = picture(1, 3, 20, 16), gaussian_blur(1.7, 9)
    taps = torch.tensor([math.exp(-0.5 * (k / 1.7) ** 2) for k in range(-4, 5)], dtype=torch.float64)
    kernel = torch.outer(taps, taps) / taps.sum() ** 2
    padded = F.pad(x, (4, 4, 4, 4), mode="replicate")
    expected = F.conv2d(padded, kernel.expand(3, 1, 9, 9), groups=3)
    torch.testing.assert_close(blur.forward(x), expected, rtol=0, atol=1e-13)
    torch.testing.assert_close(kernel_blur(kernel).forward(x), expected, rtol=0, atol=1e-13)


def test_a_lopsided_kernel_is_convolved_and_not_correlated():
    x = torch.zeros(1, 1, 5, 5, dtype=torch.float64)
    x[0, 0, 2, 2] = 1
    kernel = torch.tensor([[0.0, 0, 0], [0, 0, 0], [0, 0, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(kernel_blur(kernel).forward(x)[0, 0, 3, 3].item(), 1.0)


def test_motion_blur_is_a_line_of_its_length_and_direction():
    flat, steep = motion_blur(9, 0.0).kernel, motion_blur(9, 90.0).kernel
    assert flat.shape == (9, 9)
    assert float(flat[4].sum()) == pytest.approx(1.0)
    torch.testing.assert_close(flat.T, steep, rtol=0, atol=1e-6)
    rising = motion_blur(9, 45.0).kernel
    assert float(rising[:4, 5:].sum()) > 0.3  # right and up
    assert float(rising[:4, :3].sum()) == pytest.approx(0.0, abs=1e-12)


def test_constant_pictures_keep_their_value():
    x = torch.full((1, 3, 24, 24), 0.37, dtype=torch.float64)
    for operator in (gaussian_blur(3.0), downsample(4), downsample(1.5, "box"), motion_blur(11, 70), grey()):
        y = operator.forward(x)
        torch.testing.assert_close(y, torch.full_like(y, 0.37), rtol=0, atol=1e-6)


def test_neighboring_separable_operators_become_one():
    parts = [gaussian_blur(1.0), downsample(2), grey()]
    joined, x = compose(parts), picture(1, 3, 16, 16)
    assert isinstance(joined, Separable)
    expected = parts[2].forward(parts[1].forward(parts[0].forward(x)))
    torch.testing.assert_close(joined.forward(x), expected, rtol=0, atol=1e-13)


def test_prox_without_pull_changes_only_what_was_measured():
    x0, y = picture(1, 3, 16, 16), picture(1, 3, 4, 4, seed=1)
    x = prox(downsample(4), y, x0, rho=0.0)
    torch.testing.assert_close(downsample(4).forward(x), y, rtol=0, atol=1e-10)
    # what moved is in the range of the adjoint: it is orthogonal to everything that A does not see
    unseen = picture(1, 3, 16, 16, seed=2)
    unseen = unseen - pseudo_inverse(downsample(4), downsample(4).forward(unseen), cutoff=1e-12)
    assert float(((x - x0) * unseen).sum()) == pytest.approx(0.0, abs=1e-10)


def test_masking_takes_two_iterations_and_nothing_when_nothing_is_wrong():
    mask, x0 = RectangleMask((2, 5), (2, 5)), picture(1, 3, 8, 8)
    y = mask.forward(picture(1, 3, 8, 8, seed=1))
    closed = prox(mask, y, x0, 1e-4)
    torch.testing.assert_close(prox(mask, y, x0, 1e-4, iterations=2), closed, rtol=0, atol=1e-12)
    consistent = mask.forward(x0)
    torch.testing.assert_close(prox(mask, consistent, x0, 1e-4, iterations=5), x0, rtol=0, atol=1e-14)


def test_conjugate_gradient_of_zero_is_zero():
    solution = conjugate_gradient(lambda d: 2 * d, torch.zeros(2, 3), 10)
    assert solution.iterations == 0
    assert torch.equal(solution.x, torch.zeros(2, 3))
    assert torch.equal(solution.residual, torch.zeros(2))


def test_conjugate_gradient_freezes_converged_items():
    scales = torch.tensor([[1.0, 1.0], [1.0, 1e-3]], dtype=torch.float64)
    b = torch.tensor([[1.0, 2.0], [1.0, 2.0]], dtype=torch.float64)
    solution = conjugate_gradient(lambda d: scales * d, b, 10, 1e-12)
    assert solution.iterations == 2
    torch.testing.assert_close(solution.x, b / scales, rtol=1e-9, atol=0)
    assert torch.equal(solution.x[0], b[0])


def test_noise_has_the_moments_it_says():
    y = torch.full((1, 1, 200, 200), 0.2, dtype=torch.float64)
    gauss = GaussianNoise(0.3)(y, Noise([0]))
    assert float(gauss.mean()) == pytest.approx(0.2, abs=5 * 0.3 / 200)
    assert float(gauss.std()) == pytest.approx(0.3, rel=0.02)
    peak = 50.0
    poisson = PoissonNoise(peak)(y, Noise([0]))
    rate = peak * 1.2 / 2
    assert float(poisson.mean()) == pytest.approx(0.2, abs=5 * 2 * math.sqrt(rate) / peak / 200)
    assert float(poisson.std()) == pytest.approx(2 * math.sqrt(rate) / peak, rel=0.02)


def test_noise_does_not_depend_on_the_batch_nor_touch_the_global_generator():
    y, before = picture(2, 3, 6, 6), torch.get_rng_state()
    for noise in (GaussianNoise(0.1), PoissonNoise(20)):
        both, second = noise(y, Noise([3, 4])), noise(y[1:], Noise([4]))
        assert torch.equal(both[1:], second)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(GaussianNoise(0)(y, Noise([0, 1])), y)


def test_kernels_that_are_not_blurs_are_refused_or_repaired():
    with pytest.raises(InputError, match="even"):
        kernel_blur(torch.full((4, 4), 1 / 16))
    with pytest.raises(InputError, match="sums to 2"):
        kernel_blur(torch.full((1, 1), 2.0))
    with pytest.raises(InputError, match="above 0"):
        kernel_blur(torch.full((3, 3), -1.0), normalize=True)
    with pytest.raises(InputError, match="finite"):
        kernel_blur(torch.full((3, 3), math.nan))
    repaired = kernel_blur(torch.full((4, 3), 5.0), normalize=True).kernel
    assert repaired.shape == (5, 3)
    assert float(repaired.sum()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: gaussian_blur(0), "sigma=0"),
        (lambda: gaussian_blur(math.nan), "sigma=nan"),
        (lambda: gaussian_blur(2, 10), "size=10"),
        (lambda: downsample(0.5), "factor=0.5"),
        (lambda: downsample(math.nan), "factor=nan"),
        (lambda: downsample(1001), "at most 1000"),
        (lambda: downsample(64).measured((3, 40, 64)), "pad the scene to 64$"),
        (lambda: RectangleMask((0, 7), (0, 9)).measured((3, 8, 10)), "nothing would be measured"),
        (lambda: downsample(2, "lanczos"), "lanczos"),
        (lambda: downsample(5).forward(torch.zeros(1, 3, 16, 16)), "16 is not a multiple of 5"),
        (lambda: downsample(2).forward(torch.zeros(3, 16, 16)), "expected \\[B, C, H, W\\]"),
        (lambda: grey().forward(torch.zeros(1, 1, 4, 4)), "3 channels"),
        (lambda: motion_blur(0.5), "length=0.5"),
        (lambda: motion_blur(9, size=7), "size=7"),
        (lambda: GaussianNoise(-0.1), "noise=-0.1"),
        (lambda: PoissonNoise(0), "peak=0"),
        (lambda: RectangleMask((5, 2), (0, 1)), "rows=5-2"),
        (lambda: RectangleMask((0, 9), (0, 1)).forward(torch.zeros(1, 3, 8, 8)), "beyond the scene"),
        (lambda: Mask(torch.full((1, 1, 2, 2), 2.0)), "0 to 1"),
        (lambda: Mask(torch.full((1, 1, 2, 2), math.nan)), "NaN"),
        (lambda: Mask(torch.ones(1, 1, 2, 2)).forward(torch.zeros(1, 3, 4, 4)), "made for 2 x 2"),
        (lambda: prox(identity(), torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2), -1), "rho=-1"),
        (lambda: conjugate_gradient(lambda d: d, torch.ones(1, 1), 0), "iterations=0"),
        (lambda: compose([]), "at least one"),
    ],
)
def test_bad_input_is_named(make, text):
    with pytest.raises(InputError, match=text):
        make()


class NotLinear:
    img_size = (3, 4, 4)

    def A(self, x):
        return x * x

    def A_adjoint(self, y):
        return y


class WrongTranspose(NotLinear):
    def A(self, x):
        return 2 * x


def test_foreign_physics_are_tried_before_they_are_trusted():
    with pytest.raises(InputError, match="not linear"):
        as_operator(NotLinear())
    with pytest.raises(InputError, match="not the transpose"):
        as_operator(WrongTranspose())
    with pytest.raises(InputError, match="no A and A_adjoint"):
        as_operator(object())
    ours = identity()
    assert as_operator(ours) is ours
    adapted = as_operator(WrongTransposeMended())
    with pytest.raises(InputError, match="set up for"):
        prox(adapted, torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8), 1.0)


class WrongTransposeMended(WrongTranspose):
    def A_adjoint(self, y):
        return 2 * y


def test_holes_are_checked():
    hole = torch.zeros(1, 1, 8, 8)
    with pytest.raises(InputError, match="covers nothing"):
        check_holes([hole], (8, 8))
    with pytest.raises(InputError, match="mask 1"):
        check_holes([torch.ones(1, 1, 4, 4)], (8, 8))
    with pytest.raises(InputError, match="at least one"):
        check_holes([], (8, 8))
    hole[..., 2:5, 2:5] = 1
    assert check_holes([hole], (8, 8)) == []
    assert "overlap" in check_holes([hole, hole], (8, 8))[0]
    assert "whole picture" in check_holes([torch.ones(1, 1, 8, 8)], (8, 8))[0]


def test_masks_combine_shrink_and_fade():
    a, b = torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)
    a[..., 1:5, 0:5], b[..., 3:7, 3:7] = 1, 1
    assert float(union([a, b]).sum()) == 20 + 16 - 4
    assert to_latent(a, (4, 4), "area")[0, 0, 0].tolist() == [0.5, 0.5, 0.25, 0.0]
    assert to_latent(a, (4, 4), "cover")[0, 0, 0].tolist() == [1, 1, 1, 0]
    assert to_latent(a, (4, 4), "nearest")[0, 0, 0].tolist() == [0, 0, 0, 0]
    faded = feathered(a, 1)
    assert torch.equal((faded == 0), (a == 0))
    # row 3 lies inside the hole, and its left end at the picture's edge, which is no edge of the hole
    assert faded[0, 0, 3].tolist() == [1, 1, 1, 1, 0.5, 0, 0, 0]


def test_pasting_changes_nothing_outside_the_hole():
    known, made = picture(2, 3, 8, 8), picture(2, 3, 8, 8, seed=1)
    hole = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    hole[..., 2:6, 2:6] = 1
    out = paste(known, made, hole)
    outside = (hole == 0).expand_as(out)
    assert torch.equal(out[outside], known[outside])
    torch.testing.assert_close(out[~outside], made[~outside], rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("operator", "lost"),
    [
        (RectangleMask((1, 3), (2, 5)), 12 * 3),
        (Mask.hole((torch.arange(36).reshape(1, 1, 6, 6) < 10).double()), 10 * 3),
        (compose([gaussian_blur(0.8), RectangleMask((0, 1), (0, 5))]), 12 * 3),
        (compose([RectangleMask((0, 1), (0, 5)), gaussian_blur(0.8)]), 0),
    ],
    ids=["rectangle", "mask", "blur, then mask", "mask, then blur"],
)
def test_what_was_never_measured_has_no_noise_and_no_misfit(operator, lost):
    scene = torch.full((2, 3, 6, 6), 0.5, dtype=torch.float64)
    measurement = degrade(scene, operator, 0.1, seeds=[0, 1])
    noise = measurement.y - operator.forward(scene)
    assert (noise == 0).flatten(1).sum(1).tolist() == [lost, lost]
    # the misfit of the truth is the noise's size, over what was measured
    expected = (noise.square().flatten(1).sum(1) / (108 - lost)).sqrt()
    assert measurement.misfit(scene) == pytest.approx(expected.tolist(), rel=1e-12)
    # a file may hold anything in its hole
    spoiled = Measurement(operator, torch.where(noise == 0, 7.0, measurement.y), 0.1)
    if lost:
        assert spoiled.misfit(scene) == pytest.approx(measurement.misfit(scene), rel=1e-12)
        assert float(spoiled.residual(scene).abs().max()) < 1.0


def test_noise_on_measured_pixels_is_what_it_was():
    scene, operator = torch.zeros(1, 3, 6, 6), RectangleMask((1, 3), (2, 5))
    whole = degrade(scene, identity(), 0.1, seeds=[3]).y
    torch.testing.assert_close(degrade(scene, operator, 0.1, seeds=[3]).y, operator.forward(whole))


def test_a_picture_that_was_not_measured_at_all_has_no_misfit():
    nothing = Mask(torch.zeros(1, 1, 4, 4))
    assert degrade(torch.ones(1, 3, 4, 4), nothing, 0.1, seeds=[0]).misfit(torch.ones(1, 3, 4, 4)) == [0.0]
