"""Drawings from measurements: what each phase costs, what it gains, and that nothing but the seed decides."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.tiny import write_sd1
from torch import Tensor

from dreamsampler.core.errors import InputError
from dreamsampler.core.types import Prediction, Step
from dreamsampler.generators.base import Rendering
from dreamsampler.generators.svg.crossing import self_intersections
from dreamsampler.generators.svg.drawing import Drawing, Shape
from dreamsampler.generators.svg.generator import SvgGenerator
from dreamsampler.generators.svg.shapes import ellipse, rectangle
from dreamsampler.operators import (
    Mask,
    Measurement,
    Operator,
    RectangleMask,
    degrade,
    downsample,
    gaussian_blur,
    grey,
    identity,
)
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.priors.load import load
from dreamsampler.steering.control import RunControl
from dreamsampler.steering.drawing_losses import DataLoss, EstimateLoss, TotalVariation, XingLoss
from dreamsampler.steering.guidance import CFG
from dreamsampler.steering.stages import Stages, optimize
from dreamsampler.tasks.common import psnr
from dreamsampler.tasks.vectorize.drawing import (
    DrawingProblem,
    finished,
    fit_stage,
    image_losses,
    start_run,
    starts,
)
from dreamsampler.tasks.vectorize.estimate import restored
from dreamsampler.tasks.vectorize.guidance_schedule import (
    calibrate,
    encoder,
    falling_weight,
    guidance_schedule,
    prior_grid,
)
from dreamsampler.tasks.vectorize.multi_start import Candidate, cost, fit_candidate, keep_better
from dreamsampler.tasks.vectorize.settings import VectorSettings
from dreamsampler.tasks.vectorize.task import vectorize

SIDE = 24
FEW = VectorSettings(paths=3, steps=8, fit=0.5, prune_every=3, penalty=0.0, restore_steps=0)
PRUNED = replace(FEW, penalty=1.0, restore_steps=3)


def scene(x: float = 10.0) -> Tensor:
    shapes = [
        Shape((ellipse(torch.tensor([x, 12.0]), torch.tensor([7.0, 7.0])),), (0.9, 0.1, 0.1, 1.0)),
        Shape((rectangle(x, 3, x + 8, 11),), (0.1, 0.2, 0.8, 1.0)),
    ]
    return 2 * Drawing.of(shapes, (SIDE, SIDE), torch.ones(3)).render() - 1


def measured(*xs: float, sigma: float = 1.0) -> Measurement:
    return degrade(torch.cat([scene(x) for x in xs or (10.0,)]), gaussian_blur(sigma), seeds=range(len(xs) or 1))


@pytest.fixture
def world() -> GaussianPrior:
    """Pictures near the scene under its prompt, near grey without one."""
    return GaussianPrior({"": torch.zeros(3, SIDE, SIDE), "a disc": scene()[0]}, std=0.3)


def test_the_measurement_alone_costs_no_evaluation_and_finds_the_scene(world: GaussianPrior) -> None:
    settings = replace(FEW, paths=6, steps=120, prior_weight=0.0, rate=3.0)
    made = vectorize(world, measured(), "a disc", settings=settings)
    assert (made.receipt.evaluations, world.evaluations) == (0, 0)
    assert psnr(2 * made.drawings[0].render() - 1, scene())[0] > 24
    assert made.misfit[0] == pytest.approx(measured().misfit(2 * made.drawings[0].render() - 1)[0], abs=1e-5)
    without = vectorize(None, measured(), settings=settings)
    assert torch.equal(without.drawings[0].points, made.drawings[0].points)


@pytest.mark.parametrize(
    ("changes", "cost"),
    [
        ({"fit": 0.5}, 2 * 4 + 2),
        ({"fit": 0.0}, 2 * 8 + 2),
        ({"fit": 1.0}, 0),
        # the null branch is needed for its noise, the prompt's for the estimate
        ({"guidance_scale": 1.0}, 2 * 4 + 2),
        ({"guidance_scale": 0.0}, 4 + 1),
    ],
)
def test_each_phase_costs_what_it_says(world: GaussianPrior, changes: dict[str, float], cost: int) -> None:
    made = vectorize(world, measured(10, 12), "a disc", settings=replace(FEW, **changes))
    assert made.receipt.evaluations == world.evaluations == 2 * cost


def test_the_prior_decides_where_the_measurement_cannot(world: GaussianPrior) -> None:
    hidden = RectangleMask((0, 23), (12, 23))
    measurement = degrade(scene(), hidden)
    settings = VectorSettings(
        paths=8, steps=80, fit=0.25, prior_weight=1.0, guidance_scale=1.0, prune_every=0, penalty=0, restore_steps=0
    )

    def error(given: GaussianPrior | None) -> float:
        drawn = 2 * vectorize(given, measurement, "a disc", settings=settings).drawings[0].render() - 1
        return float((drawn - scene())[..., 12:].square().mean())

    assert error(world) < 0.5 * error(None)


def saved_run(
    prior: GaussianPrior, resume: dict[str, Tensor] | None = None, settings: VectorSettings = FEW
) -> tuple[list[dict[str, Tensor]], Drawing]:
    saved: list[dict[str, Tensor]] = []
    control = RunControl(resume, on_checkpoint=saved.append)
    made = vectorize(prior, measured(10, 12), "a disc", settings=settings, seeds=[5, 6], control=control)
    return saved, made.drawings[1]


@pytest.mark.parametrize("killed", [1, 3, 4, 5, 8])
def test_a_run_killed_in_any_phase_goes_on_to_the_same_bytes(world: GaussianPrior, killed: int) -> None:
    saved, whole = saved_run(world)
    assert [int(tensors["stage"]) for tensors in saved] == [0] * 4 + [1] * 4
    world.evaluations = 0
    rest, again = saved_run(world, saved[killed - 1])
    assert len(rest) == 8 - killed
    assert torch.equal(again.points, whole.points)
    assert torch.equal(again.rgba, whole.rgba)
    assert world.evaluations == 2 * (2 * min(8 - killed, 4) + (2 if killed <= 4 else 0)), "calibrated once"


@pytest.mark.parametrize("killed", [2, 4, 7, 8, 9, 12])
def test_a_killed_run_keeps_its_restoration_its_other_start_and_its_paths(world: GaussianPrior, killed: int) -> None:
    saved, whole = saved_run(world, settings=PRUNED)
    assert [int(tensors["stage"]) for tensors in saved] == [0] * 4 + [1] * 4 + [2] * 4
    world.evaluations = 0
    again = saved_run(world, saved[killed - 1], PRUNED)[1]
    assert torch.equal(again.points, whole.points)
    assert torch.equal(again.rgba, whole.rgba)
    assert world.evaluations == 2 * (2 * min(12 - killed, 4) + (2 if killed <= 8 else 0)), "restored once"


def test_the_restoration_costs_its_evaluations_and_gives_the_start_and_a_pull(world: GaussianPrior) -> None:
    settings = replace(FEW, fit=1.0, restore_steps=4)
    made = vectorize(world, measured(), "a disc", settings=settings)
    before = world.evaluations
    restored(world, measured(), "a disc", 4, [0], RunControl())
    assert made.receipt.evaluations == world.evaluations - before > 0
    assert not torch.equal(made.drawings[0].points, vectorize(None, measured(), settings=FEW).drawings[0].points)
    clean = Measurement(identity(), scene())
    assert vectorize(world, clean, "a disc", settings=settings).receipt.evaluations == 0, "nothing to restore"
    run = start_run(DrawingProblem(measured(), settings=FEW), scene(14.0))
    start = start_run(DrawingProblem(Measurement(identity(), scene(14.0)), settings=FEW))
    torch.testing.assert_close(run.generator.points, start.generator.points)


def candidate_of(problem: DrawingProblem, picture: Tensor, steps: int) -> Candidate:
    def stages() -> Stages[Candidate]:
        return (yield from fit_candidate(problem, picture, steps))

    return optimize(None, stages(), problem.control)


def test_the_better_of_two_fits_goes_on_for_each_item() -> None:
    picture = torch.cat([scene(), 0.0 * scene()])
    problem = DrawingProblem(measured(10, 12), settings=replace(FEW, fit=1.0, steps=12), seeds=[5, 6])
    candidate = candidate_of(problem, picture, 12)
    run = start_run(problem, picture)
    before = run.generator.points.detach().clone()
    moments = run.optimization.optimizer.state[run.generator.points]
    moments["exp_avg"] = torch.ones_like(before)
    own = cost(problem, run, picture)
    challenger = candidate._replace(cost=torch.tensor([own[0] - 1e-3, own[1] + 1e-3]))
    assert keep_better(problem, run, challenger, picture).tolist() == [True, False]
    assert torch.equal(run.generator.points[0], candidate.parameters[0][0])
    assert torch.equal(run.generator.rgba[0], candidate.parameters[1][0])
    assert torch.equal(run.generator.points[1], before[1])
    assert not moments["exp_avg"][0].any()
    assert moments["exp_avg"][1].all()


def test_the_penalty_of_paths_counts_when_fits_are_compared() -> None:
    problem = DrawingProblem(measured(), settings=PRUNED, seeds=[5])
    run = start_run(problem, scene())
    assert run.pruning.rule is not None
    run.pruning.rule.penalty.fill_(1e-5)
    penalized = cost(problem, run, scene())
    used = int((run.generator.rgba[..., 3] > 0).sum())
    assert used > 0
    run.pruning.rule.penalty.fill_(0.0)
    assert float(penalized - cost(problem, run, scene())) == pytest.approx(1e-5 * used, rel=0.05)


def test_a_start_that_is_worse_than_the_first_guess_is_replaced_by_it() -> None:
    """The restoration is of another scene: what is drawn comes from the measurement's own outlines."""
    settings = replace(FEW, fit=1.0, steps=10, restore_steps=3, estimate_std=100.0)
    gray = torch.zeros(1, 3, SIDE, SIDE)
    other = GaussianPrior({"": gray[0], "a disc": gray[0]}, std=1e-3)
    problem = DrawingProblem(measured(), settings=settings, seeds=[5])
    run = start_run(problem, gray)
    optimize(None, [fit_stage(problem, run, 10, gray)])
    shown = 2 * finished(run).drawings[0].render() - 1
    made = vectorize(other, measured(), "a disc", settings=settings, seeds=[5])
    assert made.misfit[0] < 0.5 * measured().misfit(shown)[0]


