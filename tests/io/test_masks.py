"""Masks: soft values honored, designers' exports understood, and nothing selected by accident."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from dreamsampler.core.errors import InputError
from dreamsampler.io.masks import read_mask
from tests.io.pictures import encoded, turned

SIZE = (6, 8)


def soft() -> np.ndarray:
    """uint8 [8, 6]: black, white rows, one grey row."""
    mask = np.zeros((8, 6), dtype=np.uint8)
    mask[2:5], mask[5] = 255, 100
    return mask


def values(source: object, **options: bool) -> list[float]:
    mask = read_mask(source, SIZE, **options)
    assert mask.values.dtype == np.float32
    assert mask.size == SIZE
    assert (mask.values == mask.values[:, :1]).all()
    return [round(float(value), 3) for value in mask.values[:, 0]]


EXPECTED = [0, 0, 1, 1, 1, 0.392, 0, 0]
HARD = [0, 0, 1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    "source",
    [
        encoded(soft()),
        soft(),
        soft() / 255.0,
        torch.from_numpy(soft())[None, None] / 255,
        encoded(soft().astype(np.uint16) * 257),
        encoded(soft().astype(np.float32) / 255, "TIFF"),
        encoded(np.repeat(soft()[..., None], 3, axis=2)),
        encoded(np.ascontiguousarray(np.rot90(soft())), "TIFF", exif=turned(6)),
    ],
    ids=["L", "uint8", "float", "tensor", "16-bit", "float TIFF", "RGB", "EXIF-turned"],
)
def test_soft_values_are_honored(source: object) -> None:
    assert values(source) == EXPECTED


@pytest.mark.parametrize(
    "source",
    [soft() > 0, (soft() > 0).astype(np.int64), encoded((soft() > 0).astype(np.uint8)), encoded(soft() > 0)],
    ids=["bool", "0 and 1", "label PNG", "1-bit"],
)
def test_labels_of_0_and_1_mean_0_and_1(source: object) -> None:
    assert values(source) == HARD


def test_a_label_palette_means_0_and_1_whatever_its_colors() -> None:
    palette = Image.fromarray((soft() > 0).astype(np.uint8)).convert("P")
    palette.putpalette([0, 0, 0, 128, 0, 0])
    assert values(encoded(palette)) == HARD


@pytest.mark.parametrize("color", [0, 255, 90])
def test_transparent_is_not_selected_whatever_the_paint(color: int) -> None:
    paint = np.full((8, 6, 3), color, dtype=np.uint8)
    assert values(encoded(np.dstack([paint, soft()]))) == EXPECTED


def test_gray_of_several_values_multiplies_with_opacity() -> None:
    opacity = np.full((8, 6), 255, dtype=np.uint8)
    opacity[2] = 0
    assert values(encoded(np.dstack([soft()] * 3 + [opacity]))) == [0, 0, 0, 1, 1, 0.392, 0, 0]


def test_inversion() -> None:
    assert values(encoded(soft()), invert=True) == [1, 1, 0, 0, 0, 0.608, 1, 1]
    with pytest.raises(InputError, match="before the inversion"):
        read_mask(np.ones((8, 6)), SIZE, invert=True)


@pytest.mark.parametrize(
    "source", [np.zeros((8, 6)), encoded(np.zeros((8, 6), np.uint8)), encoded(np.zeros((8, 6, 4), np.uint8))]
)
def test_an_empty_mask_is_refused(source: object) -> None:
    with pytest.raises(InputError, match="selects nothing"):
        read_mask(source, SIZE)


def test_a_full_mask_is_noted() -> None:
    assert "selects the whole picture" in read_mask(np.ones((8, 6)), SIZE).notes


def test_a_mask_of_the_pictures_shape_is_resized() -> None:
    small = read_mask(soft(), (60, 80))
    assert small.size == (60, 80)
    assert small.values[35, 30] == 1.0
    assert "resized from 6 x 8 to 60 x 80" in small.notes[0]
    assert read_mask(np.ones((333, 500)), (1000, 667)).size == (1000, 667)


@pytest.mark.parametrize("size", [(8, 6), (6, 9), (7, 8), (600, 1000), (6000, 8)])
def test_a_mask_of_another_shape_is_refused_with_both_sizes(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=f"6 x 8 pixels, the picture {size[0]} x {size[1]}"):
        read_mask(soft(), size)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.full((8, 6), np.nan), "NaN"),
        (soft().astype(float), "expected 0 to 1"),
        (np.ones((8, 6, 3)), "channels"),
        (b"", "0 bytes"),
        (b"text", "is text"),
        (None, "NoneType"),
        ("no/such/mask.png", "no such file"),
    ],
)
def test_what_is_no_mask_is_refused(source: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_mask(source, SIZE)


def test_the_size_limit_holds_for_masks_too() -> None:
    for source in (soft(), encoded(soft())):
        with pytest.raises(InputError, match="megapixels"):
            read_mask(source, SIZE, max_pixels=40)


@settings(max_examples=80, deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12))),
    st.integers(1, 40),
    st.integers(1, 40),
    st.booleans(),
)
def test_any_mask_is_within_range_and_of_the_pictures_size_or_refused(
    array: np.ndarray, width: int, height: int, invert: bool
) -> None:
    for source in (array, encoded(array)):
        try:
            mask = read_mask(source, (width, height), invert=invert)
        except InputError:
            continue
        assert mask.size == (width, height)
        assert mask.values.min() >= 0.0
        assert 0.0 < mask.values.max() <= 1.0


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_a_mask_and_its_inversion_sum_to_one(array: np.ndarray) -> None:
    size = (array.shape[1], array.shape[0])
    if array.max() <= 1 or array.min() == 255:
        return
    both = read_mask(array, size).values + read_mask(array, size, invert=True).values
    np.testing.assert_allclose(both, 1.0, atol=1e-6)
