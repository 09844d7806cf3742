"""Algorithm 4 against the released update written out longhand, and what users rely on, on the exact prior."""

import dataclasses
import math
from typing import NamedTuple

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.core.loop import dream_sample
from dreamsampler.core.noise import Noise
from dreamsampler.core.state import State
from dreamsampler.core.types import Step
from dreamsampler.operators import degrade, downsample
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.steering.data_consistency import data_steps
from dreamsampler.steering.regions import Where
from dreamsampler.tasks.inpaint import Inpaint, InpaintCase, inpaint
from dreamsampler.tasks.restore import restore

N = 30
SIZE = (8, 8)


@pytest.fixture
def world() -> GaussianPrior:
    """The null prompt's pictures have two modes, so that the network is not linear; each prompt has one."""
    generator = torch.Generator().manual_seed(0)
    m = [0.5 * torch.randn(3, *SIZE, generator=generator, dtype=torch.float64) for _ in range(4)]
    return GaussianPrior({"": torch.stack(m[:2]), "glasses": m[2], "smile": m[3]}, 0.4)


@pytest.fixture
def pictures() -> torch.Tensor:
    return 0.5 * torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def hole(rows: slice, cols: slice) -> torch.Tensor:
    mask = torch.zeros(1, 1, *SIZE, dtype=torch.float64)
    mask[..., rows, cols] = 1
    return mask


EYES, MOUTH = hole(slice(1, 4), slice(1, 7)), hole(slice(5, 7), slice(2, 6))
OVERLAPPING = hole(slice(3, 7), slice(2, 6))


def released(prior, picture, known, prompts, seed, steps=N):
    """The released procedure for one picture, written out: masks are 1 on the known pixels."""

    def answer(z, s, prompt):
        return prior.predict([z], s, [(prompt,)])[0].eps

    noise, all_known = Noise([seed]), math.prod(known)
    y = all_known * (picture + 0.01 * noise.normal(picture))
    visits = prior.schedule.visits(steps)
    z = y
    for s in reversed(visits):  # z stands at the lower level, the network is asked for the upper time
        e = prior.predict([z], s, [("",)])[0].eps
        z = s.a * (z - s.b_next * e) / s.a_next + s.b * e
    for i, s in enumerate(visits):
        a2 = s.a**2
        if i % 3 == 0 and i < 170 * steps / 200:
            e0 = answer(z, s, "")
            clean = (z - s.b * e0) / s.a
            clean_y = torch.where(all_known == 1, (y + 1e-4 * clean) / 1.0001, clean)
            joined = a2 * clean_y + (1 - a2) * clean
            targets = [(z - s.b * answer(z, s, p)) / s.a for p in prompts]
            zbar = all_known * joined + (1 - all_known) * (1 - a2) * joined
            zbar = zbar + sum((1 - k) * a2 * t for k, t in zip(known, targets, strict=True))
            z = s.a_next * zbar + s.b_next * (math.sqrt(1 - a2) * e0 + s.a * noise.normal(z))
        else:
            z = z.detach().requires_grad_()
            e0 = answer(z, s, "")
            clean = (z - s.b * e0) / s.a
            (gradient,) = torch.autograd.grad(torch.linalg.norm(y - all_known * clean), z)
            z = (s.a_next * clean + s.b_next * e0 - s.a_next * gradient).detach()
            zbar = clean.detach()  # the script decodes the estimate before the gradient
    return zbar


@pytest.mark.parametrize(
    ("holes", "prompts"),
    [
        ([EYES], ["glasses"]),
        ([EYES, MOUTH], ["glasses", "smile"]),
        ([EYES, OVERLAPPING], ["glasses", "smile"]),
    ],
    ids=["one mask", "two masks", "two that overlap"],
)
def test_the_released_procedure(world, pictures, holes, prompts):
    known = [1 - h for h in holes]
    expected = torch.cat([released(world, pictures[k : k + 1], known, prompts, seed=5 + k) for k in range(2)])
    ours = inpaint(
        world,
        pictures,
        known,
        prompts,
        known=True,
        composite=False,
        steps=N,
        settings=Inpaint.released(negative_prompt=""),
        seeds=[5, 6],
    )
    torch.testing.assert_close(ours.images, expected, atol=1e-9, rtol=0)


