"""Each inverse-problem method against its published update, longhand, and what all of them promise.

The prior is a mixture (its network is not linear) and the latent space is neither linear nor its own inverse, so that
every decoding, encoding and gradient must stand where the method has it.
"""

import dataclasses
import math
from dataclasses import dataclass

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.core.loop import dream_sample
from dreamsampler.core.rng import Noise
from dreamsampler.core.schedule import FlowSchedule
from dreamsampler.core.state import State
from dreamsampler.core.types import Prediction
from dreamsampler.methods.inverse import RESTORING, load_restorer, restore_with
from dreamsampler.methods.p2l import TunedPrompt
from dreamsampler.methods.repaint import walk
from dreamsampler.methods.resample import HardConsistency
from dreamsampler.operators import Mask, Measurement, RectangleMask, degrade, downsample, prox
from dreamsampler.priors.gaussian import GaussianPrior, IdentitySpace
from dreamsampler.tasks.restore import NEGATION

N = 12
SIZE = 6


@dataclass(frozen=True)
class BentSpace(IdentitySpace):
    """Decoding bends, encoding only roughly undoes it."""

    def decode(self, z):
        return 0.9 * z + 0.1 * torch.sin(z) * z

    def encode(self, x):
        return 1.05 * x - 0.05 * x**3


@pytest.fixture
def world():
    draw = torch.Generator().manual_seed(0)
    m = [0.5 * torch.randn(3, SIZE, SIZE, generator=draw, dtype=torch.float64) for _ in range(4)]
    return GaussianPrior({"": torch.stack(m[:2]), NEGATION: torch.stack(m[1:3]), "cat": m[3]}, 0.4, space=BentSpace())


@pytest.fixture
def scenes():
    return 0.5 * torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.fixture
def small(scenes):
    return degrade(scenes, downsample(2, "box"), 0.05, [7, 8])


@pytest.fixture
def masked(scenes):
    return degrade(scenes, RectangleMask((1, 3), (2, 4)), 0.0, [7, 8])


def down2(x):
    return torch.nn.functional.avg_pool2d(x, 2)


def up2(y):
    """Transpose of `down2`."""
    return y.repeat_interleave(2, -1).repeat_interleave(2, -2) / 4


def eps_at(prior, z, s, prompt):
    return prior.predict([z], s, [(prompt,)])[0].eps


def guided(prior, z, s, w, prompt="cat", null=""):
    e0 = eps_at(prior, z, s, null)
    return e0 + w * (eps_at(prior, z, s, prompt) - e0)


def start(seeds=(5, 6)):
    noise = Noise(seeds)
    return noise.normal(torch.empty(2, 3, SIZE, SIZE, dtype=torch.float64)), noise


def norm(x):
    return x.flatten(1).norm(dim=1).sum()


def ddim(s, z0, e):
    return s.a_next * z0 + s.b_next * e


def longhand_latent_dps(prior, m, z, noise, visits):
    for s in visits:
        z = z.detach().requires_grad_()
        e = guided(prior, z, s, 2.0)
        z0 = (z - s.b * e) / s.a
        (g,) = torch.autograd.grad(norm(m.y - down2(prior.space.decode(z0))), z)
        sd = math.sqrt((1 - s.a_next**2) / (1 - s.a**2) * (1 - s.a**2 / s.a_next**2))
        z = s.a_next * z0 + math.sqrt(s.b_next**2 - sd**2) * e + sd * noise.normal(z) - 0.7 * g
        z = z.detach()
    return z


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
    return z


def longhand_treg(prior, m, z, noise, visits):
    for i, s in enumerate(visits):
        e = guided(prior, z, s, 4.0, null=NEGATION)
        z0 = (z - s.b * e) / s.a
        if i % 3 == 0 and i < 170 * N / 200:
            x = prior.space.decode(z0)
            # (A^T A + 1e-4) x' = A^T y + 1e-4 x; A^T A = I / 4 on the range of A^T
            x = x + up2(m.y - down2(x)) / (0.25 + 1e-4)
            ab = s.a_next**2
            zbar = ab * prior.space.encode(x) + (1 - ab) * z0
            z = s.a_next * zbar + (1 - ab) * e + s.b_next * s.a_next * noise.normal(z)
        else:
            z = ddim(s, z0, e)
    return z


def longhand_diffpir(prior, m, z, noise, visits):
    for s in visits:
        e = eps_at(prior, z, s, "cat")
        x = prior.space.decode((z - s.b * e) / s.a)
        rho = 3.0 * 0.05**2 / ((1 - s.a**2) / s.a**2)
        z0 = prior.space.encode(x + up2(m.y - down2(x)) / (0.25 + rho))
        e = (z - s.a * z0) / s.b
        z = s.a_next * z0 + s.b_next * (math.sqrt(1 - 0.3) * e + math.sqrt(0.3) * noise.normal(z))
    return z


