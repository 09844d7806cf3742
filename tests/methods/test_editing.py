"""Each editing baseline against its published update, written out longhand, on the exact prior."""

import math

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.core.noise import Noise
from dreamsampler.core.state import State
from dreamsampler.methods.editing.distil import random_visits
from dreamsampler.methods.editing.pds import weights
from dreamsampler.methods.registry import find, names, parse
from dreamsampler.methods.run import edit_with
from dreamsampler.tasks.cases import EditCase
from dreamsampler.tasks.plan import walk

SEEDS = [11, 12]


@pytest.fixture
def eps(world):
    """The network: eps(z, t, prompt)."""

    def ask(z, step, prompt):
        return world.predict([z], step, [(prompt,)])[0].eps

    return ask


@pytest.fixture
def guided(eps):
    def ask(z, step, prompt, w):
        null = eps(z, step, "")
        return null + w * (eps(z, step, prompt) - null)

    return ask


def with_clean_end(steps):
    """Inversion begins with a clean picture, not at Stable Diffusion's last level."""
    return [*steps[:-1], steps[-1]._replace(a_next=1.0, b_next=0.0)]


def swap(eps, guided, schedule, z, n=12, w=4.0):
    steps = schedule.visits(n)
    for s in reversed(with_clean_end(steps)):
        e = eps(z, s, "source")
        z = s.a * (z - s.b_next * e) / s.a_next + s.b * e
    for s in steps:
        e = guided(z, s, "target", w)
        z0 = (z - s.b * e) / s.a
        z = s.a_next * z0 + s.b_next * e
    return z0


def sdedit(eps, guided, schedule, z, n=12, w=4.0, t0=0.5):
    steps = schedule.visits(n)[-round(t0 * n) :]
    z = steps[0].a * z + steps[0].b * Noise(SEEDS).normal(z)
    for s in steps:
        e = guided(z, s, "target", w)
        z0 = (z - s.b * e) / s.a
        z = s.a_next * z0 + s.b_next * e
    return z0


def cfgpp(eps, guided, schedule, z, n=12, lam=0.4):
    steps = schedule.visits(n)
    for s in reversed(with_clean_end(steps)):
        z = s.a * (z - s.b_next * eps(z, s, "")) / s.a_next + s.b * guided(z, s, "source", lam)
    for s in steps:
        z0 = (z - s.b * guided(z, s, "target", lam)) / s.a
        z = s.a_next * z0 + s.b_next * eps(z, s, "")
    return z0


def sds(eps, guided, schedule, z, n=12, w=4.0, rate=0.05):
    noise = Noise(SEEDS)
    for s in random_visits(schedule, n, 0.02, 0.98):
        xi = noise.normal(z)
        z = z - rate * s.b**2 * (guided(s.a * z + s.b * xi, s, "target", w) - xi)
    return z


def dds(eps, guided, schedule, z, n=12, w=4.0, rate=0.1 * 2000 / 64**2):
    noise, source = Noise(SEEDS), z
    for s in random_visits(schedule, n, 0.05, 0.948):
        xi = noise.normal(z)
        here = guided(s.a * z + s.b * xi, s, "target", w)
        z = z - rate * (here - guided(s.a * source + s.b * xi, s, "source", w))
    return z


def pds(eps, guided, schedule, z, n=12, w=4.0, rate=0.5):
    """With both trajectories written out: z_t, z_{t-1}, the posterior's mean and deviation of the released code."""
    noise, other, source = Noise(SEEDS), Noise([5, 6]), z
    abar = schedule.abar
    for s in random_visits(schedule, n, 0.02, 0.98):
        t, xi, xi_prev = round(s.t), noise.normal(z), other.normal(z)
        alpha = abar[t] / abar[t - 1]
        beta, prev = 1 - alpha, abar[t - 2]

        def u(x, prompt, s=s, t=t, xi=xi, xi_prev=xi_prev, alpha=alpha, beta=beta, prev=prev):
            z_t = s.a * x + s.b * xi
            z_prev = math.sqrt(prev) * x + math.sqrt(1 - prev) * xi_prev
            x0 = (z_t - s.b * guided(z_t, s, prompt, w)) / s.a
            mean = math.sqrt(prev) * beta / (1 - abar[t]) * x0 + math.sqrt(alpha) * (1 - prev) / (1 - abar[t]) * z_t
            return (z_prev - mean) / math.sqrt((1 - prev) / (1 - abar[t]) * beta)

        z = z - rate * (u(z, "target") - u(source, "source"))
    return z


