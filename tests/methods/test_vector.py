"""Ways to draw a measurement: published updates, costs, kills and resumes, all on a prior whose score is exact."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from dreamsampler.core.errors import InputError
from dreamsampler.core.noise import Noise
from dreamsampler.core.state import State
from dreamsampler.core.types import Prediction, Step
from dreamsampler.generators.base import Rendering
from dreamsampler.generators.svg.generator import SvgGenerator
from dreamsampler.generators.svg.initialize import random_circles
from dreamsampler.methods.drawing.chain import Chain
from dreamsampler.methods.drawing.live import LIVE, LayerLoss, layers, outline_distance, stage_paths, unsigned_weights
from dreamsampler.methods.drawing.options import variance
from dreamsampler.methods.drawing.pds import PDS, PosteriorDifference
from dreamsampler.methods.drawing.registry import Drawer
from dreamsampler.methods.drawing.vectorfusion import VectorFusion
from dreamsampler.methods.drawing.views import KEPT, perspective_crop, view_grid
from dreamsampler.methods.editing.distil import Difference, random_visits
from dreamsampler.methods.registry import names
from dreamsampler.operators import Measurement, degrade, gaussian_blur, identity
from dreamsampler.priors.gaussian import GaussianPrior, IdentitySpace
from dreamsampler.steering.control import RunControl
from dreamsampler.steering.guidance import CFG
from dreamsampler.steering.optimize import Descend, sds_weight
from dreamsampler.steering.stages import optimize
from dreamsampler.tasks.vectorize.drawing import DrawingProblem
from dreamsampler.tasks.vectorize.settings import VectorSettings

SIDE = 20
FEW = VectorSettings(paths=3, steps=6, fit=0.5, prune_every=2, penalty=0.0, restore_steps=0)
ALL = (
    "dreamsampler", "data", "sds", "vectorfusion", "vectorfusion:begin=random", "pds", "live", "chain:psld_steps=3",
    "chain:then=vectorfusion,psld_steps=3", "chain:then=pds,psld_steps=3", "trace",
)  # fmt: skip
EVALUATIONS = {
    "dreamsampler": 2 * 3 + 2, "sds": 2 * 3 + 2, "vectorfusion": 2 * 3, "vectorfusion:begin=random": 2 * 6,
    "pds": 4 * 3, "chain:psld_steps=3": 3, "chain:then=vectorfusion,psld_steps=3": 3 + 2 * 3,
    "chain:then=pds,psld_steps=3": 3 + 4 * 3,
}  # fmt: skip


def scene(seed: int = 0) -> Tensor:
    return 2 * random_circles(3, (SIDE, SIDE), torch.Generator().manual_seed(seed), radius=6).render() - 1


def measured(*seeds: int) -> Measurement:
    return degrade(torch.cat([scene(seed) for seed in seeds or (0,)]), gaussian_blur(1.0), seeds=range(len(seeds) or 1))


@pytest.fixture
def world() -> GaussianPrior:
    return GaussianPrior({"": torch.zeros(3, SIDE, SIDE), "circles": scene()[0]}, std=0.3)


def run(prior: GaussianPrior, method: str, control: RunControl | None = None, seed: int = 3) -> Any:
    return Drawer.parse(method)(prior, measured(), "circles", settings=FEW, seeds=[seed], control=control)


@pytest.mark.parametrize("method", ALL)
def test_every_method_draws_the_scene_at_its_cost_and_goes_on_after_a_kill(world: GaussianPrior, method: str) -> None:
    saved: list[dict[str, Tensor]] = []
    whole = run(world, method, RunControl(on_checkpoint=saved.append))
    (drawing,) = whole.drawings
    assert drawing.size == (SIDE, SIDE)
    assert whole.receipt.evaluations == EVALUATIONS.get(method, 0)
    shown = 2 * drawing.render() - 1
    assert whole.misfit[0] == pytest.approx(measured().misfit(shown)[0], abs=1e-4)
    if method == "trace":
        return
    assert drawing.structure.segments == ((4,),) * 3
    for killed in (1, 3, len(saved) - 1):
        again = run(world, method, RunControl(saved[killed]))
        for name in ("points", "rgba", "background"):
            assert torch.equal(getattr(again.drawings[0], name), getattr(drawing, name)), (method, killed, name)


def test_the_chain_restores_on_the_priors_grid_where_the_scene_is_off_it() -> None:
    means = {"": torch.zeros(3, 24, 24), "circles": torch.zeros(3, 24, 24)}
    prior = GaussianPrior(means, std=0.5, space=IdentitySpace(multiple=8))
    picture = Chain(psld_steps=20).restored(DrawingProblem(measured(), prior, "circles", seeds=[3]))
    assert picture.shape == (1, 3, SIDE, SIDE)
    assert measured().misfit(picture)[0] < 0.9 * measured().misfit(torch.zeros_like(picture))[0]
    assert run(prior, "chain:psld_steps=2").drawings[0].size == (SIDE, SIDE)


def test_other_seeds_give_other_drawings(world: GaussianPrior) -> None:
    for method in ("sds", "vectorfusion", "pds"):
        assert not torch.equal(run(world, method).drawings[0].points, run(world, method, seed=4).drawings[0].points)


def test_the_drawings_gradient_under_sds_is_the_published_one(world: GaussianPrior) -> None:
    """w(t) (eps_w(z_t) - xi) dz/dpsi, w = b^2."""
    generator = SvgGenerator.of([random_circles(3, (SIDE, SIDE), torch.Generator().manual_seed(5), radius=5)])
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.0)
    step = random_visits(world.schedule, 4, 0.1, 0.9, seed=1)[1]
    xi = Noise([2]).normal(torch.empty(1, 3, SIDE, SIDE))
    z = generator.render().image
    noised = (step.a * z + step.b * xi).detach()
    guide = CFG(world.embed(["circles"]), world.embed([""]), 3.0)
    state = State.start(noised, [0], z0=z.detach())
    pred = guide(world, state, step)
    null, cond = world.predict([noised, noised], step, [("",), ("circles",)])
    eps = null.eps + 3.0 * (cond.eps - null.eps)
    (expected,) = torch.autograd.grad(z, generator.points, step.b**2 * (eps - xi))
    Descend(generator, lambda image: image, optimizer, weight=sds_weight(variance))(pred, state, step)
    torch.testing.assert_close(generator.points.grad, expected, rtol=1e-3, atol=1e-4)


def test_pds_follows_the_difference_of_the_two_posteriors_noises() -> None:
    """u_tgt - u_src written out with both noises, one-step alpha and beta, and the level two steps away."""
    rng = torch.Generator().manual_seed(0)
    draw = lambda: torch.randn(1, 2, 3, 3, generator=rng, dtype=torch.float64)  # noqa: E731
    source, now, xi, before = draw(), draw(), draw(), draw()
    prior = GaussianPrior({"": draw()[0], "new": draw()[0], "old": draw()[0]}, std=0.4)
    t, scale = 401, 7.5
    a, b = prior.schedule.ab(t)
    step = Step(0, float(t), a, b, -1.0, 1.0, 0.0)
    abar = [x**2 for x, _ in (prior.schedule.ab(k) for k in range(1000))]
    alpha, past = abar[t] / abar[t - 1], abar[t - 2]
    beta = 1 - alpha
    sigma = math.sqrt(beta * (1 - past) / (1 - abar[t]))

    def u(z0: Tensor, prompt: str) -> Tensor:
        x_t = a * z0 + b * xi
        null, cond = prior.predict([x_t, x_t], step, [("",), (prompt,)])
        eps = null.eps + scale * (cond.eps - null.eps)
        clean = (x_t - b * eps) / a
        mu = math.sqrt(past) * beta / (1 - abar[t]) * clean + math.sqrt(alpha) * (1 - past) / (1 - abar[t]) * x_t
        x_past = math.sqrt(past) * z0 + math.sqrt(1 - past) * before
        return (x_past - mu) / sigma

    guide = PosteriorDifference(Difference(source, ("new",), ("old",), ("",), (scale, scale)), prior.schedule)
    pred = guide(prior, State.start(a * now + b * xi, [0], z0=now), step)
    torch.testing.assert_close(now - pred.z0, u(now, "new") - u(source, "old"), rtol=1e-8, atol=1e-8)


def test_distances_to_an_outline_are_exact_up_to_ten_pixels() -> None:
    inside = torch.rand(2, 24, 31, generator=torch.Generator().manual_seed(0)) < 0.02
    inside[1] = False
    inside[1, 3:9, 4:7] = True
    found = outline_distance(inside)
    rows = torch.stack(torch.meshgrid(torch.arange(24.0), torch.arange(31.0), indexing="ij"), -1).view(-1, 2)
    for item in range(2):
        flat = inside[item].flatten()
        apart = torch.cdist(rows, rows)
        other = torch.where(flat[:, None] != flat[None], apart, torch.inf).min(1).values
        expected = (other - 0.5).clamp(max=10).view(24, 31)
        torch.testing.assert_close(found[item], expected)


def test_live_weighs_errors_by_the_distance_to_the_new_outline() -> None:
    inside = torch.zeros(1, 40, 40, dtype=torch.bool)
    inside[0, 18:22, 18:22] = True
    weights = unsigned_weights(inside)[0]
    d = outline_distance(inside)[0]
    torch.testing.assert_close(weights, (10 - d) / 9.5)
    assert weights[0, 0] == 0
    assert float(weights[18, 18]) == 1, "released: divided by the largest of max d - d"
    assert float(unsigned_weights(torch.zeros(1, 8, 8, dtype=torch.bool)).abs().max()) == 0
    generator = SvgGenerator.of([random_circles(4, (40, 40), torch.Generator().manual_seed(2), radius=6)])
    kept = torch.full((1, 40, 40), 0.25)
    target = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(3))
    loss = LayerLoss(generator, target, kept, 1, 0.0)
    only = generator.drawing().select([3])
    alone = SvgGenerator.of([only])
    with torch.no_grad():
        alone.rgba.copy_(torch.tensor([0.0, 0.0, 0.0, 1.0]))
        region = alone.render().image[:, 0] < 0
    torch.testing.assert_close(loss.weights(), (unsigned_weights(region) + 0.25).clamp(max=1))
    image = generator.render().image
    expected = (loss.weights() * ((image + 1) / 2 - target).square().sum(1)).mean()
    step = Step(0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0)
    torch.testing.assert_close(loss(Rendering(image), image, Prediction(image, image), step), expected)


def test_live_resumed_keeps_the_weights_of_earlier_stages() -> None:
    """Two discs far apart: what the first stage's outline weighs matters in the last one."""
    target = torch.ones(1, 3, 48, 48)
    target[..., 4:12, 4:12] = -1.0
    target[..., 34:44, 34:44] = 0.0
    saved: list[dict[str, Tensor]] = []

    def drawn(control: RunControl) -> Tensor:
        given = Measurement(identity(), target)
        problem = DrawingProblem(given, settings=VectorSettings(paths=3), seeds=[1], control=control)
        return optimize(None, layers(problem, target, 6), control)[0].points

    whole = drawn(RunControl(on_checkpoint=saved.append))
    assert float(saved[-1]["once.weights.2"].max()) > 0.9
    assert float(saved[-1]["once.weights.2"].min()) < 0.1
    assert torch.equal(drawn(RunControl(saved[3])), whole)


