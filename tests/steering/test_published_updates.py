"""The loop against published updates written out longhand, in float64 on the exact prior."""

import dataclasses
import math

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.core.loop import dream_sample
from dreamsampler.core.noise import Noise
from dreamsampler.core.parameterization import KINDS
from dreamsampler.core.schedule import FlowSchedule, TableSchedule
from dreamsampler.core.state import State
from dreamsampler.generators.base import Rendering
from dreamsampler.generators.latent import TensorGenerator
from dreamsampler.steering.guidance import CFG, Branches, Single
from dreamsampler.steering.optimize import Descend, sds_weight
from dreamsampler.steering.renoise import Mix, Replay, fresh, keep
from dreamsampler.steering.solve import Solve, When
from dreamsampler.steering.strength import Constant, GuidanceScale, PaperStrength
from dreamsampler.steering.text import TextPull, share

STEPS = 20


def close(actual, expected, tolerance=1e-12):
    torch.testing.assert_close(actual, expected, atol=tolerance, rtol=0)


def eps_of(prior, z, step, prompt):
    return prior.predict([z], step, [prior.embed([prompt])])[0].eps


def run(prior, z, guide, solve=None, renoise=keep, steps=STEPS, seeds=(5, 6)):
    visits = prior.schedule.visits(steps)
    return dream_sample(State.start(z, list(seeds)), prior, visits, guide, solve or Solve(), renoise)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("schedule", [TableSchedule.scaled_linear(), FlowSchedule(shift=3.0)])
def test_every_parameterization_gives_one_result(gaussian, latent, kind, schedule):
    # a flow path starts at a = 0, where eps-prediction leaves z0 undetermined: stay below it
    prior = dataclasses.replace(gaussian, kind=kind, schedule=schedule)
    reference = dataclasses.replace(gaussian, kind="v", schedule=schedule)
    visits = schedule.visits(STEPS, start=0.9)
    outs = [
        dream_sample(State.start(latent, [0, 1]), p, visits, Single(("target",)), Solve(), keep).z0
        for p in (prior, reference)
    ]
    close(outs[0], outs[1], 1e-10)


def test_ddim(mixture, latent):
    z = latent
    for s in mixture.schedule.visits(STEPS):
        e = eps_of(mixture, z, s, "")
        z = s.a_next * (z - s.b * e) / s.a + s.b_next * e
    close(run(mixture, latent, Single(("",))).z, z)


def test_ancestral_ddim(gaussian, latent):
    """DDIM with eta = 1: sigma = sqrt((1 - a'^2) / (1 - a^2) (1 - a^2 / a'^2))."""
    z, noise = latent, Noise([5, 6])
    visits = gaussian.schedule.visits(STEPS)
    sigma = [math.sqrt((1 - s.a_next**2) / (1 - s.a**2) * (1 - s.a**2 / s.a_next**2)) for s in visits]
    for s, sd in zip(visits, sigma, strict=True):
        e = eps_of(gaussian, z, s, "target")
        z = s.a_next * (z - s.b * e) / s.a + math.sqrt(s.b_next**2 - sd**2) * e + sd * noise.normal(z)
    close(run(gaussian, latent, Single(("target",)), renoise=Mix(lambda s: sigma[s.index] / s.b_next)).z, z)


def test_classifier_free_guidance(gaussian, latent):
    z = latent
    for s in gaussian.schedule.visits(STEPS):
        e0, ec = eps_of(gaussian, z, s, ""), eps_of(gaussian, z, s, "target")
        e = e0 + 7.5 * (ec - e0)
        z = s.a_next * (z - s.b * e) / s.a + s.b_next * e
    close(run(gaussian, latent, CFG(("target",), ("",), 7.5)).z, z, 1e-11)


def test_cfg_plus_plus_two_ways(gaussian, latent):
    z, lam = latent, 0.6
    for s in gaussian.schedule.visits(STEPS):
        e0, ec = eps_of(gaussian, z, s, ""), eps_of(gaussian, z, s, "target")
        e = e0 + lam * (ec - e0)
        z = s.a_next * (z - s.b * e) / s.a + s.b_next * e0
    close(run(gaussian, latent, CFG(("target",), ("",), lam, renoise="uncond")).z, z)
    pull = Solve((TextPull((Constant(lam),)),))
    close(run(gaussian, latent, Branches(("",), (("target",),)), pull).z, z)