def test_an_estimate_weighs_less_the_better_the_measurement_and_the_worse_it_explains_it() -> None:
    picture = scene()

    def weight(operator: Operator, sigma: float, off: float = 0.0) -> float:
        measurement = Measurement(operator, operator.forward(picture) + off, sigma)
        losses = image_losses(DrawingProblem(measurement, settings=VectorSettings(estimate_std=0.1)), picture)
        (near,) = (loss for loss in losses if isinstance(loss, EstimateLoss))
        assert near.weight.shape == (1,)
        return float(near.weight)

    blur, small = gaussian_blur(1.0), downsample(4)
    full = weight(blur, 0.02)
    assert full == pytest.approx((0.01 / 0.1) ** 2)
    assert weight(small, 0.02) == pytest.approx(full)
    assert weight(blur, 0.04) == pytest.approx(4 * full)
    assert weight(blur, 0.02, off=0.02) == pytest.approx(full)
    assert weight(blur, 0.02, off=0.06) == pytest.approx(full / 3**2, rel=1e-3)
    problem = DrawingProblem(degrade(picture, blur, 0.02), settings=VectorSettings(estimate_std=0.0))
    assert len(image_losses(problem, picture)) == 2


def test_every_item_of_a_batch_trusts_its_own_estimate() -> None:
    pictures, sigma = torch.cat([scene(), scene(14.0)]), 0.02
    y = pictures.clone()
    y[1] += 2 * sigma
    weights = image_losses(DrawingProblem(Measurement(identity(), y, sigma)), pictures)[-1].weight
    torch.testing.assert_close(weights[0] / weights[1], torch.tensor(4.0), rtol=1e-3, atol=0)
    near = EstimateLoss(pictures, weights)
    torch.testing.assert_close(near.each(pictures + 0.2), weights * 3 * 0.01)


