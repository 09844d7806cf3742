"""Inverse-problem methods that walk up and down or learn a prompt, against what they publish."""

import math

import pytest
import torch
from tests.methods.bent import (  # noqa: F401
    SIZE,
    N,
    TokenPrior,
    Tokens,
    bent_world,
    down2,
    drawn_scenes,
    eps_at,
    half_size,
    norm,
    parts_of,
    plan_of,
    start,
    up2,
    with_hole,
)

from dreamsampler.core.errors import InputError
from dreamsampler.core.loop import dream_sample
from dreamsampler.core.state import State
from dreamsampler.methods.inverse.p2l import TunedPrompt
from dreamsampler.methods.inverse.repaint import walk
from dreamsampler.methods.run import restore_with
from dreamsampler.operators import Mask, Measurement
from dreamsampler.priors.gaussian import GaussianPrior


def test_repaint_composites_every_level(world, masked):
    """Without jumps: known part a' z_y + b' xi, hole ancestral, merged."""
    z, noise = start()
    parts = parts_of("repaint", world, masked, "cat", steps=N, resample=1, seeds=[5, 6])
    hole = torch.zeros(1, 1, SIZE, SIZE, dtype=torch.float64)
    hole[..., 1:4, 2:5] = 1
    anchor = world.space.encode(masked.y)
    for s in world.schedule.visits(N):
        e = eps_at(world, z, s, "cat")
        sd = math.sqrt((1 - s.a_next**2) / (1 - s.a**2) * (1 - s.a**2 / s.a_next**2))
        # the known part's noise is drawn first
        known = s.a_next * anchor + s.b_next * noise.normal(z)
        unknown = s.a_next * (z - s.b * e) / s.a + math.sqrt(s.b_next**2 - sd**2) * e + sd * noise.normal(z)
        z = hole * unknown + (1 - hole) * known
    torch.testing.assert_close(dream_sample(parts.state, world, *parts[1:]).z, z, atol=1e-10, rtol=0)


def test_repaint_walks_up_and_down_as_published():
    visits = GaussianPrior({"": torch.zeros(1, 1, 1)}).schedule.visits(250)
    path = walk(visits, 10, 10)
    assert len(path.steps) == 250 + 24 * 9 * 10
    # a jump lands 10 levels above the one that the sampler stepped to
    level = {s.t: k for k, s in enumerate(visits)} | {visits[-1].t_next: 250}
    moves = [level[s.t_next] - level[s.t] for s in path.steps]
    assert set(moves) == {1, 1 - 10}
    assert moves.count(1 - 10) == 24 * 9
    assert path.steps[-1].t_next == visits[-1].t_next


def test_a_repaint_jump_is_ancestral_sampling_followed_by_diffusion():
    """Share of the estimated noise, and total variance, after x_t' ~ ancestral, x_t'' ~ q(x_t'' | x_t')."""
    visits = GaussianPrior({"": torch.zeros(1, 1, 1)}).schedule.visits(20)
    path = walk(visits, 5, 2)
    k = next(k for k, s in enumerate(path.steps) if s.a_next < s.a)
    jump, low = path.steps[k], next(s for s in visits if s.t == path.steps[k].t)
    sd = math.sqrt((1 - low.a_next**2) / (1 - low.a**2) * (1 - low.a**2 / low.a_next**2))
    shrink = jump.a_next / low.a_next
    kept = shrink * math.sqrt(low.b_next**2 - sd**2)
    fresh = shrink**2 * sd**2 + 1 - shrink**2
    assert jump.b_next * path.kept[k] == pytest.approx(kept, rel=1e-12)
    assert jump.b_next**2 * (1 - path.kept[k] ** 2) == pytest.approx(fresh, rel=1e-12)


