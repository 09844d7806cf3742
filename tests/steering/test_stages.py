"""The engine on generators that are no drawings: pixels, and planes that are seen from several sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from dreamsampler.core.errors import Cancelled, InputError
from dreamsampler.core.types import Prediction, Step
from dreamsampler.generators.base import Generator, Rendering
from dreamsampler.generators.latent import TensorGenerator
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.steering.control import RunControl, StepInfo
from dreamsampler.steering.guidance import Single
from dreamsampler.steering.renoise import fresh
from dreamsampler.steering.stages import Optimization, Stage, Stages, clean_visits, optimize

SIDE = 8
VIEWS = (0, 1, 2)


@dataclass
class Planes:
    """A cube of colors, the product of three planes; a view is the mean along one of its axes, with its depth."""

    planes: Tensor

    @classmethod
    def random(cls, seed: int) -> Planes:
        rng = torch.Generator().manual_seed(seed)
        return cls((0.5 + 0.3 * torch.randn(3, 3, SIDE, SIDE, generator=rng)).requires_grad_())

    def parameters(self) -> Sequence[Tensor]:
        return (self.planes,)

    def rows(self, view: int, rows: slice = slice(None)) -> Rendering:
        """Some rows of one view."""
        xy, yz, zx = self.planes
        cube = xy[:, :, :, None] * yz[:, None, :, :] * zx.mT[:, :, None, :]
        image = cube.mean(view + 1)[None, :, rows]
        return Rendering(2 * image - 1, alpha=image.mean(1, keepdim=True), extras={"cube": cube})

    def render(self, view: Any = None) -> Rendering:
        return self.rows(int(view))


@dataclass
class Deferred:
    """Planes without a graph over a whole picture: leaves first, then their gradients, four rows at a time."""

    planes: Planes
    largest: int = 0

    def parameters(self) -> Sequence[Tensor]:
        return self.planes.parameters()

    def render(self, view: Any = None) -> Rendering:
        with torch.no_grad():
            whole = self.planes.rows(int(view))
        return Rendering(whole.image.requires_grad_(), whole.alpha)

    def backward(self, loss: Tensor, rendering: Rendering, view: Any) -> None:
        loss.backward()
        assert rendering.image.grad is not None
        for first in range(0, SIDE, 4):
            rows = slice(first, first + 4)
            part = self.planes.rows(int(view), rows).image
            self.largest = max(self.largest, part.shape[2])
            part.backward(rendering.image.grad[:, :, rows])


TRUTH = Planes.random(7)


def photo(view: int) -> Tensor:
    return TRUTH.render(view).image.detach()


def seen(step: Step) -> int:
    return VIEWS[step.index % 3]


def photo_loss(rendering: Rendering, z: Tensor, pred: Prediction, step: Step) -> Tensor:
    return (rendering.image - photo(seen(step))).square().mean()


def thin(rendering: Rendering, z: Tensor, pred: Prediction, step: Step) -> Tensor:
    assert rendering.alpha is not None
    return 1e-4 * rendering.alpha.square().mean()


def run_of(
    generator: Generator, backward: Callable[..., None] | None = None, schedule: Callable[[int], float] | None = None
) -> Optimization[Generator]:
    optimizer = torch.optim.Adam(generator.parameters(), lr=0.03)
    run = Optimization(generator, optimizer, [3], schedule)
    if backward is not None:
        run.backward = backward
    return run


def test_a_field_is_fitted_to_its_views_by_losses_that_see_the_rendering() -> None:
    field = Planes.random(1)
    run = run_of(field)
    infos: list[StepInfo] = []
    stage = Stage("photos", run, clean_visits(240), [photo_loss, thin], view=seen)
    optimize(None, [stage], RunControl(callback=infos.append))
    assert [(info.stage, info.done, info.total) for info in infos[::239]] == [("photos", 1, 240), ("photos", 240, 240)]
    assert infos[-1].generator is field
    for view in VIEWS:
        assert float((field.render(view).image.detach() - photo(view)).abs().mean()) < 0.02
    assert infos[-1].loss < 0.01 * infos[0].loss


def test_deferred_back_propagation_gives_the_same_field() -> None:
    whole, parts = Planes.random(1), Planes.random(1)
    deferred = Deferred(parts)
    optimize(None, [Stage("photos", run_of(whole), clean_visits(12), [photo_loss], view=seen)])
    run = run_of(deferred, deferred.backward)
    optimize(None, [Stage("photos", run, clean_visits(12), [photo_loss], view=seen)])
    torch.testing.assert_close(parts.planes, whole.planes, rtol=1e-4, atol=1e-6)
    assert deferred.largest == 4


def test_rates_and_callbacks_follow_the_steps_taken_over_all_stages() -> None:
    pixels = TensorGenerator(torch.zeros(1, 3, 4, 4))
    run = run_of(pixels, schedule=lambda taken: 1.0 / (1 + taken))
    told: list[tuple[str, int, float]] = []
    run.before = [lambda taken: told.append(("before", taken, run.optimizer.param_groups[0]["lr"]))]
    run.after = [lambda taken: told.append(("after", taken, run.optimizer.param_groups[0]["lr"]))]

    def loss(rendering: Rendering, z: Tensor, pred: Prediction, step: Step) -> Tensor:
        return rendering.image.sum()

    optimize(None, [Stage("one", run, clean_visits(1), [loss], inner=2), Stage("two", run, clean_visits(1), [loss])])
    assert [(name, taken) for name, taken, _ in told] == [
        ("before", 0), ("after", 1), ("before", 1), ("after", 2), ("before", 2), ("after", 3)
    ]  # fmt: skip
    assert [rate for name, _, rate in told if name == "before"] == pytest.approx([0.03, 0.015, 0.01])


@dataclass
class Counter:
    """A callback with a memory that changes what is drawn."""

    field: Planes
    count: int = 0

    def __call__(self, taken: int) -> None:
        self.count += taken
        self.field.planes.data += 1e-4 * self.count

    def tensors(self) -> dict[str, Tensor]:
        return {"count": torch.tensor(self.count)}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        self.count = int(tensors["count"])


MEANS = {"": torch.zeros(3, SIDE, SIDE), "cube": photo(0)[0]}


def two_fields(control: RunControl, prior: GaussianPrior, made: list[str]) -> Tensor:
    """A warm-up on photographs, a second field from what it left, then the prior; returns the second field."""

    def stages() -> Stages[Tensor]:
        first = Planes.random(1)
        yield Stage("photos", run_of(first), clean_visits(3), [photo_loss], view=seen)

        def grown() -> Tensor:
            made.append("grown")
            return first.planes.detach() + 0.01

        field = Planes(control.once("grown", grown).clone().requires_grad_())
        counter, run = Counter(field), run_of(field, schedule=lambda taken: 1.0 / (1 + taken))
        run.after, run.memory = [counter], {"counter": counter}
        yield Stage("photos again", run, clean_visits(3), [photo_loss], view=seen)
        visits = prior.schedule.visits(8, 0.5)
        gain = lambda: made.append("gain") or torch.tensor([0.01])  # noqa: E731
        guide, first = Single(prior.embed(["cube"])), lambda step: 0
        yield Stage("draw", run, visits, [thin], guide, fresh, gain=gain, view=first, inner=2)
        yield Stage("draw again", run, prior.schedule.visits(4, 0.5), [thin], guide, view=first)
        return field.planes.detach()

    return optimize(prior, stages(), control)


@pytest.mark.parametrize("killed", range(1, 13))
def test_a_killed_run_goes_on_to_the_same_bytes_and_makes_nothing_twice(killed: int) -> None:
    saved: list[dict[str, Tensor]] = []
    whole = two_fields(RunControl(on_checkpoint=saved.append), GaussianPrior(MEANS, std=0.3), [])
    assert [int(tensors["stage"]) for tensors in saved] == [0] * 3 + [1] * 3 + [2] * 4 + [3] * 2
    again: list[dict[str, Tensor]] = []
    made: list[str] = []
    prior = GaussianPrior(MEANS, std=0.3)
    resumed = two_fields(RunControl(saved[killed - 1], on_checkpoint=again.append), prior, made)
    assert torch.equal(resumed, whole)
    assert len(again) == 12 - killed
    assert made == ["grown"] * (killed <= 3) + ["gain"] * (killed <= 6)
    assert prior.evaluations == min(6, 12 - killed)
    for one, other in zip(again, saved[killed:], strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_run_is_cancelled_behind_a_step_with_its_checkpoint() -> None:
    saved: list[dict[str, Tensor]] = []
    control = RunControl(on_checkpoint=saved.append, cancelled=lambda: len(saved) == 5)
    with pytest.raises(Cancelled, match="stage 'photos again' after step 2 of 3"):
        two_fields(control, GaussianPrior(MEANS, std=0.3), [])
    whole = two_fields(RunControl(), GaussianPrior(MEANS, std=0.3), [])
    assert torch.equal(two_fields(RunControl(saved[-1]), GaussianPrior(MEANS, std=0.3), []), whole)


def test_without_a_prior_nothing_is_encoded_or_drawn_from_the_streams() -> None:
    pixels = TensorGenerator(torch.zeros(1, 3, 4, 4))
    run = run_of(pixels)
    before = run.noise.get_state()
    optimize(None, [Stage("fit", run, clean_visits(2), [lambda rendering, z, pred, step: rendering.image.sum()])])
    assert torch.equal(run.noise.get_state(), before)
    assert float(pixels.psi.detach().max()) < 0


def test_checkpoints_of_other_runs_are_refused() -> None:
    saved: list[dict[str, Tensor]] = []
    two_fields(RunControl(on_checkpoint=saved.append), GaussianPrior(MEANS, std=0.3), [])

    def resume(tensors: dict[str, Tensor]) -> None:
        two_fields(RunControl(tensors), GaussianPrior(MEANS, std=0.3), [])

    for missing in ("stage", "gain", "taken", "counter.count", "psi.0", "z"):
        with pytest.raises(InputError, match=f"lacks {missing}"):
            resume({name: tensor for name, tensor in saved[-1].items() if name != missing})
    with pytest.raises(InputError, match="stage 6 of a run of 4"):
        resume(saved[-1] | {"stage": torch.tensor(5)})
    with pytest.raises(InputError, match="another generator"):
        resume(saved[-1] | {"psi.0": torch.zeros(2, 2)})


def test_visits_without_a_prior_are_clean() -> None:
    visits = clean_visits(3)
    assert [(step.index, step.a, step.b, step.a_next, step.b_next) for step in visits] == [
        (k, 1.0, 0.0, 1.0, 0.0) for k in range(3)
    ]