def test_xing_of_live_has_the_released_weight_and_not_the_tasks() -> None:
    assert (LIVE().crossing_weight, VectorFusion().crossing_weight, PDS().crossing_weight) == (1e-5, 1e-5, 1e-5)
    assert VectorSettings().crossing_weight == 1e-3
    problem = DrawingProblem(measured(), settings=VectorSettings(paths=1, crossing_weight=1e6))
    (stage,) = LIVE(stage_steps=2)(problem)
    (loss,) = stage.losses
    assert isinstance(loss, LayerLoss)
    assert loss.crossing_weight == 1e-5


def test_live_takes_the_published_steps_of_a_stage_if_asked(world: GaussianPrior) -> None:
    seen: list[tuple[str, int]] = []
    control = RunControl(callback=lambda now: seen.append((now.stage, now.total)))
    run(world, "live:stage_steps=4", control)
    assert seen == [("trace", 4)] * 12


def test_stages_double_up_to_thirty_two() -> None:
    assert stage_paths(64) == [1, 1, 2, 4, 8, 16, 32]
    assert stage_paths(100) == [1, 1, 2, 4, 8, 16, 32, 32, 4]
    assert stage_paths(3) == [1, 1, 1]


def test_views_are_projective_and_keep_most_of_the_picture() -> None:
    plain = view_grid(5, (30, 40), chance=0.0)
    assert float(plain[0, 1, 0] - plain[0, 0, 0]) == pytest.approx(2 * KEPT / 40)
    assert float(plain.abs().max()) < 1
    assert torch.equal(view_grid(5, (30, 40)), view_grid(5, (30, 40)))
    assert not torch.equal(view_grid(5, (30, 40)), view_grid(6, (30, 40)))
    bent = view_grid(5, (30, 40), chance=1.0)
    left, middle, right = bent[7, 0], bent[7, 20], bent[7, 39]
    first, second = middle - left, right - left
    assert float(first[0] * second[1] - first[1] * second[0]) == pytest.approx(0, abs=1e-9), "lines stay lines"
    assert not torch.allclose(bent[7, 1] - bent[7, 0], bent[7, 39] - bent[7, 38])
    rates = [not torch.allclose(view_grid(k, (8, 8)), view_grid(k, (8, 8), chance=0.0)) for k in range(60)]
    assert 0.5 < sum(rates) / 60 < 0.9
    image = scene().requires_grad_()
    view = perspective_crop(image, [9])
    assert view.shape == image.shape
    view.sum().backward()
    assert float(image.grad.abs().sum()) > 0


