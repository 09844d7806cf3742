"""Pictures of every kind come out as the 8-bit sRGB picture that a person sees, with a note of what was done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageCms

from dreamsampler.core.errors import InputError
from dreamsampler.io.content import sha256_bytes
from dreamsampler.io.images import read_image
from tests.io.pictures import encoded, gradient, turned

LOSSLESS = ("PNG", "BMP", "TIFF", "PPM")


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_formats_give_the_very_pixels(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "in.picture"
    path.write_bytes(encoded(gradient(), kind))
    picture = read_image(path)
    np.testing.assert_array_equal(picture.pixels, gradient())
    assert (picture.size, picture.alpha, picture.notes) == ((16, 12), None, ())
    assert picture.name == str(path)
    assert picture.sha256 == sha256_bytes(path.read_bytes())


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "GIF"])
def test_lossy_formats_give_nearly_the_pixels(kind: str) -> None:
    smooth = gradient(32, 48) // np.array([1, 1, 255], dtype=np.uint8)
    picture = read_image(encoded(smooth, kind))
    assert np.abs(picture.pixels.astype(int) - smooth).mean() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_exif_orientation_is_applied(orientation: int, kind: str) -> None:
    upright = gradient()
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    lossless = {"lossless": True} if kind == "WEBP" else {}
    picture = read_image(encoded(np.ascontiguousarray(stored), kind, exif=turned(orientation), **lossless))
    np.testing.assert_array_equal(picture.pixels, upright)


def test_unreadable_exif_is_noted_and_the_picture_read() -> None:
    picture = read_image(encoded(gradient(), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f"))
    np.testing.assert_array_equal(picture.pixels, gradient())


def test_16_bit_gray_is_scaled_not_cut() -> None:
    values = np.array([[0, 257, 32768, 65535]], dtype=np.uint16)
    for kind in ("PNG", "TIFF"):
        picture = read_image(encoded(values, kind))
        assert picture.pixels[0, :, 0].tolist() == [0, 1, 128, 255]
        assert any("16 bits" in note for note in picture.notes)


def test_16_bit_color_is_noted() -> None:
    header = b"P6\n2 1\n65535\n"
    samples = np.array([[0, 65535, 32768], [257, 0, 65535]], dtype=">u2").tobytes()
    picture = read_image(header + samples)
    np.testing.assert_allclose(picture.pixels[0].astype(int), [[0, 255, 128], [1, 0, 255]], atol=1)


def test_palette_one_bit_and_gray() -> None:
    grey = gradient()[..., 0]
    for mode, expected in (("L", grey), ("1", (grey > 127) * 255)):
        image = Image.fromarray(grey) if mode == "L" else Image.fromarray(grey > 127)
        picture = read_image(encoded(image))
        np.testing.assert_array_equal(picture.pixels, np.repeat(expected[..., None], 3, axis=2))
    palette = Image.fromarray(np.array([[0, 1]], dtype=np.uint8)).convert("P")
    palette.putpalette([10, 20, 30, 40, 50, 60])
    assert read_image(encoded(palette)).pixels.tolist() == [[[10, 20, 30], [40, 50, 60]]]


def test_transparent_palette_entry_is_transparent() -> None:
    palette = Image.fromarray(np.array([[0, 1]], dtype=np.uint8)).convert("P")
    palette.putpalette([10, 20, 30, 40, 50, 60])
    picture = read_image(encoded(palette, transparency=0))
    assert picture.pixels.tolist() == [[[255, 255, 255], [40, 50, 60]]]
    assert picture.alpha is not None
    assert picture.alpha.tolist() == [[0, 255]]


def test_alpha_is_laid_over_the_background_and_kept() -> None:
    rgba = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 50]]], dtype=np.uint8)
    picture = read_image(encoded(rgba))
    assert picture.pixels.tolist() == [[[200, 100, 0], [255, 255, 255], [244, 225, 205]]]
    assert picture.alpha is not None
    assert picture.alpha.tolist() == [[255, 0, 50]]
    assert any("white" in note for note in picture.notes)
    black = read_image(rgba, background=(0, 0, 0))
    assert black.pixels[0, 1].tolist() == [0, 0, 0]


def test_opaque_alpha_is_dropped_and_total_transparency_refused() -> None:
    rgba = np.dstack([gradient(), np.full((12, 16), 255, np.uint8)])
    assert read_image(encoded(rgba)).alpha is None
    rgba[..., 3] = 0
    with pytest.raises(InputError, match="wholly transparent"):
        read_image(encoded(rgba))


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_converted(kind: str) -> None:
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    picture = read_image(encoded(cmyk, kind))
    red = picture.pixels[4, 4].astype(int)
    assert red[0] > 200
    assert max(red[1:]) < 60
    assert any("CMYK" in note for note in picture.notes)


def turned_primaries() -> bytes:
    """An sRGB profile under another name, whose first channel is green, whose second is blue and whose third is red."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for old, new in ((b"rXYZ", b"?XYZ"), (b"gXYZ", b"rXYZ"), (b"bXYZ", b"gXYZ"), (b"?XYZ", b"bXYZ")):
        profile = profile.replace(old, new)
    return profile.replace("sRGB".encode("utf-16-be"), "Test".encode("utf-16-be"))


