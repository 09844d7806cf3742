"""A field from views alone: what an operator in the loss is worth, equal runs, and runs that cannot succeed."""

from __future__ import annotations

from math import log10

import numpy as np
import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.generators.nerf import NerfSettings
from dreamsampler.io.cameras import Camera, look_at
from dreamsampler.io.rigs import make_rig
from dreamsampler.io.views import Views
from dreamsampler.operators.parse import parse
from dreamsampler.tasks.views3d import FitSettings, fit_views
from iconworld.scenes import solids
from iconworld.scenes.solids import Solid, render_solids

SCENE = [Solid("torus", "red", (0.0, 0.0, -0.15), 0.45), Solid("sphere", "blue", (0.0, 0.0, 0.25), 0.2)]
SMALL = NerfSettings(resolution=32, channels=8, width=16, samples=32, occupancy=24)


def view_of(camera: Camera) -> torch.Tensor:
    seen = solids.Camera(camera.azimuth(), camera.elevation(), float(np.linalg.norm(camera.position)), camera.fov[1])
    pixels, _ = render_solids(SCENE, seen, "#ffffff", camera.size[0], 4)
    return torch.from_numpy(pixels).permute(2, 0, 1) / 127.5 - 1.0


def views_of(cameras: list[Camera]) -> Views:
    return Views(torch.stack([view_of(camera) for camera in cameras]), tuple(cameras))


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    return -10.0 * log10(float(((a - b) / 2).square().mean()))


@pytest.fixture(scope="module")
def clean() -> Views:
    return views_of(make_rig("syncdreamer", 32))


HELD_OUT = [look_at(11.25 + 90 * k, 30, 1.5, 49.134343, 32) for k in range(4)]


def test_clean_views_give_the_views_between_them(clean):
    fit = fit_views(clean, settings=FitSettings(iterations=400, rays=512), field=SMALL)
    assert fit.psnr > 30
    assert psnr(fit.render(HELD_OUT), views_of(HELD_OUT).images) > 30
    assert float(fit.nerf.occupancy.mask.float().mean()) < 0.4


def test_the_operator_in_the_loss_is_worth_three_decibels(clean):
    blur = parse("blur:sigma=1")
    measured = Views(blur.forward(clean.images), clean.cameras)
    settings = FitSettings(iterations=400)
    truth = views_of(HELD_OUT).images
    through = psnr(fit_views(measured, blur, settings, SMALL).render(HELD_OUT), truth)
    plain = psnr(fit_views(measured, None, FitSettings(iterations=300), SMALL).render(HELD_OUT), truth)
    assert through > plain + 3.0


def test_the_same_seed_gives_the_same_bytes(clean):
    settings, losses = FitSettings(iterations=30, rays=64), []
    for seed in (1, 1, 2):
        kept: list[float] = []
        fit_views(clean, None, settings, SMALL, seed=seed, callback=lambda info, kept=kept: kept.append(info.loss))
        losses.append(kept)
    assert losses[0] == losses[1] != losses[2]
    assert len(losses[0]) == 30


def test_operators_must_fit(clean):
    sr = parse("sr:factor=2")
    with pytest.raises(InputError, match="3 for 16 views"):
        fit_views(clean, [sr, sr, sr], FitSettings(iterations=1), SMALL)
    small = Views(sr.forward(clean.images), tuple(c.resized(16, 16) for c in clean.cameras))
    seen: list[tuple[int, ...]] = []
    fit_views(small, sr, FitSettings(iterations=2), SMALL, callback=lambda info: seen.append((info.step, info.total)))
    assert seen == [(0, 2), (1, 2)]


def test_a_field_that_vanishes_ends_in_a_sentence():
    cameras = make_rig("turntable:n=4", 16)
    white = Views(torch.ones(4, 3, 16, 16), tuple(cameras))
    with pytest.raises(InputError, match="became empty"):
        fit_views(white, None, FitSettings(iterations=2000, rays=64, empty=1.0), SMALL)