def test_paths_that_do_not_pay_are_left_out_and_none_crosses_itself(world: GaussianPrior) -> None:
    settings = VectorSettings(paths=30, steps=60, prune_every=15)
    (drawing,) = vectorize(None, degrade(scene(), gaussian_blur(1.0), 0.02), settings=settings).drawings
    assert 2 <= drawing.structure.path_count < 20
    assert int(self_intersections(drawing.points, drawing.structure).sum()) == 0
    assert psnr(2 * drawing.render() - 1, scene())[0] > 22
    (all_kept,) = vectorize(None, measured(), settings=replace(settings, penalty=0.0)).drawings
    assert all_kept.structure.path_count == 30


@pytest.mark.parametrize("settings", [FEW, PRUNED])
def test_an_item_of_a_batch_is_what_it_is_alone(world: GaussianPrior, settings: VectorSettings) -> None:
    both = vectorize(world, measured(10, 12), "a disc", settings=settings, seeds=[5, 6])
    for item, (x, seed) in enumerate(((10, 5), (12, 6))):
        alone = vectorize(world, measured(x), "a disc", settings=settings, seeds=[seed])
        torch.testing.assert_close(alone.drawings[0].points, both.drawings[item].points, rtol=0, atol=2e-3)
        assert alone.misfit[0] == pytest.approx(both.misfit[item], rel=1e-3)


