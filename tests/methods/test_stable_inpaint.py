"""The nine-channel network through the loop, on a tiny checkpoint of the real classes."""

import pytest
import torch
from tests.tiny import make_sd, write_sd1

from dreamsampler.core.errors import InputError, ModelError
from dreamsampler.core.noise import Noise
from dreamsampler.methods.inverse.stable_inpaint import load_inpainting
from dreamsampler.methods.run import restore_with
from dreamsampler.operators import Mask, degrade, downsample
from dreamsampler.priors.load import load

N = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_sd1(tmp_path_factory.mktemp("inpainting") / "sd1", unet={"in_channels": 9})


@pytest.fixture(scope="module")
def prior(folder):
    return load_inpainting(folder, device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def measured():
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    hole = torch.zeros(2, 1, 64, 64)
    hole[0, :, 16:40, 8:32], hole[1, :, 30:50, 20:60] = 1, 1
    return degrade(images, Mask.hole(hole), 0.0, [0, 1])


def test_ddim_on_latent_mask_and_masked_picture(prior, measured):
    got = restore_with("stable-inpaint", prior, measured, ["cat", "dog"], steps=N, seeds=[3, 4])
    unet, space = prior.unet, prior.space
    null, cond = prior.embed([""]).text, prior.embed(["cat", "dog"]).text
    hole = 1 - measured.operator.keep[..., ::8, ::8]
    with torch.no_grad():
        masked = space.encode(measured.y)
        z = Noise([3, 4]).normal(masked)
        for s in prior.schedule.visits(N):
            x, t = torch.cat([z, hole, masked], 1), torch.tensor(s.t)
            e0 = unet(x, t, null.expand(2, -1, -1), return_dict=False)[0]
            e = e0 + 7.5 * (unet(x, t, cond, return_dict=False)[0] - e0)
            z0 = (z - s.b * e) / s.a
            z = s.a_next * z0 + s.b_next * e
        expected = space.decode(z0)
    torch.testing.assert_close(got.images, expected, atol=1e-3, rtol=1e-3)
    assert got.receipt.evaluations == 2 * 2 * N


def test_rows_keep_their_masks_when_a_call_is_split(prior, measured):
    whole = restore_with("stable-inpaint", prior, measured, "cat", steps=2, seeds=[3, 4]).images
    for most in (1, 3):
        prior.max_batch = most
        try:
            split = restore_with("stable-inpaint", prior, measured, "cat", steps=2, seeds=[3, 4]).images
        finally:
            prior.max_batch = None
        torch.testing.assert_close(split, whole, atol=1e-4, rtol=1e-4)


def test_the_wrong_model_or_operator_is_named(folder, prior, measured, tmp_path):
    plain = write_sd1(tmp_path / "plain")
    with pytest.raises(ModelError, match="takes 4 channels"):
        load_inpainting(plain)
    with pytest.raises(ModelError, match="inpainting"):
        load(folder)
    with pytest.raises(ModelError, match="no such folder"):
        load_inpainting("nowhere")
    with pytest.raises(InputError, match="load_inpainting"):
        restore_with("stable-inpaint", load(plain), measured, "cat", steps=1)
    small = degrade(torch.zeros(1, 3, 64, 64), downsample(2))
    with pytest.raises(InputError, match="masks only"):
        restore_with("stable-inpaint", prior, small, "cat", steps=1)
    fresh = load_inpainting(make_sd(tmp_path / "t", unet={"in_channels": 9}))
    with pytest.raises(InputError, match="needs a mask"):
        restore_with("ddnm", fresh, small, "cat", steps=1)
