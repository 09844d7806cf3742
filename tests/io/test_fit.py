"""A picture on the model's grid and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamsampler.core.errors import InputError
from dreamsampler.io.fit import plan_fit
from dreamsampler.io.tensors import to_pixels, to_tensor
from tests.io.pictures import gradient

sides = st.integers(1, 70)
multiples = st.sampled_from([1, 8, 16, 64])


def smooth(height: int, width: int) -> torch.Tensor:
    """[1, 3, H, W] in [-1, 1] without detail that resampling could lose."""
    y, x = torch.linspace(0, 1, height), torch.linspace(0, 1, width)
    both = torch.stack([x.expand(height, width), y[:, None].expand(height, width), 0.5 * (x + y[:, None])])
    return (1.6 * both - 0.8)[None]


def test_every_8_bit_value_survives_the_way_to_tensors_and_back() -> None:
    pixels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    tensor = to_tensor(pixels)
    assert (float(tensor.min()), float(tensor.max()), tensor.shape) == (-1.0, 1.0, (1, 3, 16, 16))
    np.testing.assert_array_equal(to_pixels(tensor)[0], pixels)
    np.testing.assert_array_equal(to_pixels(to_tensor(gradient()))[0], gradient())


def test_to_pixels_cuts_off_and_refuses_what_is_not_finite() -> None:
    assert to_pixels(torch.tensor([-3.0, 0.0, 3.0]).view(1, 3, 1, 1)).ravel().tolist() == [0, 128, 255]
    with pytest.raises(InputError, match="float32"):
        to_pixels(torch.full((1, 3, 2, 2), torch.inf))


@settings(max_examples=40, deadline=None)
@given(sides, sides, multiples)
def test_keep_pads_and_crops_exactly(width: int, height: int, multiple: int) -> None:
    fit = plan_fit((width, height), multiple=multiple, size="keep")
    images = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(width)).clamp(-1, 1)
    on_grid = fit.apply(images)
    assert on_grid.shape[-1] % multiple == 0
    assert on_grid.shape[-2] % multiple == 0
    assert on_grid.shape[-1] - width < multiple
    assert torch.equal(fit.undo(on_grid), images)
    # replicated edges add no value that the picture does not have
    assert set(on_grid[0, 0].unique().tolist()) == set(images[0, 0].unique().tolist())


@settings(max_examples=40, deadline=None)
@given(st.integers(8, 80), st.integers(8, 80), multiples)
def test_native_size_puts_the_shorter_side_there_and_comes_back(width: int, height: int, multiple: int) -> None:
    fit = plan_fit((width, height), multiple=multiple, native=64)
    assert min(fit.resized) == 64
    scale = 64 / min(width, height)
    assert abs(fit.resized[0] - width * scale) <= 0.5
    assert abs(fit.resized[1] - height * scale) <= 0.5
    images = smooth(height, width)
    on_grid = fit.apply(images)
    assert (on_grid.shape[-1], on_grid.shape[-2]) == fit.padded
    back = fit.undo(on_grid)
    assert back.shape == images.shape
    # resampling bends a ramp only next to its ends, by at most about half a pixel's rise
    assert float((back - images).abs().max()) < 0.12


@settings(max_examples=25, deadline=None)
@given(sides, sides, multiples, st.sampled_from(["keep", 20, 40]), st.floats(-1, 1))
def test_a_plain_picture_stays_plain(width: int, height: int, multiple: int, size: str | int, value: float) -> None:
    fit = plan_fit((width, height), multiple=multiple, size=size)
    images = torch.full((1, 3, height, width), value)
    on_grid = fit.apply(images)
    torch.testing.assert_close(on_grid, torch.full_like(on_grid, value))
    torch.testing.assert_close(fit.undo(on_grid), images)


@settings(max_examples=25, deadline=None)
@given(sides, sides, multiples, st.sampled_from(["keep", 20, 40]))
def test_a_mask_goes_the_pictures_way(width: int, height: int, multiple: int, size: str | int) -> None:
    fit = plan_fit((width, height), multiple=multiple, size=size)
    mask = torch.zeros(height, width)
    mask[: (height + 1) // 2] = 1.0
    moved = fit.apply_mask(mask)
    as_picture = fit.apply((mask * 2 - 1).expand(1, 3, height, width))[:, :1]
    assert moved.shape[-2:] == as_picture.shape[-2:]
    assert float(moved.min()) >= 0.0
    assert float(moved.max()) <= 1.0
    torch.testing.assert_close(moved, (as_picture + 1) / 2)


def test_fine_detail_is_averaged_not_sampled() -> None:
    stripes = torch.tensor([-1.0, 1.0]).repeat(64).expand(1, 3, 128, 128)
    reduced = plan_fit((128, 128), multiple=8, size=24).apply(stripes)
    assert float(reduced[..., 2:-2].abs().max()) < 0.05


def test_the_notes_say_what_happened_and_only_that() -> None:
    assert plan_fit((512, 512), multiple=64, native=512).notes == ()
    notes = plan_fit((300, 200), multiple=64, native=500).notes
    assert notes == (
        "enlarged from 300 x 200 to 750 x 500 for the model, and back after it",
        "padded from 750 x 500 to 768 x 512 for the model, and cropped after it",
    )
    assert plan_fit((3000, 2000), multiple=8, size=512).notes[0].startswith("reduced")


def test_padding_is_centered() -> None:
    fit = plan_fit((60, 60), multiple=64, size="keep")
    assert (fit.left, fit.top, fit.padded) == (2, 2, (64, 64))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": "large"}, "'native', 'keep'"),
        ({"size": 0}, "'native', 'keep'"),
        ({"size": True}, "'native', 'keep'"),
        ({"size": "native"}, "no size of its own"),
        ({"source": (1, 10_000), "size": 512}, "megapixels"),
        ({"source": (0, 10), "size": "keep"}, "positive"),
    ],
)
def test_what_cannot_be_fitted_is_refused(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan_fit(**({"source": (40, 30), "multiple": 8} | options))


def test_another_pictures_fit_is_refused() -> None:
    fit = plan_fit((40, 30), multiple=8, size="keep")
    for call, shape in ((fit.apply, (1, 3, 40, 30)), (fit.undo, (1, 3, 30, 40)), (fit.apply_mask, (1, 3, 30, 40))):
        with pytest.raises(InputError, match="this fit is for"):
            call(torch.zeros(shape))


def test_gradients_flow_back_and_the_dtype_is_kept() -> None:
    fit = plan_fit((40, 30), multiple=8, native=64)
    images = smooth(30, 40).double().requires_grad_()
    out = fit.undo(fit.apply(images))
    assert out.dtype == torch.float64
    out.sum().backward()
    assert images.grad is not None
    assert float(images.grad.abs().min()) > 0
    assert fit.apply(images.detach().bfloat16()).dtype == torch.bfloat16