@pytest.mark.parametrize("shift", [0, -1])
def test_released_dream_edit(gaussian, latent, shift):
    """noise for z0: eps_0 + c abar (eps_c - eps_0); noise put back: eps_0."""
    prior = dataclasses.replace(gaussian, schedule=TableSchedule.scaled_linear(index_shift=shift))
    z, c = latent, 0.2
    for s in prior.schedule.visits(STEPS):
        e0, ec = eps_of(prior, z, s, ""), eps_of(prior, z, s, "target")
        e = e0 + c * s.a**2 * (ec - e0)
        z = s.a_next * (z - s.b * e) / s.a + s.b_next * e0
    pull = TextPull((PaperStrength(c),))
    close(run(prior, latent, Branches(("",), (("target",),), pull.active), Solve((pull,))).z, z)


def test_several_masks(gaussian, latent):
    """Eq. 19: zbar = z_0 + sum_i gamma M_i (z_ci - z_0)."""
    m1, m2 = torch.zeros(1, 1, 6, 6, dtype=torch.float64), torch.zeros(1, 1, 6, 6, dtype=torch.float64)
    m1[..., :4, :], m2[..., 2:, :3] = 1.0, 0.5
    total = (m1 + m2).clamp_min(1)
    z, c = latent, 0.7
    for s in gaussian.schedule.visits(STEPS):
        e0 = eps_of(gaussian, z, s, "")
        z00 = (z - s.b * e0) / s.a
        zbar = z00
        for mask, prompt in ((m1, "target"), (m2, "other")):
            estimate = (z - s.b * eps_of(gaussian, z, s, prompt)) / s.a
            zbar = zbar + c * s.a**2 * mask / total * (estimate - z00)
        z = s.a_next * zbar + s.b_next * e0
    pull = TextPull((PaperStrength(c),) * 2, share([m1, m2]))
    close(run(gaussian, latent, Branches(("",), (("target",), ("other",))), Solve((pull,))).z, z, 1e-11)


def test_theorem_against_a_numeric_minimizer(latent):
    """argmin |z - z0|^2 + lam |z - zc|^2 = z0 + gamma (zc - z0), gamma = lam / (1 + lam)."""
    z0, zc, lam = latent[:1], latent[1:], 1.7
    z = z0.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS([z], max_iter=50, tolerance_grad=1e-14, tolerance_change=1e-16)

    def loss():
        optimizer.zero_grad()
        value = ((z - z0) ** 2).sum() + lam * ((z - zc) ** 2).sum()
        value.backward()
        return value

    optimizer.step(loss)
    from dreamsampler.core.types import Prediction

    pull = TextPull((Constant(lam / (1 + lam)),))
    close(pull(z0, Prediction(z0, z0, (zc,)), None, None), z.detach(), 1e-8)


def test_guidance_scale_weight_is_classifier_free_guidance(gaussian, latent):
    """gamma_t = w (s - s') / s with the base's noise put back is CFG of scale w."""
    pull = TextPull((GuidanceScale(4.0),))
    ours = run(gaussian, latent, Branches(("",), (("target",),)), Solve((pull,))).z
    close(ours, run(gaussian, latent, CFG(("target",), ("",), 4.0)).z, 1e-10)


def test_score_distillation(gaussian, latent):
    """SDS with w(t) = b^2: z <- z - lr b^2 (eps_hat - xi), fresh noise at random visits."""
    lr, noise = 0.05, Noise([7, 8])
    times = [round(20 + 960 * u) for u in torch.rand(30, generator=torch.Generator().manual_seed(2)).tolist()]
    from dreamsampler.core.schedule import link

    visits = link([(float(t), *gaussian.schedule.ab(t)) for t in times])
    z0 = latent.clone()
    xi = noise.normal(z0)
    begin = visits[0].a * z0 + visits[0].b * xi
    for s in visits:
        z0 = z0 - lr * s.b**2 * (eps_of(gaussian, s.a * z0 + s.b * xi, s, "target") - xi)
        xi = noise.normal(z0)
    generator = TensorGenerator(latent)
    solve = Descend(
        generator,
        lambda image: image,
        torch.optim.SGD(generator.parameters(), lr=lr),
        weight=sds_weight(lambda s: s.b**2),
    )
    stream = Noise([7, 8])
    stream.normal(latent)
    dream_sample(State.start(begin, stream, z0=latent), gaussian, visits, Single(("target",)), solve, fresh)
    close(generator.psi.detach(), z0, 1e-11)