def test_options_are_read_and_checked() -> None:
    assert {Drawer.parse(name).name for name in names("drawing")} == set(names("drawing"))
    drawer = Drawer.parse("sds:guidance_scale=20,prior_weight=0.5,visit_seed=3")
    assert drawer == ("sds", {"guidance_scale": 20.0, "visit_seed": 3}, {"prior_weight": 0.5})
    assert Drawer.parse("dreamsampler:guidance_scale=2,fit=0.25").settings == {"guidance_scale": 2.0, "fit": 0.25}
    assert [Drawer.parse(name).needs_prior for name in ("data", "trace", "live", "sds", "chain")] == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scribble", "method='scribble'"),
        ("sds:speed=3", "no option 'speed'"),
        ("sds:paths=3", "no option 'paths'"),
        ("sds:scale=20", "scale is called guidance_scale now"),
        ("dreamsampler:trust=0.1", "trust is called estimate_std now"),
        ("live:psld_scale=1", "no option 'psld_scale'"),
        ("sds:guidance_scale=fast", "guidance_scale='fast'"),
    ],
)
def test_bad_options_are_named(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Drawer.parse(text)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("sds:guidance_scale=-1", "guidance_scale=-1.0: expected a number"), ("sds:low=0.9,high=0.1", "low=0.9"),
        ("vectorfusion:begin=top", "begin='top': expected one of live, random"), ("chain:then=paint", "then="),
        ("pds:stride=0", "stride=0"), ("trace:color_bits=9", "color_bits=9"), ("chain:psld_steps=0", "psld_steps=0"),
        ("dreamsampler:estimate_std=-1", "estimate_std=-1.0: expected a number, 0 to"), ("sds:fit=2", "fit=2.0"),
    ],
)  # fmt: skip
def test_numbers_out_of_range_are_named_before_anything_is_read(method: str, message: str) -> None:
    with pytest.raises(InputError, match=f"^method '{method}': .*{message}"):
        Drawer.parse(method)


def test_a_method_with_a_prior_asks_for_one() -> None:
    with pytest.raises(InputError, match="needs a model"):
        Drawer.parse("sds")(None, measured(), settings=FEW)