def test_an_icc_profile_is_honored() -> None:
    picture = read_image(encoded(gradient(), icc_profile=turned_primaries()))
    np.testing.assert_allclose(picture.pixels.astype(int), gradient()[..., [2, 0, 1]], atol=3)
    assert any("Test built-in" in note for note in picture.notes)


def test_an_srgb_profile_changes_nothing_and_a_broken_one_is_noted() -> None:
    same = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile, notes in ((same, ()), (b"no profile at all", ("color profile unreadable, ignored",))):
        picture = read_image(encoded(gradient(), icc_profile=profile))
        np.testing.assert_array_equal(picture.pixels, gradient())
        assert picture.notes == notes


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_picture_is_used_and_said_so(kind: str) -> None:
    first, second = Image.new("RGB", (8, 8), (0, 0, 255)), Image.new("RGB", (8, 8), (255, 0, 0))
    picture = read_image(encoded(first, kind, save_all=True, append_images=[second]))
    assert np.abs(picture.pixels[4, 4].astype(int) - [0, 0, 255]).max() < 8
    assert any("only the first" in note for note in picture.notes)


def test_float_tiff_within_0_and_1_only() -> None:
    fine = np.array([[0.0, 0.5, 1.0]], dtype=np.float32)
    assert read_image(encoded(fine, "TIFF")).pixels[0, :, 0].tolist() == [0, 128, 255]
    for bad in (fine * 255, fine * np.nan, fine - 1):
        with pytest.raises(InputError, match="float samples"):
            read_image(encoded(bad, "TIFF"))


def test_32_bit_integers_are_refused() -> None:
    with pytest.raises(InputError, match="no defined white"):
        read_image(encoded(np.array([[7]], dtype=np.int32), "TIFF"))


ARRAYS = {
    "uint8 [H, W, 3]": gradient(),
    "uint8 [1, H, W, 3]": gradient()[None],
    "channels first": gradient().transpose(2, 0, 1),
    "float": gradient() / 255.0,
    "uint16": gradient().astype(np.uint16) * 257,
    "int64": gradient().astype(np.int64),
    "tensor": torch.from_numpy(gradient()).permute(2, 0, 1),
    "batched tensor": torch.from_numpy(gradient()).permute(2, 0, 1)[None] / 255.0,
    "PIL": Image.fromarray(gradient()),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_tensors_and_pil_give_the_same_picture(name: str) -> None:
    picture = read_image(ARRAYS[name])
    np.testing.assert_array_equal(picture.pixels, gradient())
    assert picture.sha256 == read_image(gradient()).sha256


def test_bfloat16_and_value_range() -> None:
    signed = torch.tensor([[-1.0, 0.0, 1.0]], dtype=torch.bfloat16)
    assert read_image(signed, value_range=(-1, 1)).pixels[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((4, 4, 3), np.nan), "NaN"),
        (np.full((4, 4, 3), -1.0), "value_range"),
        (np.full((4, 4, 3), 255.0), "value_range"),
        (np.full((4, 4, 3), 256), "0 to 255"),
        (np.zeros((4, 4, 3), dtype=complex), "complex"),
        (np.array([["a"]]), "dtype"),
        (np.zeros((5, 6, 7)), "channels"),
        (np.zeros((2, 4, 4, 3)), "batch of 2"),
        (np.zeros((0, 4, 3)), "no pixels"),
        (np.zeros(5), "expected"),
        (np.zeros((9000, 9000), dtype=np.uint8), "megapixels"),
    ],
)
def test_arrays_that_are_no_picture_are_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_image(array)


def test_ambiguous_axes_go_by_habit() -> None:
    cube = np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3)
    assert read_image(cube).size == (5, 3)
    assert read_image(torch.from_numpy(cube)).size == (3, 5)


def test_the_result_is_read_only_and_the_source_untouched() -> None:
    source = gradient()
    picture = read_image(source)
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0, 0] = 1
    source[0, 0, 0] = 77
    assert picture.pixels[0, 0, 0] == 0


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20), st.sampled_from([3, 4]))))
def test_any_png_is_read_exactly_where_opaque(pixels: np.ndarray) -> None:
    if pixels.shape[2] == 4 and pixels[..., 3].max() == 0:
        pixels[0, 0, 3] = 255
    picture = read_image(encoded(pixels))
    opaque = pixels[..., 3] == 255 if pixels.shape[2] == 4 else np.ones(pixels.shape[:2], dtype=bool)
    np.testing.assert_array_equal(picture.pixels[opaque], pixels[..., :3][opaque])
    assert picture.size == (pixels.shape[1], pixels.shape[0])
    assert picture.sha256 == read_image(encoded(pixels)).sha256


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.float64, (3, 4, 3), elements=st.floats(-1e6, 1e6)))
def test_floats_are_within_range_or_refused(values: np.ndarray) -> None:
    if values.min() >= 0.0 and values.max() <= 1.0:
        np.testing.assert_allclose(read_image(values).pixels / 255.0, values, atol=0.5 / 255 + 1e-9)
    else:
        with pytest.raises(InputError):
            read_image(values)