def test_generator_descent_reaches_the_projection(gaussian, latent):
    """Algorithm 2 with g linear: many inner steps equal the least-squares projection of the estimate."""
    basis = torch.randn(5, 4 * 6 * 6, generator=torch.Generator().manual_seed(3), dtype=torch.float64) / 12

    class Linear(TensorGenerator):
        def render(self, view=None):
            return Rendering((self.psi @ basis).view(2, 4, 6, 6))

    class Projection:
        def needs_prior_grad(self, step):
            return False

        def __call__(self, pred, state, step):
            flat = pred.z0.flatten(1)
            return (flat @ torch.linalg.pinv(basis) @ basis).view_as(pred.z0)

    generator = Linear(torch.zeros(2, 5, dtype=torch.float64))
    rate = 1.0 / float(torch.linalg.matrix_norm(basis @ basis.T, 2))
    solve = Descend(generator, lambda x: x, torch.optim.SGD(generator.parameters(), lr=rate), inner=60)
    guide = Single(("target",))
    close(run(gaussian, latent, guide, solve, steps=6).z0, run(gaussian, latent, guide, Projection(), steps=6).z0, 1e-6)


def test_descent_goes_on_bit_for_bit(gaussian, latent):
    def parts():
        generator = TensorGenerator(torch.zeros_like(latent))
        return generator, Descend(generator, lambda x: x, torch.optim.Adam(generator.parameters(), lr=0.1))

    steps, guide = gaussian.schedule.visits(8), CFG(("target",), ("",), 3.0)
    start = State.start(latent, [0, 1])
    generator, solve = parts()
    dream_sample(start, gaussian, steps, guide, solve, keep)
    _, first = parts()
    middle = dream_sample(start, gaussian, steps[:5], guide, first, keep)
    again, second = parts()
    second.restore(first.tensors())
    dream_sample(State.from_tensors(middle.tensors()), gaussian, steps, guide, second, keep)
    assert torch.equal(again.psi, generator.psi)


def test_replayed_noise_reconstructs(gaussian, latent):
    """Edit-friendly inversion: noise maps extracted under the source prompt lead back to the picture."""
    visits, noise = gaussian.schedule.visits(STEPS), Noise([1, 2])
    xs = [s.a * latent + s.b * noise.normal(latent) for s in visits]
    maps = []
    for s, here, there in zip(visits[:-1], xs[:-1], xs[1:], strict=True):
        z0 = gaussian.predict([here], s, [("source",)])[0].z0
        maps.append((there - s.a_next * z0) / s.b_next)
    out = dream_sample(State.start(xs[0], [0, 1]), gaussian, visits[:-1], Single(("source",)), Solve(), Replay(maps))
    close(out.z, xs[-1], 1e-9)
    with pytest.raises(InputError, match="noise maps"):
        dream_sample(State.start(xs[0], [0, 1]), gaussian, visits, Single(("source",)), Solve(), Replay(maps))


@pytest.mark.parametrize("k", [0.0, 0.3, 1.0])
def test_mixed_noise_keeps_unit_variance(k, latent):
    from dreamsampler.core.types import Prediction

    eps = torch.randn(1, 200_000, generator=torch.Generator().manual_seed(4))
    out = Mix(k)(Prediction(eps, eps), eps, State.start(eps, [0]), None)
    assert float(out.var()) == pytest.approx(1.0, abs=0.02)


def test_mix_refuses_an_impossible_share(latent):
    from dreamsampler.core.types import Prediction

    with pytest.raises(InputError, match="share of fresh noise"):
        Mix(lambda s: 1.5)(
            Prediction(latent, latent), latent, State.start(latent, [0, 1]), TableSchedule.scaled_linear().visits(3)[0]
        )


def test_when_switches_terms(gaussian, latent):
    always = TextPull((Constant(0.5),))
    solve = Solve((When(lambda s: s.index % 2 == 0, always),))
    expected = Solve((TextPull((lambda s: 0.5 if s.index % 2 == 0 else 0.0,)),))
    guide = Branches(("",), (("target",),))
    close(run(gaussian, latent, guide, solve).z, run(gaussian, latent, guide, expected).z)


def test_no_evaluation_is_multiplied_by_zero(gaussian, latent):
    def cost(guide, solve=None):
        before = gaussian.evaluations
        run(gaussian, latent, guide, solve, steps=10)
        return (gaussian.evaluations - before) // (10 * len(latent))

    assert cost(CFG(("target",), ("",), 7.5)) == 2
    assert cost(CFG(("target",), ("",), 1.0)) == 1
    assert cost(CFG(("target",), ("",), 0.0)) == 1
    assert cost(CFG(("target",), ("",), 0.0, renoise="uncond")) == 1
    idle = TextPull((Constant(0.0),) * 2)
    assert cost(Branches(("",), (("target",), ("other",)), idle.active), Solve((idle,))) == 1
    pull = TextPull((Constant(0.1),) * 2)
    assert cost(Branches(("",), (("target",), ("other",)), pull.active), Solve((pull,))) == 3