class Recorder:
    """A prior that writes down what it was asked."""

    def __init__(self, prior):
        self.prior, self.schedule, self.space, self.asked = prior, prior.schedule, prior.space, []

    def embed(self, prompts):
        return self.prior.embed(prompts)

    def predict(self, zs, step, conds):
        self.asked.append((zs[0].requires_grad, [cond[0] for cond in conds]))
        return self.prior.predict(zs, step, conds)


class Parts(NamedTuple):
    state: State
    steps: list[Step]
    guide: object
    solve: object
    renoise: object


def parts_of(prior, images, holes, prompts, settings, seeds=None):
    (leg,) = settings(InpaintCase.of(prior, images, holes, prompts, seeds)).legs
    return Parts(leg.start, leg.steps, leg.guide, leg.solve, leg.renoise)


def test_what_a_run_asks_of_the_network(world, pictures):
    """Prompts on every step, but a gradient through the null prompt's answer alone."""
    prior = Recorder(world)
    done = inpaint(prior, pictures, [EYES, MOUTH], ["glasses", "smile"], steps=N)
    expected = []
    for i in range(N):
        at_once = [(False, ["", "glasses", "smile"])]
        expected += at_once if i % 3 == 2 else [(True, [""]), (False, ["glasses", "smile"])]
    assert prior.asked == expected
    world.evaluations = 0
    done = inpaint(world, pictures, [EYES, MOUTH], ["glasses", "smile"], steps=N)
    assert done.receipt.evaluations == world.evaluations == 2 * 3 * N
    prior.asked.clear()
    inpaint(prior, pictures, [EYES], ["glasses"], steps=N, settings=Inpaint(guidance_scale=0.0))
    assert prior.asked == [(i % 3 < 2, [""]) for i in range(N)]


def test_what_a_published_run_asks_of_the_network(world, pictures):
    prior = Recorder(world)
    settings = Inpaint(strength=1.0)
    done = inpaint(world, pictures, [EYES, MOUTH], ["glasses", "smile"], steps=N, settings=settings)
    inpaint(prior, pictures, [EYES, MOUTH], ["glasses", "smile"], steps=N, settings=settings)
    for i, asked in enumerate(prior.asked):
        assert asked == ((False, ["", "glasses", "smile"]) if i % 3 == 2 else (True, [""]))
    assert len(prior.asked) == N
    assert done.receipt.evaluations == 2 * (3 * 10 + N - 10)  # 10 of 30 are data-consistency steps
    prior.asked.clear()
    settings = Inpaint(strength=1.0, inversion="plain")
    inpaint(prior, pictures, [EYES], ["glasses"], steps=N, settings=settings)
    assert prior.asked[:N] == [(False, [""])] * N
    assert len(prior.asked) == 2 * N


def test_guidance_in_a_hole_that_is_everything_is_classifier_free_guidance(world, pictures):
    """Nothing is known, so what is left is DDIM with guidance, its noise partly fresh where a step solves."""
    everything = torch.ones(1, 1, *SIZE, dtype=torch.float64)
    settings = Inpaint(steps=N, guidance_scale=2.5)
    parts = parts_of(world, pictures, [everything], ["glasses"], settings, seeds=[5, 6])
    done = dream_sample(parts.state, world, *parts[1:])
    noise = Noise([5, 6])
    z = noise.normal(pictures) * parts.steps[0].b
    for i, s in enumerate(parts.steps):
        null, cond = (world.predict([z], s, [(p,)])[0] for p in ("", "glasses"))
        z0, eps = (n + 2.5 * (c - n) for n, c in zip(null[:2], cond[:2], strict=True))
        if i % 3 == 2:
            k = math.sqrt(1 - (s.b_next * s.a / (s.a_next * s.b)) ** 2)
            eps = math.sqrt(1 - k * k) * eps + k * noise.normal(z)
        z = s.a_next * z0 + s.b_next * eps
    torch.testing.assert_close(done.z, z, atol=1e-9, rtol=0)


def test_a_run_begins_with_noise_in_the_holes_and_the_noised_picture_around_them(world, pictures):
    parts = parts_of(world, pictures, [EYES], ["glasses"], Inpaint(steps=N), seeds=[5, 6])
    first = world.schedule.visits(N)[0]
    noise = Noise([5, 6]).normal(pictures)
    torch.testing.assert_close(parts.state.z, first.a * (1 - EYES) * pictures + first.b * noise, atol=1e-12, rtol=0)


