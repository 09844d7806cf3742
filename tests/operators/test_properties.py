"""What holds for every operator there is: random ones, of random sizes, and chains of them."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dreamsampler.operators import (
    Mask,
    Operator,
    RectangleMask,
    Solvable,
    compose,
    downsample,
    gaussian_blur,
    grey,
    identity,
    kernel_blur,
    motion_blur,
    prox,
    pseudo_inverse,
    window,
)

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)
SIDES = (6, 9, 12, 18)


def draw(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@st.composite
def single(data: st.DrawFn, scene: tuple[int, int, int]) -> Operator:
    """One operator that applies to scenes of this shape."""
    channels, height, width = scene
    seed = data(st.integers(0, 2**16))
    factors = [f for f in (1.5, 2, 3, 6) if height % f == 0 and width % f == 0 and min(height, width) / f >= 2]
    kinds = ["identity", "gauss", "motion", "kernel", "mask", "soft mask", "rectangle", "window"]
    kinds += ["sr"] * bool(factors) + ["grey"] * (channels == 3)
    match data(st.sampled_from(kinds)):
        case "identity":
            return identity()
        case "gauss":
            return gaussian_blur(data(st.floats(0.3, 4.0)), data(st.sampled_from([None, 1, 3, 7, 31])))
        case "motion":
            return motion_blur(data(st.floats(1.0, 9.0)), data(st.floats(-180.0, 180.0)))
        case "kernel":
            sides = data(st.tuples(st.sampled_from([1, 3, 5]), st.sampled_from([1, 3, 7])))
            return kernel_blur(draw(sides, seed).abs() + 0.01, normalize=True)
        case "mask":
            return Mask((draw((1, 1, height, width), seed) > 0.0).double())
        case "soft mask":
            return Mask((0.3 + draw((1, channels, height, width), seed)).clamp(0.0, 1.0))
        case "rectangle":
            return RectangleMask((1, height // 2), (0, width // 2))
        case "window":
            top, left = data(st.integers(0, 2)), data(st.integers(0, 2))
            return window((height, width), (height - 3, width - 3), top, left)
        case "sr":
            return downsample(data(st.sampled_from(factors)), data(st.sampled_from(["bicubic", "box"])))
        case _:
            return grey()


@st.composite
def problems(data: st.DrawFn) -> tuple[Operator, tuple[int, int, int], int]:
    """An operator or a chain of up to three, the shape of its scene, and a seed."""
    scene = (data(st.sampled_from([1, 3])), data(st.sampled_from(SIDES)), data(st.sampled_from(SIDES)))
    shape, parts = scene, []
    for _ in range(data(st.integers(1, 3))):
        if min(shape[1:]) < 5:
            break
        parts.append(data(single(shape)))
        shape = parts[-1].measured(shape)
    return compose(parts), scene, data(st.integers(0, 2**16))


@EXAMPLES
@given(problems())
def test_the_adjoint_is_the_transpose(problem):
    operator, scene, seed = problem
    x, y = draw((2, *scene), seed), draw((2, *operator.measured(scene)), seed + 1)
    left, right = (operator.forward(x) * y).sum(), (x * operator.adjoint(y)).sum()
    torch.testing.assert_close(left, right, rtol=1e-11, atol=1e-11)
    assert operator.scene(operator.measured(scene)) == scene


@EXAMPLES
@given(problems())
def test_measuring_is_linear(problem):
    operator, scene, seed = problem
    u, v = draw((1, *scene), seed), draw((1, *scene), seed + 1)
    mixed = operator.forward(2.0 * u - 3.0 * v)
    torch.testing.assert_close(mixed, 2.0 * operator.forward(u) - 3.0 * operator.forward(v), rtol=0, atol=1e-11)


@EXAMPLES
@given(problems())
def test_the_pseudo_inverse_explains_what_was_measured(problem):
    """A A^+ A = A; in closed form the other three conditions of Penrose hold too."""
    operator, scene, seed = problem
    y = operator.forward(draw((2, *scene), seed))
    back = pseudo_inverse(operator, y, cutoff=1e-12, rtol=1e-12)
    if not isinstance(operator, Solvable):
        # conjugate gradient ends before directions that a kernel all but erases, which y holds little of
        torch.testing.assert_close(operator.forward(back), y, rtol=0, atol=2e-2)
        return
    torch.testing.assert_close(operator.forward(back), y, rtol=0, atol=1e-6)
    again = pseudo_inverse(operator, operator.forward(back), cutoff=1e-12)
    torch.testing.assert_close(operator.forward(again), y, rtol=0, atol=1e-6)
    u, v = draw((1, *scene), seed + 1), draw((1, *scene), seed + 2)
    # A^+ A is an orthogonal projection: symmetric, and no longer than what it projects
    pu = pseudo_inverse(operator, operator.forward(u), cutoff=1e-6)
    pv = pseudo_inverse(operator, operator.forward(v), cutoff=1e-6)
    torch.testing.assert_close((pu * v).sum(), (u * pv).sum(), rtol=1e-6, atol=1e-6)
    assert float(pu.norm()) <= float(u.norm()) * (1 + 1e-9)


@EXAMPLES
@given(problems(), st.floats(-4.0, 1.0))
def test_the_proximal_step_is_the_minimum(problem, exponent):
    """A^T (A x - y) + rho (x - x0) = 0, and what that implies for its size."""
    operator, scene, seed = problem
    rho = 10.0**exponent
    y, x0 = draw((2, *operator.measured(scene)), seed), draw((2, *scene), seed + 1)
    x = prox(operator, y, x0, rho, rtol=1e-12)
    slope = operator.adjoint(operator.forward(x) - y) + rho * (x - x0)
    assert float(slope.abs().max()) < 1e-7
    before, after = (y - operator.forward(x0)).flatten(1).norm(dim=1), (y - operator.forward(x)).flatten(1).norm(dim=1)
    assert bool((after <= before * (1 + 1e-9)).all())
    # singular values s give steps s / (s^2 + rho), at most 1 / (2 sqrt(rho))
    assert bool(((x - x0).flatten(1).norm(dim=1) <= before / (2 * rho**0.5) * (1 + 1e-6)).all())


@EXAMPLES
@given(problems())
def test_no_operator_makes_a_picture_much_larger(problem):
    """Averages stay within their values; the negative lobes of bicubic weights add at most a quarter a resize."""
    operator, scene, seed = problem
    x = draw((1, *scene), seed).clamp(-1, 1)
    assert float(operator.forward(x).abs().max()) <= 1.6**3


@EXAMPLES
@given(problems())
def test_float32_stays_float32_and_near_float64(problem):
    operator, scene, seed = problem
    x, y = draw((1, *scene), seed), draw((1, *operator.measured(scene)), seed + 1)
    for name, exact, single_precision in (
        ("forward", operator.forward(x), operator.forward(x.float())),
        ("adjoint", operator.adjoint(y), operator.adjoint(y.float())),
        ("prox", prox(operator, y, x, 0.1, rtol=1e-10), prox(operator, y.float(), x.float(), 0.1)),
    ):
        assert single_precision.dtype == torch.float32, name
        torch.testing.assert_close(single_precision.double(), exact, rtol=0, atol=2e-4, msg=name)
    assert pseudo_inverse(operator, y.float()).dtype == torch.float32


@EXAMPLES
@given(problems())
def test_what_was_not_measured_is_zero_whatever_is_shown(problem):
    operator, scene, seed = problem
    if hasattr(operator, "support"):
        y = operator.forward(draw((2, *scene), seed))
        lost = (operator.support(y) == 0).expand_as(y)
        assert float((y * lost).abs().max()) == 0.0
