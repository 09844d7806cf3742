"""Each inverse-problem method against its published update, longhand."""

import dataclasses
import math

import pytest
import torch
from tests.methods.bent import (  # noqa: F401
    SIZE,
    N,
    bent_world,
    ddim,
    down2,
    drawn_scenes,
    eps_at,
    guided,
    half_size,
    norm,
    parts_of,
    plan_of,
    start,
    up2,
    with_hole,
)

from dreamsampler.core.loop import dream_sample
from dreamsampler.core.schedule import FlowSchedule
from dreamsampler.core.state import State
from dreamsampler.methods.inverse.ddnm import Projection
from dreamsampler.methods.inverse.flowdps import LatentDescent
from dreamsampler.methods.inverse.resample import HardConsistency
from dreamsampler.operators import degrade, downsample, gaussian_blur, prox, pseudo_inverse
from dreamsampler.priors.gaussian import IdentitySpace
from dreamsampler.tasks.restore import NEGATION


def longhand_latent_dps(prior, m, z, noise, visits):
    for s in visits:
        z = z.detach().requires_grad_()
        e = guided(prior, z, s, 2.0)
        z0 = (z - s.b * e) / s.a
        (g,) = torch.autograd.grad(norm(m.y - down2(prior.space.decode(z0))), z)
        sd = math.sqrt((1 - s.a_next**2) / (1 - s.a**2) * (1 - s.a**2 / s.a_next**2))
        z = s.a_next * z0 + math.sqrt(s.b_next**2 - sd**2) * e + sd * noise.normal(z) - 0.7 * g
        z = z.detach()
    return z0.detach()


def longhand_psld(prior, m, z, noise, visits):
    for s in visits:
        z = z.detach().requires_grad_()
        e = eps_at(prior, z, s, "cat")
        z0 = (z - s.b * e) / s.a
        x = prior.space.decode(z0)
        # box downsampling by 2: A A^T = I / 4, so A^+ = 4 A^T
        glued = x + 4 * up2(m.y - down2(x))
        loss = 0.8 * norm(m.y - down2(x)) + 0.3 * norm(z0 - prior.space.encode(glued))
        (g,) = torch.autograd.grad(loss, z)
        z = (ddim(s, z0, e) - g).detach()
    return z0.detach()


def longhand_treg(prior, m, z, noise, visits):
    for i, s in enumerate(visits):
        e = guided(prior, z, s, 4.0, null=NEGATION)
        z0 = (z - s.b * e) / s.a
        if i % 3 == 0 and i < 170 * N / 200:
            x = prior.space.decode(z0)
            # (A^T A + 1e-4) x' = A^T y + 1e-4 x; A^T A = I / 4 on the range of A^T
            x = x + up2(m.y - down2(x)) / (0.25 + 1e-4)
            ab = s.a_next**2
            z0 = ab * prior.space.encode(x) + (1 - ab) * z0
            z = s.a_next * z0 + (1 - ab) * e + s.b_next * s.a_next * noise.normal(z)
        else:
            z = ddim(s, z0, e)
    return z0


def longhand_diffpir(prior, m, z, noise, visits):
    for s in visits:
        e = eps_at(prior, z, s, "cat")
        # the released code's domain: picture, measurement and sigma in [0, 1]
        x, y, sigma = prior.space.decode((z - s.b * e) / s.a) / 2 + 0.5, m.y / 2 + 0.5, 0.05 / 2
        rho = 3.0 * sigma**2 / ((1 - s.a**2) / s.a**2)
        x = x + up2(y - down2(x)) / (0.25 + rho)
        z0 = prior.space.encode(x * 2 - 1)
        e = (z - s.a * z0) / s.b
        z = s.a_next * z0 + s.b_next * (math.sqrt(1 - 0.3) * e + math.sqrt(0.3) * noise.normal(z))
    return z0