def test_known_pixels_come_back_bit_for_bit(world, pictures):
    images = pictures.float()
    world32 = dataclasses.replace(world, means={k: v.float() for k, v in world.means.items()})
    for feather in (0, 1):
        result = inpaint(world32, images, [EYES, MOUTH], ["glasses", "smile"], steps=10, feather=feather)
        outside = ((EYES + MOUTH) == 0).expand_as(images)
        assert torch.equal(result.images[outside], images[outside])
        assert not torch.equal(result.images[~outside], images[~outside])
    raw = inpaint(world32, images, [EYES, MOUTH], ["glasses", "smile"], steps=10, composite=False)
    assert torch.equal(raw.images, raw.raw)
    assert not torch.equal(raw.images[outside], images[outside])
    unfeathered = inpaint(world32, images, [EYES, MOUTH], ["glasses", "smile"], steps=10)
    torch.testing.assert_close(unfeathered.images[~outside], raw.images[~outside], atol=1e-6, rtol=0)


def test_twenty_edits_in_a_row_change_no_byte_outside_the_masks(world):
    world = dataclasses.replace(world, means={k: v.float() for k, v in world.means.items()})
    before = torch.randint(0, 256, (1, 3, *SIZE), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)
    after = before
    for k in range(20):
        images = after.float() / 127.5 - 1
        mask, prompt = ((EYES, "glasses"), (MOUTH, "smile"))[k % 2]
        made = inpaint(world, images, [mask], [prompt], steps=6, seeds=[k]).images
        after = ((made.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    outside = ((EYES + MOUTH) == 0).expand_as(before)
    assert torch.equal(after[outside], before[outside])
    assert not torch.equal(after[~outside], before[~outside])


def test_what_is_under_the_mask_is_not_looked_at(world, pictures):
    other = torch.where(EYES == 1, torch.ones_like(pictures), pictures)
    results = [inpaint(world, x, [EYES], ["glasses"], steps=10).images for x in (pictures, other)]
    torch.testing.assert_close(*results, atol=0, rtol=0)


def test_each_hole_turns_to_its_own_prompt(world, pictures):
    """In the hole the distance to its prompt's mean is far below that to the other's."""
    images = inpaint(world, pictures, [EYES, MOUTH], ["glasses", "smile"], steps=60).images

    def distance(mask, prompt):
        return float((((images - world.means[prompt]) * mask) ** 2).sum())

    assert distance(EYES, "glasses") < 0.75 * distance(EYES, "smile")
    assert distance(MOUTH, "smile") < 0.75 * distance(MOUTH, "glasses")


@pytest.mark.parametrize("settings", [Inpaint(guidance_scale=1.0), Inpaint(strength=1.0)])
def test_more_steps_do_not_drive_the_hole_away_from_its_prompt(world, pictures, settings):
    """The prompt's pictures lie within 4.5 standard deviations of their mean, at any number of steps."""
    for steps in (30, 120):
        images = inpaint(world, pictures, [EYES], ["glasses"], steps=steps, composite=False, settings=settings).images
        assert float(((images - world.means["glasses"]) * EYES).abs().max()) < 4.5 * 0.4, steps


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_more_steps_push_no_further(world, pictures, guidance):
    """Neither guidance nor the gradient steps add up: four times the steps, the same distance, a smaller misfit."""
    away, misfit, settings = [], [], Inpaint(guidance_scale=guidance)
    for steps in (120, 480):
        done = inpaint(world, pictures, [EYES], ["glasses"], steps=steps, composite=False, settings=settings)
        away.append(float(((done.images - world.means["glasses"]) * EYES).norm()))
        misfit.append(max(done.misfit))
    assert away[1] < 1.15 * away[0]
    assert misfit[1] < 0.5 * misfit[0] < 0.1


def test_more_steps_do_not_worsen_a_restoration(world):
    mean = world.means["glasses"]
    noise = torch.randn(4, *mean.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    scenes = mean + 0.4 * noise
    small = degrade(scenes, downsample(4), noise=0.02, seeds=[0, 1, 2, 3])
    for steps in (30, 120):
        images = restore(world, small, "glasses", steps=steps).images
        # a sample of the posterior errs by its spread and the scene's own, sqrt(2) of the prior's where y is blind
        assert float((images - scenes).square().mean().sqrt()) < 1.42 * 0.4, steps


def test_an_item_does_not_depend_on_the_batch(world, pictures):
    together = inpaint(world, pictures, [EYES], [["glasses", "smile"]], steps=12, seeds=[3, 4])
    alone = inpaint(world, pictures[1:], [EYES], ["smile"], steps=12, seeds=[4])
    torch.testing.assert_close(together.images[1:], alone.images, atol=1e-10, rtol=0)
    masks = torch.cat([EYES, MOUTH])
    each = inpaint(world, pictures, [masks], ["glasses"], steps=12, seeds=[3, 4])
    alone = inpaint(world, pictures[1:], [MOUTH], ["glasses"], steps=12, seeds=[4])
    torch.testing.assert_close(each.images[1:], alone.images, atol=1e-10, rtol=0)


def test_a_run_resumes_bit_for_bit(world, pictures):
    saved: dict[int, dict[str, torch.Tensor]] = {}
    parts = parts_of(world, pictures, [EYES], ["glasses"], Inpaint(steps=12))
    kept = {k: v.clone() for k, v in parts.state.tensors().items()}
    whole = dream_sample(
        State.from_tensors(kept),
        world,
        *parts[1:],
        on_step=lambda state, step: saved.__setitem__(step.index, {k: v.clone() for k, v in state.tensors().items()}),
    )
    for stop in (0, 6, 7):
        resumed = dream_sample(State.from_tensors(saved[stop]), world, *parts[1:])
        assert torch.equal(resumed.z0, whole.z0)


def test_settings_reach_the_sampler(world, pictures):
    base = inpaint(world, pictures, [EYES], ["glasses"], steps=10, composite=False).images
    for name, value in {
        "inversion": "two-step",
        "strength": 0.3,
        "guidance_scale": 1.0,
        "rho": 0.5,
        "dps": 0.2,
        "period": 2,
        "until": 0.5,
    }.items():
        other = inpaint(
            world, pictures, [EYES], ["glasses"], steps=10, composite=False, settings=Inpaint(**{name: value})
        ).images
        assert not torch.allclose(base, other, atol=1e-6), name
    published = [
        inpaint(world, pictures, [EYES], ["glasses"], steps=10, composite=False, settings=Inpaint(strength=1, eta=eta))
        for eta in (1.0, 0.0)
    ]
    assert not torch.allclose(published[0].images, published[1].images, atol=1e-6)


@pytest.mark.parametrize("settings", [Inpaint(guidance_scale=0.0), Inpaint(strength=0.0)])
def test_guidance_or_strength_zero_ignores_the_prompt(world, pictures, settings):
    results = [inpaint(world, pictures, [EYES], [p], steps=10, settings=settings).images for p in ("glasses", "smile")]
    torch.testing.assert_close(*results, atol=1e-12, rtol=0)


@pytest.mark.parametrize("change", [{"eta": 0.5}, {"overlap": "released"}])
def test_numbers_of_the_published_pull_are_refused_without_it(change):
    with pytest.raises(InputError, match="give a strength"):
        Inpaint(**change)


def test_guidance_is_refused_beside_the_pull_that_replaces_it(world):
    with pytest.raises(InputError, match=r"guidance_scale=3\.0, strength=1\.0"):
        Inpaint(guidance_scale=3.0, strength=1.0)
    small = degrade(world.means["glasses"][None], downsample(2), noise=0.0, seeds=[0])
    with pytest.raises(InputError, match=r"guidance_scale=2\.0, strength=0\.5"):
        restore(world, small, "glasses", steps=4, guidance_scale=2.0, strength=0.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"masks": []}, "at least one"),
        ({"masks": [torch.zeros(1, 1, *SIZE)]}, "covers nothing"),
        ({"masks": [torch.ones(1, 1, 4, 4)]}, "mask 1"),
        ({"masks": [torch.ones(3, 1, *SIZE)]}, "expected \\[1 or 2"),
        ({"masks": [EYES * 2]}, "0 to 1"),
        ({"prompts": ["glasses", "smile"]}, "2 for 1 masks"),
        ({"prompts": [["glasses"] * 3]}, "3 for a batch of 2"),
        ({"prompts": [7]}, "expected strings"),
        ({"feather": -1}, "feather=-1"),
        ({"dps": -1.0}, "dps=-1"),
        ({"strength": 1.0, "eta": 2.0}, "eta=2"),
        ({"guidance_scale": -1.0}, "guidance_scale=-1"),
        ({"period": 0}, "period=0"),
        ({"until": 1.5}, "until=1.5"),
        ({"noise_std": -0.1}, "noise_std=-0.1"),
        ({"rho": -1.0}, "rho=-1"),
        ({"latent_mask": "soft"}, "soft"),
        ({"seeds": [1]}, "seeds"),
        ({"images": torch.full((2, 3, *SIZE), math.nan, dtype=torch.float64)}, "NaN"),
    ],
)
def test_bad_input_is_named(world, pictures, change, message):
    arguments = {"images": pictures, "masks": [EYES], "prompts": ["glasses"], "steps": 4, **change}
    with pytest.raises(InputError, match=message):
        inpaint(world, **arguments)