def test_p2l_tunes_the_prompt_as_published(world, small):
    prior = TokenPrior(world)
    parts = parts_of("p2l", prior, small, "cat", steps=N, rate=0.05, tune=2, zeta=0.4, every=3, rho=0.2, seeds=[5, 6])
    z, _ = start()
    text = prior.embed(["cat"]).text.float().expand(2, -1, -1).clone().requires_grad_()
    optimizer = torch.optim.Adam([text], lr=0.05)
    for i, s in enumerate(prior.schedule.visits(N)):
        for _ in range(2):
            optimizer.zero_grad()
            estimate = prior.predict([z.detach()], s, [Tokens(text.double())])[0].z0
            (small.y - down2(prior.space.decode(estimate))).square().sum().backward()
            optimizer.step()
        z = z.detach().requires_grad_()
        pred = prior.predict([z], s, [Tokens(text.detach().double())])[0]
        (g,) = torch.autograd.grad(norm(small.y - down2(prior.space.decode(pred.z0))), z)
        z0 = pred.z0.detach() - 0.4 / s.a_next * g
        if i % 3 == 2:
            x = prior.space.decode(z0)
            z0 = prior.space.encode(x + up2(small.y - down2(x)) / (0.25 + 0.2))
        z = (s.a_next * z0 + s.b_next * pred.eps).detach()
    before = prior.evaluations
    done = dream_sample(parts.state, prior, *parts[1:])
    torch.testing.assert_close(done.z, z, atol=1e-6, rtol=0)
    assert prior.evaluations - before == 2 * 3 * N
    torch.testing.assert_close(done.learned.get("tuned prompt"), text.detach(), atol=1e-6, rtol=0)
    assert float((text.detach() - prior.embed(["cat"]).text).abs().max()) > 0.1
    # the parts hold nothing of the run: it can be made again
    assert torch.equal(dream_sample(State.start(parts.state.z, [5, 6]), prior, *parts[1:]).z, done.z)


def test_adaptive_negation_turns_the_negative_prompt_away_from_what_is_seen(world, small):
    prior = TokenPrior(world)
    seen = []

    def features(picture):
        seen.append(picture)
        return picture.flatten(1)[:, :4] + 1

    common = {"steps": N, "seeds": [5, 6], "guidance_scale": 3.0}
    parts = parts_of("treg", prior, small, "cat", features=features, rate=0.05, **common)
    before = parts.guide.null.text
    done = dream_sample(parts.state, prior, *parts[1:])
    after = parts.guide.adapted(done.learned).text
    assert parts.guide.null.text is before
    assert len(seen) == 4  # steps 0, 3, 6, 9
    assert seen[0].shape == (2, 3, SIZE, SIZE)

    def similarity(tokens):
        unit = torch.nn.functional.normalize(features(seen[-1]), dim=-1)
        return float((tokens.double() * unit[:, None]).sum(-1).mean())

    assert similarity(after) < similarity(before.expand(2, -1, -1)) - 0.1
    with pytest.raises(InputError, match="no embedding to adapt"):
        parts_of("treg", world, small, "cat", features=features, **common)
    parts = parts_of("treg", prior, small, "cat", features=lambda x: x.flatten(1)[:, :7], **common)
    with pytest.raises(InputError, match="must agree"):
        dream_sample(parts.state, prior, *parts[1:])


def test_adaptive_negation_takes_the_inner_product_of_the_released_code(world, small):
    """sim = normalized image features @ tokens^T, its mean, a new Adam each time: tokens are not normalized."""
    prior = TokenPrior(world)
    features = lambda picture: picture.flatten(1)[:, :4] + 1  # noqa: E731
    leg = plan_of("treg", prior, small, "cat", [5, 6], steps=3, features=features, rate=0.05, guidance_scale=3.0).legs[
        0
    ]
    state = dream_sample(leg.start, prior, leg.steps[:1], leg.guide, leg.solve, leg.renoise)
    # the picture of the first data step, made anew
    s, z = leg.steps[0], leg.start.z
    null, cond = prior.predict([z, z], s, [leg.guide.null, leg.guide.cond])
    picture = leg.solve.terms[0].term.pull.explain(null.z0 + 3.0 * (cond.z0 - null.z0), s)
    image = features(picture).float()
    image = image / image.norm(dim=1, keepdim=True)
    tokens = leg.guide.null.text.float().expand(2, -1, -1).clone().requires_grad_()
    optimizer = torch.optim.Adam([tokens], lr=0.05)
    for _ in range(10):
        optimizer.zero_grad()
        (image[:, None] @ tokens.mT).mean().backward()
        optimizer.step()
    torch.testing.assert_close(leg.guide.adapted(state.learned).text.float(), tokens.detach(), atol=1e-4, rtol=0)


def test_p2l_needs_an_embedding(world, small):
    with pytest.raises(InputError, match="no embedding to tune"):
        TunedPrompt(("cat",), small)


def test_a_mask_given_as_a_tensor_serves_repaint(world, scenes, masked):
    hole = torch.zeros(1, 1, SIZE, SIZE, dtype=torch.float64)
    hole[..., 1:4, 2:5] = 1
    m = Measurement(Mask.hole(hole), masked.y)
    results = [restore_with("repaint", world, x, "cat", steps=N, jump=3, resample=2, seeds=[1, 2]) for x in (m, masked)]
    torch.testing.assert_close(results[0].images, results[1].images, atol=0, rtol=0)