def test_seeds_and_prompts_matter(world: GaussianPrior) -> None:
    def points(prompt: str = "a disc", seed: int = 0) -> Tensor:
        return vectorize(world, measured(), prompt, settings=FEW, seeds=[seed]).drawings[0].points

    assert torch.equal(points(), points())
    assert not torch.equal(points(), points(seed=1))
    assert not torch.equal(points(), points(prompt=""))


def test_calibration_balances_the_two_gradients_on_each_picture(world: GaussianPrior) -> None:
    measurement = measured(10, 14)
    run = start_run(DrawingProblem(measurement, settings=FEW, seeds=[1, 2])).optimization
    guide = CFG(world.embed(["a disc"]), world.embed([""]), 3.0, renoise="uncond")
    step = guidance_schedule(world, 10, 0.5, (SIDE, SIDE))[5]
    seen: list[Prediction] = []

    def spied(prior: GaussianPrior, state: object, now: Step) -> Prediction:
        seen.append(guide(prior, state, now))  # type: ignore[arg-type]
        return seen[-1]

    data = DataLoss(measurement)
    gain = calibrate(world, run, spied, world.space.encode, data, step)
    image = run.generator.render().image.detach().requires_grad_()
    (hold,) = torch.autograd.grad(data(Rendering(image), image, seen[0], step), image)
    pull = image.detach() - seen[0].z0
    torch.testing.assert_close(gain * pull.flatten(1).norm(dim=1), hold.flatten(1).norm(dim=1))
    assert not torch.isclose(gain[0], gain[1])
    nothing = Measurement(Mask(torch.zeros(1, 1, SIDE, SIDE)), torch.zeros(2, 3, SIDE, SIDE))
    assert calibrate(world, run, guide, world.space.encode, DataLoss(nothing), step).tolist() == [1, 1]


def test_visits_spread_over_the_share_asked_for(world: GaussianPrior) -> None:
    visits = guidance_schedule(world, 10, 0.5, (SIDE, SIDE))
    assert len(visits) == 10
    assert [step.index for step in visits] == list(range(10))
    assert visits[0].t == pytest.approx(500, abs=2)
    assert all(x.t > y.t and (x.a_next, x.b_next) == (y.a, y.b) for x, y in zip(visits[:-1], visits[1:], strict=True))
    many = guidance_schedule(world, 1500, 0.5, (SIDE, SIDE))
    assert (len(many), many[0].t) == (1500, pytest.approx(500, abs=2))
    assert len({step.t for step in many}) == 500
    weight = falling_weight(visits, 2.0, 0.25)
    assert weight(visits[0]) == 2.0
    assert weight(visits[-1]) == pytest.approx(2.0 * (1 - 0.75 * (len(visits) - 1) / len(visits)))
    assert min(map(falling_weight(visits, 2.0, 0.0), visits)) > 0, "an evaluation multiplied by zero"


def test_losses_are_means_over_pixels_and_sums_over_items() -> None:
    measurement = measured(10, 12)
    image = torch.cat([scene(11), scene(9)])
    shown = Rendering(image)
    step = Step(0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0)
    pred = Prediction(image, image)
    residual = (measurement.y - gaussian_blur(1.0).forward(image)) / 2
    expected = residual.square().sum(1).mean((1, 2)).sum()
    torch.testing.assert_close(DataLoss(measurement, 3.0)(shown, image, pred, step), 3 * expected)
    smooth = DataLoss(measurement, smooth=lambda step: gaussian_blur(2.0))
    torch.testing.assert_close(
        smooth(shown, image, pred, step), gaussian_blur(2.0).forward(residual).square().sum(1).mean((1, 2)).sum()
    )
    slope = torch.zeros(1, 3, 9, 9)
    slope[..., 4:] = 1.0
    flat = TotalVariation(2.0)(Rendering(slope), slope, pred, step)
    assert float(flat) == pytest.approx(2 * 8 * 0.5 * math.sqrt(3) / 81, rel=0.01), "contrast times length of the edge"
    assert float(TotalVariation(2.0)(Rendering(torch.ones(1, 3, 9, 9)), slope, pred, step)) == 0
    apart = ((image - scene()) / 2).square().sum(1).mean((1, 2))
    torch.testing.assert_close(EstimateLoss(scene(), 3.0)(shown, image, pred, step), 3 * apart.sum())
    torch.testing.assert_close(EstimateLoss(scene(), 3.0).each(image), 3 * apart)
    crossed = torch.tensor([[2.0, 2.0], [12.0, 2.0], [2.0, 6.0], [12.0, -2.0], [12.0, 8.0], [2.0, 8.0]])
    drawing = Drawing.of([Shape((crossed,), (0, 0, 0, 1))], (SIDE, SIDE), torch.ones(3))
    one, two = SvgGenerator.of([drawing]), SvgGenerator.of([drawing, drawing])
    single = XingLoss(one, 0.5)(shown, image, pred, step)
    assert float(single.detach()) > 0
    torch.testing.assert_close(XingLoss(two, 0.5)(shown, image, pred, step), 2 * single)