def test_overlap_and_full_cover_are_noted(world, pictures):
    overlap = inpaint(world, pictures, [EYES, OVERLAPPING], ["glasses", "smile"], steps=3)
    assert any("overlap" in note for note in overlap.receipt.notes)
    whole = inpaint(world, pictures, [torch.ones(1, 1, *SIZE)], ["glasses"], steps=3)
    assert any("whole picture" in note for note in whole.receipt.notes)
    assert bool(torch.isfinite(whole.images).all())


def test_the_released_schedule_at_200_and_at_other_numbers_of_steps():
    def chosen(n):
        where = data_steps(n)
        return [i for i in range(n) if where(Step(i, 0, 1, 0, 0, 1, 0))]

    assert chosen(200) == list(range(0, 170, 3))
    assert len(chosen(200)) == 57
    assert chosen(60)[-1] == 48  # 51 is 85 % of the way: no longer before it


@pytest.mark.parametrize("steps", [7, 8, 9, 30])
@pytest.mark.parametrize("period", [1, 2, 3, 10])
def test_data_consistency_steps_that_go_on_to_the_end_include_the_last_step(steps, period):
    where = data_steps(steps, period, until=1.0)
    chosen = [i for i in range(steps) if where(Step(i, 0, 1, 0, 0, 1, 0))]
    assert chosen[-1] == steps - 1
    assert all(later - earlier == period for earlier, later in zip(chosen[:-1], chosen[1:], strict=True))