def longhand_ddnm(prior, m, z, noise, visits):
    for s in visits:
        e = eps_at(prior, z, s, "cat")
        x = prior.space.decode((z - s.b * e) / s.a)
        z0 = prior.space.encode(x + 4 * up2(m.y - down2(x)))
        z = s.a_next * z0 + s.b_next * (math.sqrt(1 - 0.85**2) * e + 0.85 * noise.normal(z))
    return z


def longhand_resample(prior, m, z, noise, visits):
    for i, s in enumerate(visits):
        z = z.detach().requires_grad_()
        e = eps_at(prior, z, s, "cat")
        z0 = (z - s.b * e) / s.a
        (g,) = torch.autograd.grad(norm(m.y - down2(prior.space.decode(z0))), z)
        z0, e, g = z0.detach(), e.detach(), g.detach()
        z = ddim(s, z0, e) - 0.5 * s.a**2 * g
        if i >= N / 3 and (i % 4 == 0 or i == N - 1):
            fit = longhand_fit(prior, m, longhand_ahead(prior, z, i, visits), i < 2 * N / 3)
            if i == N - 1:
                return s.a_next * fit + s.b_next * e
            s2 = 40 * (1 - s.a_next**2) / (1 - s.a**2) * (1 - s.a**2 / s.a_next**2)
            mean = (s2 * s.a_next * fit + (1 - s.a_next**2) * z) / (s2 + 1 - s.a_next**2)
            z = mean + math.sqrt(s2 * (1 - s.a_next**2) / (s2 + 1 - s.a_next**2)) * noise.normal(z)
    return z


