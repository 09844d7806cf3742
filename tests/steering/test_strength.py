"""What a strength means: one displacement, at any number of steps and on every path."""

import dataclasses
import math

import pytest
import torch

from dreamsampler.core.noise import Noise
from dreamsampler.core.schedule import FlowSchedule, TableSchedule
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.priors.schedules import zero_terminal_snr
from dreamsampler.steering.strength import PAPER_PULL, PaperStrength, Strength, pulled
from dreamsampler.tasks.edit import edit

TABLE = TableSchedule.scaled_linear()
COSINE = TableSchedule(tuple(math.cos((i / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2 for i in range(1000)))
PATHS = {
    "flow": FlowSchedule(),
    "shifted flow": FlowSchedule(shift=3.0),
    "cosine": COSINE,
    "no signal at the end": TableSchedule(tuple(zero_terminal_snr(list(TABLE.abar))), spacing="trailing"),
}


def moves(path, n, strength=1.0):
    """gamma_t s_t at every step: how far each moves y = z / a in text directions."""
    weight = Strength(strength)
    return [weight(s) * s.b / s.a for s in path.visits(n) if s.a > 0]


@pytest.mark.parametrize("path", [TABLE, *PATHS.values()], ids=["table", *PATHS])
@pytest.mark.parametrize("n", [5, 20, 40, 200])
def test_the_total_pull_is_one_number(path, n):
    # coarse grids begin below the path's end, where a b is nearly 0
    expected = PAPER_PULL * pulled(math.inf)
    assert sum(moves(path, n)) == pytest.approx(expected, rel={5: 0.2, 20: 0.04, 40: 0.02, 200: 0.01}[n])


def test_the_pull_is_the_integral_of_a_b_over_the_table():
    table = TABLE.abar
    for k in (10, 300, 999):
        numeric = sum(math.sqrt(x * (1 - x)) for x in table[: k + 1]) / len(table)
        assert pulled(math.sqrt((1 - table[k]) / table[k])) == pytest.approx(numeric, rel=1e-12)
    assert pulled(0.0) == 0.0
    assert pulled(math.inf) == pulled(1e9) == pytest.approx(pulled(14.614), rel=1e-4)


def test_one_is_the_papers_weight_on_stable_diffusions_path():
    # the paper takes a b at the upper end of a step for its mean over the step; the last step leads to no table entry
    for s in TABLE.visits(200)[:-1]:
        assert Strength(1.0)(s) == pytest.approx(PaperStrength(0.2)(s), rel=0.04 if s.t > 100 else 0.2)


@pytest.fixture
def world() -> GaussianPrior:
    generator = torch.Generator().manual_seed(0)
    means = {p: 0.5 * torch.randn(3, 8, 8, generator=generator, dtype=torch.float64) for p in ("", "cat", "dog")}
    return GaussianPrior(means, 0.3, kind="v")


@pytest.mark.parametrize("path", PATHS)
def test_an_edit_moves_a_picture_as_far_on_every_path(world, path):
    """Against the released procedure: c = 0.2 at 200 steps on Stable Diffusion's own path."""
    pictures = (world.means["cat"] + 0.3 * Noise([5]).normal(torch.empty(1, 3, 8, 8, dtype=torch.float64))).clamp(-1, 1)
    released = edit(world, pictures, ["dog"], steps=200, weight=PaperStrength(0.2)).images
    other = dataclasses.replace(world, kind="flow" if "flow" in path else "v", schedule=PATHS[path])
    ours = edit(other, pictures, ["dog"], steps=400, strength=1.0).images
    moved = (released - pictures).norm()
    assert float((ours - released).norm() / moved) < 0.05