def test_the_raw_answer_explains_the_known_pixels_at_any_number_of_steps(world, pictures):
    """The last step is a data-consistency step: what is decoded explains y to the proximal step's weight."""
    for steps in (10, 11, 12):
        raw = inpaint(world, pictures, [EYES], ["glasses"], steps=steps, composite=False).images
        known = (1 - EYES) == 1
        assert float((raw - pictures).mul(known).abs().max()) < 1e-3


def test_holes_that_share_a_latent_cell_cover_the_area_of_their_union(world):
    """Two halves of one cell make a whole: the known picture is pulled in nowhere there."""
    halves = [hole(slice(2, 4), slice(2, 3)), hole(slice(2, 4), slice(3, 4))]
    prior = dataclasses.replace(world, means={p: half(m) for p, m in world.means.items()}, space=HalfSize())
    pictures = torch.zeros(1, 3, *SIZE, dtype=torch.float64)
    parts = parts_of(prior, pictures, halves, ["glasses", "smile"], Inpaint(steps=3))
    terms = [term for when in parts.solve.terms for term in (when.term, when.otherwise)]
    (around,) = [term.mask for term in terms if isinstance(term, Where)]
    assert around[0, 0].tolist() == [[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]


def half(means):
    return torch.nn.functional.avg_pool2d(means, 2)


@dataclasses.dataclass(frozen=True)
class HalfSize:
    """Latents of half the picture's side."""

    channels: int = 3
    factor: int = 2
    multiple: int = 2

    def encode(self, images):
        return half(images)

    def decode(self, z):
        return z.repeat_interleave(2, -1).repeat_interleave(2, -2)

    def latent_shape(self, height, width):
        return self.channels, height // 2, width // 2