@pytest.mark.parametrize("init", ["components", "random", "grid", "trace"])
def test_every_start_draws_on_the_scene(init: str) -> None:
    problem = DrawingProblem(measured(), settings=replace(FEW, init=init), seeds=[4])
    (drawing,) = starts(problem)
    assert drawing.size == (SIDE, SIDE)
    assert 1 <= drawing.structure.path_count <= 3
    (again,) = starts(problem)
    assert torch.equal(drawing.points, again.points)
    made = vectorize(None, measured(), settings=replace(FEW, init=init, steps=2), drawings=[drawing])
    assert made.drawings[0].structure == drawing.structure


def test_on_networks_the_canvas_need_not_have_the_priors_size(tmp_path: Path) -> None:
    prior = load(write_sd1(tmp_path / "sd1"))
    assert prior.native_size == 64
    assert prior_grid(prior, (SIDE, SIDE)) == (64, 64)
    assert prior_grid(prior, (100, 220)) == (64, 144)
    image = torch.rand(1, 3, SIDE, SIDE, requires_grad=True)
    z = encoder(prior, (SIDE, SIDE))(image)
    assert z.shape == (1, 4, 8, 8)
    z.square().sum().backward()
    assert float(image.grad.abs().sum()) > 0
    full = torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(encoder(prior, (64, 64))(full), prior.space.encode(full))
    saved: list[dict[str, Tensor]] = []
    settings = replace(FEW, steps=4)
    whole = vectorize(prior, measured(), "a cat", settings=settings, control=RunControl(on_checkpoint=saved.append))
    assert whole.receipt.evaluations == 2 * 2 + 2
    again = vectorize(prior, measured(), "a cat", settings=settings, control=RunControl(saved[2]))
    assert torch.equal(again.drawings[0].points, whole.drawings[0].points)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eta", 1.5), ("paths", 0), ("paths", 5000), ("segments", 1), ("steps", 0), ("fit", 1.5), ("denoise", 0.0),
        ("guidance_scale", -1.0), ("prior_weight", float("nan")), ("crossing_weight", float("inf")), ("rate", 0.0),
        ("color_rate", -1.0), ("init", "stars"), ("prune_every", -1),
    ],
)  # fmt: skip
def test_bad_settings_are_named(name: str, value: object) -> None:
    with pytest.raises(InputError, match=f"{name}="):
        VectorSettings(**{name: value})  # type: ignore[arg-type]


def test_bad_arguments_are_named(world: GaussianPrior) -> None:
    (drawing,) = starts(DrawingProblem(measured(), settings=FEW))
    with pytest.raises(InputError, match="expected 2 with a canvas of 24x24"):
        vectorize(None, measured(10, 12), settings=FEW, drawings=[drawing])
    with pytest.raises(InputError, match="canvas of 24x24"):
        vectorize(None, measured(), settings=FEW, drawings=[drawing.scaled((48, 48))])
    with pytest.raises(InputError, match="seeds"):
        vectorize(None, measured(), settings=FEW, seeds=[1, 2])
    with pytest.raises(InputError, match="prompt"):
        vectorize(world, measured(), 3, settings=FEW)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="1 channels"):
        vectorize(None, degrade(scene()[:, :1], gaussian_blur(1.0)), settings=FEW)
    assert vectorize(None, degrade(scene(), grey()), settings=FEW).misfit[0] < 0.5
