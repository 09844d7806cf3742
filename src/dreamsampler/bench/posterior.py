"""`bench posterior`: how near each inverse-problem method comes to the posterior where that is known in closed form.

The prior is a Gaussian, the operator linear, the noise Gaussian: the posterior is a Gaussian too, and every method is
drawn from many times with one measurement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..core.errors import InputError
from ..methods.registry import find, parse
from ..methods.run import restore_with
from ..operators import Measurement, Operator, degrade, downsample, gaussian_blur
from ..operators.mask import RectangleMask
from ..priors.gaussian import GaussianPrior, IdentitySpace
from .tables import Cell, Column, Table

SIDE = 6
PRIOR_STD = 0.3
SIGMA = 0.1

OPERATORS: Mapping[str, Operator] = {
    "mask": RectangleMask((1, 3), (2, 5)),
    "sr x2": downsample(2, "box"),
    "blur": gaussian_blur(1.0, 5),
}

METHODS = (
    "dreamsampler",
    "dreamsampler:begin=noise",
    "dreamsampler:begin=inversion",
    "latent-dps",
    "psld",
    "treg",
    "repaint",
    "resample",
    "diffpir",
    "ddnm",
    "flowdps",
)
"""P2L tunes the embedding of a prompt, and a Gaussian has none. DreamSampler is deterministic if it begins with an
inversion: a point estimate, without spread; from a first guess under noise, or from noise, it samples."""

COLUMNS = (
    Column("bias", "lower", 2),
    Column("spread", "", 2),
    Column("misfit", "", 2),
    Column("evaluations", "lower", 0),
)
"""bias: distance of the mean from the posterior's, in posterior standard deviations, root mean square over pixels.
spread: standard deviation over the posterior's, root mean square over pixels; 1 is right. misfit: root mean square of
y - A x over sigma. Evaluations: of one sample."""


class Posterior(NamedTuple):
    """Attributes: mean [n], covariance [n, n] of the scene given the measurement, pixels in reading order."""

    mean: Tensor
    covariance: Tensor


def exact_posterior(operator: Operator, y: Tensor, sigma: float, mean: Tensor, std: float) -> Posterior:
    """Scene ~ N(mean, std^2 I), y = A scene + sigma n.

    Args:
        y: [1, c, h, w], float64.
        mean: [C, H, W], float64.
    """
    n = mean.numel()
    pixels = torch.eye(n, dtype=torch.float64).reshape(n, *mean.shape)
    matrix = operator.forward(pixels).reshape(n, -1).T
    covariance = torch.linalg.inv(matrix.T @ matrix / sigma**2 + torch.eye(n, dtype=torch.float64) / std**2)
    center = covariance @ (matrix.T @ y.flatten() / sigma**2 + mean.flatten() / std**2)
    return Posterior(center, covariance)


def true_variance(std: float) -> Any:
    """Variance of a clean pixel given its noisy value, b^2 std^2 / (a^2 std^2 + b^2): makes DiffPIR exact."""
    return lambda step: step.b**2 * std**2 / (step.a**2 * std**2 + step.b**2)


def run(
    methods: Sequence[str] = METHODS,
    *,
    operators: Sequence[str] = tuple(OPERATORS),
    samples: int = 1000,
    steps: int = 100,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
) -> Table:
    """Bias and spread of every method.

    Args:
        methods: names of `methods.registry`; "diffpir-exact" is DiffPIR with the true variance and no fresh
            noise, which tends to the posterior as `steps` grows.
        operators: names in `OPERATORS`. RePaint takes part on masks only.
        samples: draws of each method.
        steps: of each method.
        options: further settings by method.
        seed: of the scene, its measurement and the samples.

    Raises:
        InputError: an unknown operator, or fewer than 2 samples.
    """
    unknown = [name for name in operators if name not in OPERATORS]
    if unknown or samples < 2:
        raise InputError(f"operators={unknown}, samples={samples}: expected {', '.join(OPERATORS)}, and samples >= 2")
    rows = []
    for name in operators:
        for method in methods:
            if name != "mask" and find(_plain(method), "inverse").masks_only:
                continue
            settings = dict((options or {}).get(method, {}))
            cells = _measure(method, OPERATORS[name], samples, steps, settings, seed)
            rows.append(((name, method), cells))
    title = f"Against the exact posterior: Gaussian prior, {steps} steps, {samples} samples, noise {SIGMA:g}"
    return Table(title, ("operator", "method"), COLUMNS, tuple(rows))


def _plain(method: str) -> str:
    return "diffpir" if method == "diffpir-exact" else method


def _measure(
    method: str, operator: Operator, samples: int, steps: int, settings: dict[str, Any], seed: int
) -> tuple[Cell, ...]:
    draw = torch.Generator().manual_seed(seed)
    mean = 0.4 * torch.randn(1, SIDE, SIDE, generator=draw, dtype=torch.float64)
    prior = GaussianPrior({"": mean}, PRIOR_STD, space=IdentitySpace(channels=1))
    scene = mean[None] + PRIOR_STD * torch.randn(1, 1, SIDE, SIDE, generator=draw, dtype=torch.float64)
    one = degrade(scene, operator, SIGMA, [seed])
    posterior = exact_posterior(operator, one.y, SIGMA, mean, PRIOR_STD)
    many = Measurement(operator, one.y.expand(samples, -1, -1, -1), SIGMA)
    if method == "diffpir-exact":
        method, settings = "diffpir", {"variance": true_variance(PRIOR_STD), "zeta": 0.0, **settings}
    chosen = parse(method, "inverse", steps=steps, **settings)
    result = restore_with(chosen, prior, many, seeds=list(range(seed, seed + samples)))
    made = result.images.flatten(1)
    std = posterior.covariance.diagonal().sqrt()
    bias = ((made.mean(0) - posterior.mean) / std).square().mean().sqrt()
    spread = (made.var(0) / std**2).mean().sqrt()
    misfit = sum(result.misfit) / samples / SIGMA
    values = (float(bias), float(spread), misfit, result.receipt.evaluations / samples)
    return tuple(Cell(value, None, None, samples, 0) for value in values)