def flowedit(eps, guided, schedule, z, n=12, w=4.0, w_source=1.5, start=0.5):
    """In the coordinates of a flow: x = z / (a + b), sigma = b / (a + b), velocity eps - z0."""
    noise, source = Noise(SEEDS), z

    def velocity(x, s, prompt, scale):
        latent = (s.a + s.b) * x
        e = guided(latent, s, prompt, scale)
        return e - (latent - s.b * e) / s.a

    for s in schedule.visits(n)[-round(start * n) :]:
        sigma, sigma_next = s.b / (s.a + s.b), s.b_next / (s.a_next + s.b_next)
        q = (1 - sigma) * source + sigma * noise.normal(z)
        p = z + q - source
        z = z + (sigma_next - sigma) * (velocity(p, s, "target", w) - velocity(q, s, "source", w_source))
    return z


def edit_friendly(eps, guided, schedule, z, n=12, w=4.0, w_source=1.5, start=0.5):
    """With mu and sigma of the DDPM posterior (DDIM with eta = 1)."""
    steps, noise = schedule.visits(n)[-round(start * n) :], Noise(SEEDS)

    def posterior(x, s, prompt, scale):
        e = guided(x, s, prompt, scale)
        z0 = (x - s.b * e) / s.a
        abar, abar_next = s.a**2, s.a_next**2
        variance = (1 - abar_next) / (1 - abar) * (1 - abar / abar_next)
        return z0, s.a_next * z0 + math.sqrt(1 - abar_next - variance) * e, math.sqrt(variance)

    xs = [s.a * z + s.b * noise.normal(z) for s in steps] + [z]
    maps = []
    for s, x, x_next in zip(steps, xs[:-1], xs[1:], strict=True):
        _, mu, sigma = posterior(x, s, "source", w_source)
        maps.append((x_next - mu) / sigma)
    x = xs[0]
    for s, xi in zip(steps, maps, strict=True):
        z0, mu, sigma = posterior(x, s, "target", w)
        x = mu + sigma * xi
    return z0


LONGHAND = {
    "ddim-swap": (swap, {"guidance_scale": 4.0}, 3 * 12),
    "sdedit": (sdedit, {"guidance_scale": 4.0, "denoise": 0.5}, 2 * 6),
    "cfgpp": (cfgpp, {"weight": 0.4}, 4 * 12),
    "sds": (sds, {"guidance_scale": 4.0}, 2 * 12),
    "dds": (dds, {"guidance_scale": 4.0}, 4 * 12),
    "pds": (pds, {"guidance_scale": 4.0}, 4 * 12),
    "flowedit": (flowedit, {"guidance_scale": 4.0, "source_guidance_scale": 1.5, "denoise": 0.5}, 4 * 6),
    "edit-friendly": (edit_friendly, {"guidance_scale": 4.0, "source_guidance_scale": 1.5, "denoise": 0.5}, 4 * 6),
}


@pytest.mark.parametrize("name", LONGHAND)
def test_the_published_update_and_its_exact_cost(name, world, latent, eps, guided):
    published, settings, cost = LONGHAND[name]
    expected = published(eps, guided, world.schedule, latent)
    world.evaluations = 0
    ours = edit_with(name, world, latent, "target", source_prompt="source", steps=12, seeds=SEEDS, **settings)
    torch.testing.assert_close(ours.images, expected, atol=1e-10, rtol=0)
    assert ours.receipt.evaluations == world.evaluations == 2 * cost


def test_blended_latent_diffusion_composites_every_level(world, latent, guided):
    mask = torch.zeros(1, 1, 6, 6)
    mask[..., :3, 1:] = 1
    noise, steps = Noise(SEEDS), world.schedule.visits(8, 0.5)
    z = steps[0].a * latent + steps[0].b * noise.normal(latent)
    for s in steps:
        e = guided(z, s, "target", 4.0)
        z0 = (z - s.b * e) / s.a
        inside = s.a_next * z0 + s.b_next * e
        z = mask * inside + (1 - mask) * (s.a_next * latent + s.b_next * noise.normal(latent))
    ours = edit_with(
        "blended", world, latent, "target", mask=mask, steps=8, guidance_scale=4.0, denoise=0.5, seeds=SEEDS
    )
    torch.testing.assert_close(ours.images, mask * z0 + (1 - mask) * latent, atol=1e-12, rtol=0)
    assert ours.receipt.evaluations == 2 * 2 * 4


@pytest.mark.parametrize(
    ("name", "settings", "cost"),
    [
        ("ddim-swap", {"guidance_scale": 1.0}, 2 * 12),
        ("dds", {"guidance_scale": 1.0}, 2 * 12),
        ("flowedit", {"source_guidance_scale": 1.0, "denoise": 0.5}, 3 * 6),
        ("edit-friendly", {"source_guidance_scale": 1.0, "denoise": 0.5}, 3 * 6),
    ],
)
def test_no_evaluation_is_multiplied_by_zero(name, settings, cost, world, latent):
    result = edit_with(name, world, latent, "target", source_prompt="source", steps=12, seeds=SEEDS, **settings)
    assert result.receipt.evaluations == 2 * cost