def longhand_ahead(prior, z, i, visits):
    rest = visits[i + 1 :]
    if not rest:
        return z / visits[-1].a_next
    rest = rest[:: max(1, len(rest) // 5)][:5]
    for k, s in enumerate(rest):
        a, b = (rest[k + 1].a, rest[k + 1].b) if k + 1 < len(rest) else (visits[-1].a_next, visits[-1].b_next)
        e = eps_at(prior, z, s, "cat")
        z0 = (z - s.b * e) / s.a
        z = a * z0 + b * e
    return z0


def longhand_fit(prior, m, z0, pixels):
    value = (prior.space.decode(z0) if pixels else z0).clone().requires_grad_()
    optimiser = torch.optim.AdamW([value], lr=1e-2 if pixels else 5e-3)
    for _ in range(9 if pixels else 6):
        optimiser.zero_grad()
        (m.y - down2(value if pixels else prior.space.decode(value))).square().flatten(1).mean(1).sum().backward()
        optimiser.step()
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
            (g,) = torch.autograd.grad(norm(up2(m.y) - up2(down2(prior.space.decode(y0)))), y0)
            y0 = (y0 - 0.5 * g).detach()
        x0 = (1 - sigma) * x0 + sigma * y0
        e = math.sqrt(after) * x1 + math.sqrt(1 - after) * noise.normal(z)
        z = (1 - after) * x0 + after * e
    return z


CASES = {
    "latent-dps": (longhand_latent_dps, {"scale": 2.0, "zeta": 0.7, "eta": 1.0}, 2),
    "psld": (longhand_psld, {"omega": 0.8, "gamma": 0.3}, 1),
    "treg": (longhand_treg, {"scale": 4.0}, 2),
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
    parts = load_restorer(name)(world, small, "cat", steps=N, seeds=[5, 6], **options)
    z, noise = start()
    if name == "flowdps":  # at sigma = 1 the exact prior's eps-based formulas divide by a = 0: start one step down
        parts = parts._replace(steps=[s._replace(index=k) for k, s in enumerate(parts.steps[1:])])
    before = world.evaluations
    done = dream_sample(parts.state, world, *parts[1:])
    taken = world.evaluations - before
    torch.testing.assert_close(done.z, longhand(world, small, z, noise, parts.steps), atol=1e-9, rtol=0)
    if cost is not None:
        assert taken == 2 * cost * len(parts.steps)


def test_repaint_composites_every_level(world, masked):
    """Without jumps: known part a' z_y + b' xi, hole ancestral, merged."""
    z, noise = start()
    parts = load_restorer("repaint")(world, masked, "cat", steps=N, resample=1, seeds=[5, 6])
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


@dataclass(frozen=True)
class Tokens:
    """A condition with an embedding, as a text-conditioned network takes it."""

    text: torch.Tensor

    def __len__(self):
        return self.text.shape[0]


class TokenPrior:
    """Clean estimate z0 = W . mean(tokens) + a tanh z, differentiable in both: enough for what tunes prompts."""

    def __init__(self, world):
        self.schedule, self.space, self.evaluations = world.schedule, world.space, 0
        draw = torch.Generator().manual_seed(3)
        self.weights = torch.randn(4, 3 * SIZE * SIZE, generator=draw, dtype=torch.float64) / 4

    def embed(self, prompts):
        draw = torch.Generator().manual_seed(len(prompts[0]))
        return Tokens(torch.randn(len(prompts), 5, 4, generator=draw, dtype=torch.float64))

    def predict(self, zs, step, conds):
        out = []
        for z, cond in zip(zs, conds, strict=True):
            self.evaluations += z.shape[0]
            said = (cond.text.double().mean(1) @ self.weights).reshape(-1, 3, SIZE, SIZE)
            z0 = 0.5 * said + step.a * torch.tanh(z)
            out.append(Prediction(z0, (z - step.a * z0) / step.b))
        return tuple(out)


def test_p2l_tunes_the_prompt_as_published(world, small):
    prior = TokenPrior(world)
    parts = load_restorer("p2l")(
        prior, small, "cat", steps=N, rate=0.05, tune=2, zeta=0.4, every=3, rho=0.2, seeds=[5, 6]
    )
    z, _ = start()
    text = prior.embed(["cat"]).text.float().expand(2, -1, -1).clone().requires_grad_()
    optimiser = torch.optim.Adam([text], lr=0.05)
    for i, s in enumerate(prior.schedule.visits(N)):
        for _ in range(2):
            optimiser.zero_grad()
            estimate = prior.predict([z.detach()], s, [Tokens(text.double())])[0].z0
            (small.y - down2(prior.space.decode(estimate))).square().sum().backward()
            optimiser.step()
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
    assert float((parts.guide.text.detach() - prior.embed(["cat"]).text).abs().max()) > 0.1


def test_adaptive_negation_turns_the_null_prompt_away_from_what_is_seen(world, small):
    prior = TokenPrior(world)
    seen = []

    def features(picture):
        seen.append(picture)
        return picture.flatten(1)[:, :4] + 1

    common = {"steps": N, "seeds": [5, 6], "scale": 3.0}
    parts = load_restorer("treg")(prior, small, "cat", features=features, rate=0.05, **common)
    before = parts.guide.null.text
    dream_sample(parts.state, prior, *parts[1:])
    after = parts.guide.null.text
    assert len(seen) == 4  # steps 0, 3, 6, 9
    assert seen[0].shape == (2, 3, SIZE, SIZE)

    def similarity(tokens):
        unit = torch.nn.functional.normalize(features(seen[-1]), dim=-1)
        return float((torch.nn.functional.normalize(tokens.double(), dim=-1) * unit[:, None]).sum(-1).mean())

    assert similarity(after) < similarity(before.expand(2, -1, -1)) - 0.1
    with pytest.raises(InputError, match="no embedding to adapt"):
        load_restorer("treg")(world, small, "cat", features=features, **common)
    parts = load_restorer("treg")(prior, small, "cat", features=lambda x: x.flatten(1)[:, :7], **common)
    with pytest.raises(InputError, match="must agree"):
        dream_sample(parts.state, prior, *parts[1:])


def test_p2l_needs_an_embedding(world, small):
    with pytest.raises(InputError, match="no embedding to tune"):
        TunedPrompt(("cat",), small)


def test_hard_consistency_stops_at_the_noise(world, small):
    visits = world.schedule.visits(N)
    hard = HardConsistency(world, ("cat",), small, visits, pixel=(1e-2, 5000))
    fit = hard._fit(torch.zeros(2, 3, SIZE, SIZE, dtype=torch.float64), in_pixels=True)
    errors = small.residual(fit / 1.05).square().flatten(1).mean(1)  # undo most of the encoder
    assert float(errors.max()) < 4 * small.sigma**2
    assert float(errors.min()) > 0.2 * small.sigma**2


def settings(name):
    return {"every": 4, "pixel_iterations": 9, "latent_iterations": 6} if name == "resample" else {}


def prepared(name, world, small, masked):
    prior = TokenPrior(world) if name == "p2l" else world
    if name == "flowdps":
        # the top of a flow holds no picture: begin below it
        prior = dataclasses.replace(world, kind="v")
    return prior, masked if name == "repaint" else small


ZERO_SHOT = [name for name in RESTORING if name != "stable-inpaint"]


@pytest.mark.parametrize("name", ZERO_SHOT)
def test_an_item_does_not_depend_on_the_batch_and_global_noise_is_untouched(name, world, small, masked):
    prior, m = prepared(name, world, small, masked)
    before = torch.get_rng_state()
    together = restore_with(name, prior, m, "cat", steps=N, seeds=[3, 4], **settings(name))
    single = Measurement(m.operator, m.y[1:], m.sigma)
    alone = restore_with(name, prior, single, "cat", steps=N, seeds=[4], **settings(name))
    torch.testing.assert_close(together.images[1:], alone.images, atol=1e-9, rtol=0)
    assert together.misfit[1] == pytest.approx(alone.misfit[0], abs=1e-9)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", [n for n in ZERO_SHOT if n != "p2l"])
def test_a_run_resumes_from_its_state_alone(name, world, small, masked):
    prior, m = prepared(name, world, small, masked)
    saved = {}
    make = load_restorer(name)
    parts = make(prior, m, "cat", steps=N, seeds=[3, 4], **settings(name))

    def save(state, step):
        saved[step.index] = {k: v.clone() for k, v in state.tensors().items()}

    whole = dream_sample(parts.state, prior, *parts[1:], save)
    again = make(prior, m, "cat", steps=N, seeds=[3, 4], **settings(name))
    for stop in (4, 8):
        resumed = dream_sample(State.from_tensors(saved[stop]), prior, *again[1:])
        assert torch.equal(resumed.z0, whole.z0)


@pytest.mark.parametrize("name", ZERO_SHOT)
def test_progress_and_receipt(name, world, small, masked):
    prior, m = prepared(name, world, small, masked)
    told = []
    before = prior.evaluations
    result = restore_with(
        name,
        prior,
        m,
        "cat",
        steps=N,
        on_progress=lambda phase, k, n, state: told.append((phase, k, n)),
        **settings(name),
    )
    assert told[-1][1] == told[-1][2]
    assert result.receipt.evaluations == prior.evaluations - before > 0
    assert result.images.shape == (2, 3, SIZE, SIZE)


@pytest.mark.parametrize(
    ("name", "bad", "message"),
    [
        ("latent-dps", {"zeta": -1.0}, "zeta=-1"),
        ("latent-dps", {"eta": 2.0}, "eta=2"),
        ("psld", {"gamma": -1.0}, "gamma=-1"),
        ("diffpir", {"lam": 0.0}, "lam=0"),
        ("diffpir", {"zeta": 1.5}, "zeta=1.5"),
        ("repaint", {}, "masks only"),
        ("resample", {"every": 0}, "every=0"),
        ("flowdps", {"rate": -1.0}, "rate=-1"),
        ("flowdps", {"back": "up"}, "back='up'"),
        ("treg", {"iterations": 0}, "iterations=0"),
        ("dreamsampler", {"begin": "middle"}, "begin='middle'"),
        ("dreamsampler", {"rho": -1.0}, "rho=-1"),
        ("dreamsampler", {"prompt": ["cat"] * 3}, "3 for a batch of 2"),
        ("walk", {}, "method='walk'"),
    ],
)
def test_bad_arguments_are_named(name, bad, message, world, small):
    with pytest.raises(InputError, match=message):
        restore_with(name, world, small, **{"prompt": "cat", "steps": 4, **bad})


def test_a_mask_given_as_a_tensor_serves_repaint(world, scenes, masked):
    hole = torch.zeros(1, 1, SIZE, SIZE, dtype=torch.float64)
    hole[..., 1:4, 2:5] = 1
    m = Measurement(Mask.hole(hole), masked.y)
    results = [restore_with("repaint", world, x, "cat", steps=N, jump=3, resample=2, seeds=[1, 2]) for x in (m, masked)]
    torch.testing.assert_close(results[0].images, results[1].images, atol=0, rtol=0)


def test_dreamsampler_restores_what_the_prior_and_the_measurement_know(world, small, scenes):
    """Longhand: pull to the prompt, pull to the data, noise; DPS between."""
    steps, c, rho = N, 0.5, 4 * 0.05**2
    prior = world
    parts = load_restorer("dreamsampler")(prior, small, "cat", steps=steps, begin="noise", seeds=[5, 6])
    z, noise = start()
    for i, s in enumerate(prior.schedule.visits(steps)):
        a2 = s.a**2
        if i % 3 == 0 and i < 0.85 * steps:
            e0 = eps_at(prior, z, s, NEGATION)
            z0 = (z - s.b * e0) / s.a
            z0 = z0 + c * a2 * ((z - s.b * eps_at(prior, z, s, "cat")) / s.a - z0)
            x = prox(small.operator, small.y, prior.space.decode(z0), rho)
            z0 = z0 + a2 * (prior.space.encode(x) - z0)
            z = s.a_next * z0 + s.b_next * (math.sqrt(1 - a2) * e0 + s.a * noise.normal(z))
        else:
            z = z.detach().requires_grad_()
            e0 = eps_at(prior, z, s, NEGATION)
            z0 = (z - s.b * e0) / s.a
            (g,) = torch.autograd.grad(norm(small.y - down2(prior.space.decode(z0))), z)
            z = (s.a_next * (z0 - g) + s.b_next * e0).detach()
    torch.testing.assert_close(dream_sample(parts.state, prior, *parts[1:]).z, z, atol=1e-10, rtol=0)
