"""What every operator promises, over every operator and some compositions, in float64."""

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.operators import (
    Mask,
    Operator,
    RectangleMask,
    Solvable,
    Spectral,
    as_operator,
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
from dreamsampler.operators.solve import conjugate_gradient

SCENE = (3, 12, 18)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def soft_mask():
    keep = torch.rand(1, 1, *SCENE[1:], generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return Mask(torch.where(keep > 0.6, 1.0, torch.where(keep < 0.3, 0.0, keep)))


class ForeignBlur:
    """A physics of another library: two methods and a size."""

    img_size = SCENE

    def A(self, x):
        return 0.5 * x[..., ::2] + 0.5 * x[..., 1::2]

    def A_adjoint(self, y):
        return 0.5 * y.repeat_interleave(2, dim=-1)


LOPSIDED = torch.tensor([[0.1, 0.3, 0.0, 0.0, 0.0], [0.0, 0.2, 0.2, 0.1, 0.0], [0.0, 0.0, 0.0, 0.0, 0.1]])

OPERATORS = {
    "identity": identity(),
    "grey": grey(),
    "mask": soft_mask(),
    "rectangle": RectangleMask((2, 7), (3, 17)),
    "gauss": gaussian_blur(1.2, 7),
    "gauss wider than the picture": gaussian_blur(6.0, 61),
    "bicubic": downsample(3),
    "bicubic fractional": downsample(1.5),
    "box": downsample(6, "box"),
    "box fractional": downsample(1.5, "box"),
    "kernel": kernel_blur(LOPSIDED),
    "kernel larger than the picture": motion_blur(31, 20.0),
    "motion": motion_blur(7, 40.0),
    "blur then sr": compose([gaussian_blur(1.0), downsample(2)]),
    "grey, mask, blur": compose([soft_mask(), grey(), gaussian_blur(0.8)]),
    "motion then box then grey": compose([motion_blur(5), downsample(3, "box"), grey()]),
    "window": window((12, 18), (7, 10), 2, 5),
    "window then blur": compose([window((12, 18), (8, 18)), gaussian_blur(1.0)]),
    "window then mask": compose([window((12, 18), (10, 12), 1, 1), RectangleMask((2, 5), (3, 8))]),
    "foreign": as_operator(ForeignBlur()),
}


@pytest.fixture(params=OPERATORS.values(), ids=OPERATORS.keys())
def operator(request):
    return request.param


def dense(operator):
    """A as a matrix, one column a pixel."""
    n = SCENE[0] * SCENE[1] * SCENE[2]
    columns = operator.forward(torch.eye(n, dtype=torch.float64).reshape(n, *SCENE))
    return columns.reshape(n, -1).T


def test_the_adjoint_is_the_transpose(operator):
    x, y = draw(2, *SCENE), draw(2, *operator.measured(SCENE), seed=1)
    left = (operator.forward(x) * y).sum()
    right = (x * operator.adjoint(y)).sum()
    torch.testing.assert_close(left, right, rtol=1e-12, atol=1e-12)


def test_shapes_agree_with_what_is_measured(operator):
    assert isinstance(operator, Operator)
    measured = operator.measured(SCENE)
    assert operator.forward(draw(2, *SCENE)).shape == (2, *measured)
    assert operator.adjoint(draw(2, *measured)).shape == (2, *SCENE)
    assert operator.scene(measured) == SCENE


def test_prox_equals_a_direct_solve(operator):
    y, x0, rho = draw(2, *operator.measured(SCENE), seed=1), draw(2, *SCENE, seed=2), 0.05
    matrix = dense(operator)
    normal = matrix.T @ matrix + rho * torch.eye(matrix.shape[1], dtype=torch.float64)
    right = y.flatten(1) @ matrix + rho * x0.flatten(1)
    expected = torch.linalg.solve(normal, right.T).T.reshape(x0.shape)
    torch.testing.assert_close(prox(operator, y, x0, rho, rtol=1e-13), expected, rtol=1e-9, atol=1e-9)


def test_conjugate_gradient_equals_a_direct_solve(operator):
    y, rho = draw(2, *operator.measured(SCENE), seed=1), 0.05
    matrix = dense(operator)
    normal = matrix.T @ matrix + rho * torch.eye(matrix.shape[1], dtype=torch.float64)
    expected = torch.linalg.solve(normal, (y.flatten(1) @ matrix).T).T.reshape(2, *SCENE)
    solution = conjugate_gradient(
        lambda d: operator.adjoint(operator.forward(d)) + rho * d, operator.adjoint(y), rtol=1e-13
    )
    torch.testing.assert_close(solution.x, expected, rtol=1e-9, atol=1e-9)
    assert float(solution.residual.max()) <= 1e-13


def test_gradients_flow_through(operator):
    x, w = draw(1, *SCENE).requires_grad_(), draw(1, *operator.measured(SCENE), seed=1)
    (gradient,) = torch.autograd.grad((operator.forward(x) * w).sum(), x)
    torch.testing.assert_close(gradient, operator.adjoint(w), rtol=1e-12, atol=1e-12)


def test_float32_stays_float32(operator):
    if operator is OPERATORS["foreign"]:
        pytest.skip("its own affair")
    y = operator.forward(draw(1, *SCENE).float())
    assert y.dtype == operator.adjoint(y).dtype == torch.float32
    torch.testing.assert_close(y.double(), operator.forward(draw(1, *SCENE)), rtol=0, atol=1e-5)


def test_the_pseudo_inverse_reproduces_a_noiseless_measurement(operator):
    y = operator.forward(draw(2, *SCENE))
    again = operator.forward(pseudo_inverse(operator, y, cutoff=1e-13, rtol=1e-12))
    # conjugate gradient stops after 200 iterations, before the directions that a motion blur all but erases
    atol = 1e-8 if isinstance(operator, Solvable) else 5e-3
    torch.testing.assert_close(again, y, rtol=0, atol=atol)


def test_an_item_does_not_depend_on_its_neighbors(operator):
    y, x0 = draw(3, *operator.measured(SCENE), seed=1), draw(3, *SCENE, seed=2)
    y[1] *= 1e3  # a neighbor that takes longer to converge
    if isinstance(operator, Mask) or operator is OPERATORS["foreign"]:
        pytest.skip("pixel by pixel")
    together = prox(operator, y, x0, 1e-3)
    alone = prox(operator, y[2:], x0[2:], 1e-3)
    torch.testing.assert_close(together[2:], alone, rtol=1e-11, atol=1e-11)


def test_a_measurement_of_another_size_is_refused(operator):
    c, h, w = operator.measured(SCENE)
    with pytest.raises(InputError, match="measurement"):
        prox(operator, draw(1, c, h + 1, w), draw(1, *SCENE), 1.0)


@pytest.mark.parametrize("name", [name for name, operator in OPERATORS.items() if isinstance(operator, Spectral)])
def test_functions_of_the_singular_values(name):
    """w = 1 is the identity, w = s^2 is A^T A, w = [s = 0] projects onto what A does not see."""
    operator, x = OPERATORS[name], draw(2, *SCENE)
    torch.testing.assert_close(operator.spectral(x, torch.ones_like), x, atol=1e-10, rtol=0)
    twice = operator.adjoint(operator.forward(x))
    torch.testing.assert_close(operator.spectral(x, lambda s: s * s), twice, atol=1e-10, rtol=0)
    unseen = operator.spectral(x, lambda s: (s <= 1e-9).to(s))
    assert float(operator.forward(unseen).abs().max()) < 1e-7