@pytest.mark.parametrize("name", [*LONGHAND, "blended"])
def test_item_k_of_a_batch_equals_the_single_run_and_global_noise_is_untouched(name, world, latent):
    settings = {"mask": torch.ones(1, 1, 6, 6)} if name == "blended" else {}
    before = torch.get_rng_state()
    both = edit_with(name, world, latent, "target", source_prompt=["source", ""], steps=6, seeds=SEEDS, **settings)
    one = edit_with(name, world, latent[1:], "target", source_prompt="", steps=6, seeds=SEEDS[1:], **settings)
    assert torch.equal(both.images[1:], one.images)
    assert torch.equal(before, torch.get_rng_state())


def test_pds_identity_term_is_an_artifact_of_the_stride(world):
    """It vanishes for a true step; the values at stride 2 are those of the released code's arithmetic."""
    times = (101, 301, 501, 701, 901)
    assert all(abs(weights(world.schedule, t, 1).identity) < 1e-9 for t in times)
    released = [weights(world.schedule, t, 2).identity for t in times]
    assert released == pytest.approx([0.314, 0.079, 0.032, 0.014, 0.006], abs=0.001)


@pytest.mark.parametrize("name", ["dds", "sds", "flowedit", "ddim-swap", "cfgpp"])
def test_the_source_is_kept_where_both_prompts_say_the_same(name, world, latent):
    """A difference of equal branches is nothing, for DDS and FlowEdit; the others have no such right."""
    settings = {"source_guidance_scale": 4.0} if name == "flowedit" else {}
    scale = {"weight": 0.5} if name == "cfgpp" else {"guidance_scale": 4.0}
    result = edit_with(name, world, latent, "source", source_prompt="source", steps=8, **settings, **scale)
    moved = float((result.images - latent).abs().max())
    assert moved < 1e-12 if name in ("dds", "flowedit") else moved > 1e-3


def test_edit_friendly_replay_under_the_same_prompt_walks_the_recorded_path(world, latent):
    """Only the last clean estimate differs from the picture: by what one step's prediction is off."""
    same = {"guidance_scale": 3.0, "source_guidance_scale": 3.0, "steps": 50, "denoise": 0.9, "seeds": SEEDS}
    states = {"invert": [], "edit": []}
    edit_with(
        "edit-friendly",
        world,
        latent,
        "source",
        source_prompt="source",
        **same,
        on_progress=lambda phase, done, total, state: states[phase].append(state.z),
    )
    for recorded, replayed in zip(states["invert"], states["edit"], strict=True):
        torch.testing.assert_close(recorded, replayed, atol=1e-10, rtol=0)
    torch.testing.assert_close(states["invert"][-1], latent, atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", ["ddim-swap", "cfgpp", "edit-friendly", "dds", "dreamsampler"])
def test_a_run_resumes_from_a_saved_state_on_any_leg(name, world, latent):
    """Recorded noise maps are in the state, so a killed run goes on to the same bytes."""

    def plan():
        case = EditCase.of(world, latent, "target", source_prompt="source", seeds=SEEDS)
        return parse(name, "edit", steps=10)(case)

    saved = {}

    def save(phase, done, total, state):
        if done == 3:
            saved[phase] = {key: value.clone() for key, value in state.tensors().items()}

    whole = walk(world, plan(), save)
    for number, leg in enumerate(plan().legs):
        resumed = walk(world, plan(), resume=(number, State.from_tensors(saved[leg.phase])))
        assert torch.equal(resumed.z0, whole.z0)


def test_progress_counts_each_phase(world, latent):
    seen = []
    tell = lambda phase, done, total, state: seen.append((phase, done))  # noqa: E731
    edit_with("ddim-swap", world, latent, "target", steps=3, on_progress=tell)
    assert seen == [("invert", 1), ("invert", 2), ("invert", 3), ("edit", 1), ("edit", 2), ("edit", 3)]


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("sdedit", {"guidance_scale": float("nan")}),
        ("sdedit", {"denoise": 0.0}),
        ("cfgpp", {"weight": 1.5}),
        ("dds", {"rate": -1.0}),
        ("sds", {"low": 0.9, "high": 0.1}),
        ("flowedit", {"steps": 0}),
        ("ddim-swap", {"source_prompt": ["source"] * 3}),
        ("edit-friendly", {"seeds": [1]}),
        ("pds", {"stride": 50}),
    ],
)
def test_bad_arguments_are_named(name, bad, world, latent):
    with pytest.raises(InputError, match=next(iter(bad)).replace("t0", "denoise")):
        edit_with(name, world, latent, "target", **bad)


def test_unknown_method_is_named():
    with pytest.raises(InputError, match="'p4p'"):
        find("p4p", "edit")
    assert all(callable(find(name, "edit").method) for name in names("edit"))