def longhand_ddnm(prior, m, z, noise, visits, eta=0.85, sigma=0.05):
    """DDNM+ in the basis of A's singular vectors: box downsampling by 2 has s = 1/2 on averages of 2 x 2, else 0."""
    for s in visits:
        e = eps_at(prior, z, s, "cat")
        x = (z - s.b * e) / s.a
        x = prior.space.decode(x)
        seen = lambda v: 4 * up2(down2(v))  # noqa: E731  V V^T
        fits = s.b_next >= s.a_next * sigma / 0.5
        lam = 1.0 if fits else 0.5 * s.b_next * math.sqrt(1 - eta**2) / (s.a_next * sigma)
        z0 = prior.space.encode(x + lam * 4 * up2(m.y - down2(x)))
        xi = noise.normal(z)
        d1 = math.sqrt(s.b_next**2 - (s.a_next * sigma / 0.5) ** 2) if fits else s.b_next * eta
        unseen = s.b_next * (eta * (xi - seen(xi)) + math.sqrt(1 - eta**2) * (e - seen(e)))
        z = s.a_next * z0 + d1 * seen(xi) + unseen
    return z0


def longhand_resample(prior, m, z, noise, visits):
    for i, s in enumerate(visits):
        z = z.detach().requires_grad_()
        e = eps_at(prior, z, s, "cat")
        z0 = (z - s.b * e) / s.a
        (g,) = torch.autograd.grad(norm(m.y - down2(prior.space.decode(z0))), z)
        z0, e, g = z0.detach(), e.detach(), g.detach()
        z = ddim(s, z0, e) - 0.5 * s.a**2 * g
        index = N - 1 - i
        if index == 0:
            return longhand_fit(prior, m, z, pixels=False)
        if index <= N - N // 3 and index % 4 == 0:
            fit = longhand_fit(prior, m, longhand_ahead(prior, z, i, visits), index >= N // 3)
            s2 = 40 * (1 - s.a_next**2) / (1 - s.a**2) * (1 - s.a**2 / s.a_next**2)
            mean = (s2 * s.a_next * fit + (1 - s.a_next**2) * z) / (s2 + 1 - s.a_next**2)
            z = mean + math.sqrt(s2 * (1 - s.a_next**2) / (s2 + 1 - s.a_next**2)) * noise.normal(z)
    raise AssertionError("the last step returns")


def longhand_ahead(prior, z, i, visits):
    for s in visits[i + 1 : i + 6]:
        e = eps_at(prior, z, s, "cat")
        z0 = (z - s.b * e) / s.a
        z = s.a_next * z0 + s.b_next * e
    return z0


def longhand_fit(prior, m, z0, pixels):
    value = (prior.space.decode(z0) if pixels else z0).clone().requires_grad_()
    optimizer = torch.optim.AdamW([value], lr=1e-2 if pixels else 5e-3)
    for _ in range(9 if pixels else 6):
        optimizer.zero_grad()
        (m.y - down2(value if pixels else prior.space.decode(value))).square().flatten(1).mean(1).sum().backward()
        optimizer.step()
    return prior.space.encode(value.detach()) if pixels else value.detach()


def longhand_flowdps(prior, m, z, noise, visits):
    """z = (1 - sigma) z0 + sigma eps; the network gives v = eps - z0."""
    for s in visits:
        sigma, after = s.b, s.b_next
        v0, vc = (p.eps - p.z0 for p in prior.predict([z, z], s, [("",), ("cat",)]))
        v = v0 + 2.0 * (vc - v0)
        x0, x1 = z - sigma * v, z + (1 - sigma) * v
        y0 = x0
        for _ in range(3):
            y0 = y0.detach().requires_grad_()
            # super-resolution: A^+ y and A^+ A x, A^+ = 4 A^T
            (g,) = torch.autograd.grad(norm(4 * up2(m.y) - 4 * up2(down2(prior.space.decode(y0)))), y0)
            y0 = (y0 - 0.5 * g).detach()
        x0 = (1 - sigma) * x0 + sigma * y0
        e = math.sqrt(after) * x1 + math.sqrt(1 - after) * noise.normal(z)
        z = (1 - after) * x0 + after * e
    return x0


CASES = {
    "latent-dps": (longhand_latent_dps, {"guidance_scale": 2.0, "zeta": 0.7, "eta": 1.0}, 2),
    "psld": (longhand_psld, {"omega": 0.8, "gamma": 0.3}, 1),
    "treg": (longhand_treg, {"guidance_scale": 4.0, "negative_prompt": NEGATION}, 2),
    "diffpir": (longhand_diffpir, {"zeta": 0.3, "lam": 3.0}, 1),
    "ddnm": (longhand_ddnm, {}, 1),
    "resample": (longhand_resample, {"every": 4, "pixel_iterations": 9, "latent_iterations": 6}, None),
    "flowdps": (longhand_flowdps, {"rate": 0.5}, 2),
}


@pytest.mark.parametrize("name", CASES)
def test_the_published_update_and_its_exact_cost(name, world, small):
    longhand, options, cost = CASES[name]
    if name == "flowdps":
        world = dataclasses.replace(world, kind="flow", schedule=FlowSchedule(shift=4.0))
    parts = parts_of(name, world, small, "cat", steps=N, seeds=[5, 6], **options)
    z, noise = start()
    before = world.evaluations
    done = dream_sample(parts.state, world, *parts[1:])
    taken = world.evaluations - before
    # what is decoded: released samplers decode the last estimate
    torch.testing.assert_close(done.z0, longhand(world, small, z, noise, parts.steps), atol=1e-9, rtol=0)
    if cost is not None:
        assert taken == 2 * cost * len(parts.steps)


def test_hard_consistency_stops_at_the_noise(world, small):
    visits = world.schedule.visits(N)
    hard = HardConsistency(world, ("cat",), small, visits, pixel=(1e-2, 5000))
    fit = hard._fit(torch.zeros(2, 3, SIZE, SIZE, dtype=torch.float64), in_pixels=True)
    errors = small.residual(fit / 1.05).square().flatten(1).mean(1)  # undo most of the encoder
    assert float(errors.max()) < 4 * small.sigma**2
    assert float(errors.min()) > 0.2 * small.sigma**2


def guided_eps(world, z, s, guidance):
    eps = eps_at(world, z, s, "cat")
    if guidance == 1.0:
        return eps
    null = eps_at(world, z, s, "")
    return null + guidance * (eps - null)


@pytest.mark.parametrize("guidance", [1.0, 2.5])
@pytest.mark.parametrize("begin", ["guess", "noise"])
def test_sampled_restoration_longhand_and_its_cost(world, small, guidance, begin):
    """x0 = E[x | z_t, y] with v_t for the variance of x given z_t; the noise it implies goes back, 0.3 of it fresh."""
    steps, sigma = 40, 0.05
    parts = parts_of(
        "dreamsampler", world, small, "cat", guidance_scale=guidance, steps=steps, begin=begin, seeds=[5, 6]
    )
    visits = world.schedule.visits(steps)
    guess = small.first_guess()
    lost = (world.space.decode(world.space.encode(guess)) - guess).square().mean((1, 2, 3))
    z, noise = start()
    if begin == "guess":
        visits = visits[-24:]
        z = visits[0].a * world.space.encode(guess) + visits[0].b * z
    for s in visits:
        z0 = (z - s.b * guided_eps(world, z, s, guidance)) / s.a
        v = 0.5 * (s.b / s.a) ** 2 / (1 + (s.b / s.a) ** 2) + 16 * lost
        x = world.space.decode(z0)
        each = [prox(small.operator, small.y[k : k + 1], x[k : k + 1], sigma**2 / float(v[k])) for k in range(2)]
        z0 = world.space.encode(torch.cat(each))
        eps = math.sqrt(0.7) * (z - s.a * z0) / s.b + math.sqrt(0.3) * noise.normal(z)
        z = s.a_next * z0 + s.b_next * eps
    before = world.evaluations
    done = dream_sample(parts.state, world, *parts[1:])
    torch.testing.assert_close(done.z, z, atol=1e-9, rtol=0)
    assert world.evaluations - before == 2 * len(visits) * (1 if guidance == 1.0 else 2)


@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_deterministic_restoration_longhand_and_its_cost(world, small, guidance):
    """The prompt's estimate, the data's explanation of it, the noise that both imply; shorter DPS steps between."""
    steps, rho = 120, 4 * 0.05**2
    plan = plan_of(
        "dreamsampler", world, small, "cat", guidance_scale=guidance, steps=steps, begin="inversion", seeds=[5, 6]
    )
    up, down = plan.legs
    assert up.phase == "invert"
    z, _ = start()
    first = State.start(z, [5, 6])
    for i, s in enumerate(world.schedule.visits(steps)):
        solving = i % 3 == (steps - 1) % 3  # counted from the end, so that the last step is one
        z = z.detach().requires_grad_(not solving)
        eps = guided_eps(world, z, s, guidance)
        z0 = (z - s.b * eps) / s.a
        if solving:
            z0 = world.space.encode(prox(small.operator, small.y, world.space.decode(z0), rho))
            eps = (z - s.a * z0) / s.b
        else:
            (g,) = torch.autograd.grad(norm(small.y - down2(world.space.decode(z0))), z)
            z0 = z0 - g * 100 / 120
        z = (s.a_next * z0 + s.b_next * eps).detach()
    before = world.evaluations
    done = dream_sample(first, world, down.steps, down.guide, down.solve, down.renoise)
    torch.testing.assert_close(done.z, z, atol=1e-4, rtol=0)
    assert world.evaluations - before == 2 * steps * (1 if guidance == 1.0 else 2)


def test_published_restoration_longhand(world, small):
    """Pull to the data, then to the prompt (Algorithm 4's order), fresh noise; DPS between."""
    steps, c, rho = N, 0.5, 4 * 0.05**2
    prior = world
    parts = parts_of(
        "dreamsampler",
        prior,
        small,
        "cat",
        negative_prompt=NEGATION,
        steps=steps,
        strength=c,
        begin="noise",
        until=0.85,
        seeds=[5, 6],
    )
    z, noise = start()
    for i, s in enumerate(prior.schedule.visits(steps)):
        a2 = s.a**2
        if i % 3 == 0 and i < 0.85 * steps:
            e0 = eps_at(prior, z, s, NEGATION)
            z0 = (z - s.b * e0) / s.a
            target = (z - s.b * eps_at(prior, z, s, "cat")) / s.a
            x = prox(small.operator, small.y, prior.space.decode(z0), rho)
            z0 = z0 + a2 * (prior.space.encode(x) - z0)
            z0 = z0 + c * a2 * (target - z0)
            z = s.a_next * z0 + s.b_next * (math.sqrt(1 - a2) * e0 + s.a * noise.normal(z))
        else:
            z = z.detach().requires_grad_()
            e0 = eps_at(prior, z, s, NEGATION)
            z0 = (z - s.b * e0) / s.a
            (g,) = torch.autograd.grad(norm(small.y - down2(prior.space.decode(z0))), z)
            z = (s.a_next * (z0 - g) + s.b_next * e0).detach()
    torch.testing.assert_close(dream_sample(parts.state, prior, *parts[1:]).z0, z0.detach(), atol=1e-10, rtol=0)


def test_ddnm_drops_the_singular_values_that_the_released_operators_drop(world):
    """Each axis of a blur by itself: below 0.03 of one axis nothing is inverted, whatever the product is."""
    blur = gaussian_blur(1.5, 9)
    m = degrade(0.5 * torch.ones(1, 3, SIZE, SIZE, dtype=torch.float64), blur, 0.0)
    z0 = torch.randn(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    made = Projection(m, IdentitySpace(), 0.85)(z0, None, None, world.schedule.visits(N)[3])
    axis = blur.rows.matrix(SIZE).double()
    u, s, vh = torch.linalg.svd(axis)
    assert 0 < int((s < 0.03).sum()) < SIZE
    inverse = vh.mT @ torch.diag(torch.where(s < 0.03, 0.0, 1 / s)) @ u.mT
    expected = z0 + inverse @ (m.y - axis @ z0 @ axis.mT) @ inverse.mT
    torch.testing.assert_close(made, expected, atol=1e-9, rtol=0)


def test_flowdps_takes_the_adjoint_where_nothing_is_downsampled(world, scenes):
    for operator, inverts in ((gaussian_blur(1.0, 5), False), (downsample(2, "box"), True)):
        m = degrade(scenes, operator, 0.05, [7, 8])
        x = torch.zeros_like(scenes)
        back = pseudo_inverse(operator, m.residual(x), 0.1) if inverts else operator.adjoint(m.residual(x))
        loss = LatentDescent(m, IdentitySpace())._loss(x)
        torch.testing.assert_close(loss, back.flatten(1).norm(dim=1), atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", ["psld", "latent-dps"])
def test_no_gradient_is_taken_whose_latent_is_never_seen(name, world, small):
    """What is decoded is the last estimate: a gradient on the last step would not reach the picture."""
    parts = parts_of(name, world, small, "cat", steps=N, seeds=[5, 6])
    assert [parts.solve.needs_prior_grad(step) for step in parts.steps] == [True] * (N - 1) + [False]
