"""The prior's part in a field, on a prior whose answers are known."""

from __future__ import annotations

import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.generators.nerf import Nerf, NerfSettings
from dreamsampler.generators.nerf.checkpoint import read_nerf, write_nerf
from dreamsampler.io.cameras import Frame, look_at
from dreamsampler.io.rigs import make_rig
from dreamsampler.io.tensor_file import write_tensors
from dreamsampler.io.views import Views
from dreamsampler.priors.gaussian import GaussianPrior
from dreamsampler.tasks.distill3d import DistillSettings, distill, viewed
from dreamsampler.tasks.reconstruct import reconstruct
from dreamsampler.tasks.settings3d import ReconstructSettings, TextTo3dSettings
from dreamsampler.tasks.text3d import text_to_3d

RED = torch.tensor([0.8, -0.6, -0.6])[:, None, None].expand(3, 8, 8)
SMALL = NerfSettings(resolution=12, channels=4, width=8, samples=12, occupancy=16)


def gaussian() -> GaussianPrior:
    return GaussianPrior({"": torch.zeros(3, 8, 8), "red": RED.clone()}, std=0.1)


@pytest.mark.parametrize("sampling", ["dreamsampler", "sds"])
def test_the_prior_alone_gives_what_it_expects_of_the_prompt(sampling):
    numbers = TextTo3dSettings(
        views=3, visits=40, inner=6, guidance_scale=1.0, sampling=sampling, view_words=False, samples=16,
        learning_rate=0.03, latent_weight=1.0,
    )  # fmt: skip
    fit = text_to_3d(gaussian(), "red", numbers, size=8)
    seen = fit.render([look_at(60, 20, 3.0, 40, 8)])[0, :, 2:6, 2:6].mean((1, 2))
    assert (seen - RED[:, 0, 0]).abs().max() < 0.25


def test_evaluations_are_those_of_the_visits_and_none_is_for_nothing():
    cameras = make_rig("turntable:n=3,radius=3", 8)
    counts = []
    for changed in ({}, {"visits": 0}, {"latent_weight": 0.0, "pixel_weight": 0.0}, {"guidance_scale": 1.0}):
        prior, nerf = gaussian(), Nerf(SMALL)
        before = [p.detach().clone() for p in nerf.parameters()]
        numbers = DistillSettings(**({"visits": 4, "inner": 2} | changed))
        distill(nerf, prior, cameras, ["red"] * 3, numbers)
        counts.append(prior.evaluations)
        moved = any(not torch.equal(a, b) for a, b in zip(before, nerf.parameters(), strict=True))
        assert moved == (prior.evaluations > 0)
    assert counts[0] == 2 * counts[3] > 0
    assert counts[1:3] == [0, 0]


def test_the_same_seed_gives_the_same_field():
    cameras, made = make_rig("turntable:n=3,radius=3", 8), []
    for seed in (1, 1, 2):
        nerf = Nerf(SMALL)
        distill(nerf, gaussian(), cameras, ["red"] * 3, DistillSettings(visits=3, inner=2), seed=seed)
        made.append(nerf.render(cameras[0]).image)
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])


def test_a_reconstruction_tells_of_both_stages_and_obeys_both():
    cameras = make_rig("turntable:n=4,radius=3", 8)
    views = Views(torch.full((4, 3, 8, 8), 0.2), tuple(cameras))
    told: list[str] = []
    settings = ReconstructSettings(iterations=20, visits=12, inner=8, guidance_scale=1.0, view_words=False, samples=12)
    alone = reconstruct(views, None, "red", None, settings, callback=lambda stage, *rest: told.append(stage))
    assert told == ["data"] * 20
    pulled = ReconstructSettings(
        iterations=20, visits=12, inner=8, guidance_scale=1.0, view_words=False, samples=12, latent_weight=10.0,
        learning_rate=0.03,
    )  # fmt: skip
    both = reconstruct(views, gaussian(), "red", None, pulled, callback=lambda stage, *rest: told.append(stage))
    assert told[20:] == ["data"] * 20 + ["prior"] * 12
    reds = [float(fit.render(cameras[:1])[0, 0].mean() - fit.render(cameras[:1])[0, 2].mean()) for fit in (alone, both)]
    assert reds[1] > reds[0] + 0.2


def test_prompts_say_where_views_are_seen_from():
    assert viewed("a box", look_at(10, 0, 2, 40, 8)) == "a box, seen from the front"
    assert viewed("a box", look_at(-90, 30, 2, 40, 8)) == "a box, seen from the side"
    assert viewed("a box", look_at(170, 30, 2, 40, 8)) == "a box, seen from the back"
    assert viewed("a box", look_at(0, 60, 2, 40, 8)) == "a box, seen from above"
    assert viewed("", look_at(0, 60, 2, 40, 8)) == ""
    with pytest.raises(InputError, match="2 for 3 views"):
        distill(Nerf(SMALL), gaussian(), make_rig("turntable:n=3", 8), ["red"] * 2, DistillSettings())


def test_a_field_is_the_same_from_its_file(tmp_path):
    nerf = Nerf(SMALL, seed=3)
    nerf.refresh(0)
    write_nerf(tmp_path / "field.safetensors", nerf, Frame((1.0, 2.0, 3.0), 0.5))
    read, frame = read_nerf(tmp_path / "field.safetensors")
    assert frame == Frame((1.0, 2.0, 3.0), 0.5)
    camera = look_at(0, 20, 3, 40, 8)
    assert torch.equal(read.render(camera).image, nerf.render(camera).image)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"settings": None}, "settings are missing"),
        ({"settings": torch.zeros(4, dtype=torch.uint8)}, "settings are damaged"),
        ({"settings": torch.tensor(list(b'{"samples": -1}'), dtype=torch.uint8)}, "samples=-1"),
        ({"settings": torch.tensor(list(b'{"speed": 1}'), dtype=torch.uint8)}, "'speed': unknown"),
        ({"frame": torch.zeros(4)}, "frame is missing or damaged"),
        ({"field.planes": torch.zeros(3)}, "it is of another field"),
        ({"occupancy": torch.full((16, 16, 16), float("inf"))}, "NaN or infinite"),
    ],
)
def test_damaged_fields_are_refused_by_name(tmp_path, changed, message):
    from safetensors.torch import load_file

    path = tmp_path / "field.safetensors"
    write_nerf(path, Nerf(SMALL), Frame())
    tensors = {k: v for k, v in (load_file(path) | changed).items() if v is not None}
    write_tensors(path, tensors, "dreamsampler radiance field 1")
    with pytest.raises(InputError, match=message):
        read_nerf(path)
