"""Sheets and animations hold the pictures that they were given, where they belong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamsampler.core.errors import InputError
from dreamsampler.io.sheets import picture_sheet, write_gif

RED, BLUE = np.full((40, 60, 3), [200, 0, 0], np.uint8), np.full((40, 60, 3), [0, 0, 200], np.uint8)


def places(sheet: Image.Image, picture: np.ndarray) -> tuple[int, int, int]:
    """(left, top, number) of the pixels of this picture's color."""
    y, x = np.nonzero((np.asarray(sheet) == picture[0, 0]).all(axis=2))
    return int(x.min()), int(y.min()), len(x)


def test_pictures_stand_side_by_side_whole() -> None:
    sheet = picture_sheet([[RED, BLUE]], gap=8)
    assert sheet.size == (60 * 2 + 8 * 3, 40 + 8 * 2)
    assert places(sheet, RED) == (8, 8, 2400)
    assert places(sheet, BLUE) == (76, 8, 2400)


def test_captions_take_room_and_are_cut_to_their_place() -> None:
    plain = picture_sheet([[RED, BLUE], [BLUE, None]])
    captioned = picture_sheet([[RED, BLUE], [BLUE, None]], ["source", "edit " * 200], title="title " * 200)
    assert captioned.width == plain.width
    assert captioned.height > plain.height
    assert places(captioned, RED)[2] == 2400
    dark = (np.asarray(captioned).max(axis=2) < 100).any(axis=0)
    assert dark[10:60].any()
    assert not dark[:8].any()


def test_one_cell_size_for_small_and_large() -> None:
    small = RED[:10, :10]
    sheet = picture_sheet([[small, BLUE]], cell=60)
    assert places(sheet, small)[2] == 60 * 60
    assert picture_sheet([[np.zeros((90, 300, 3), np.uint8)]], cell=60, gap=0).size == (60, 18)


def test_a_gif_holds_every_frame(tmp_path: Path) -> None:
    write_gif(tmp_path / "out.gif", [RED, BLUE, RED], seconds=0.3, hold=1.0)
    with Image.open(tmp_path / "out.gif") as gif:
        assert gif.n_frames == 3
        assert gif.info["loop"] == 0
        for k, expected in enumerate((RED, BLUE, RED)):
            gif.seek(k)
            assert np.abs(np.asarray(gif.convert("RGB")).astype(int) - expected).max() < 8
            assert gif.info["duration"] == (1100 if k == 2 else 100)


@pytest.mark.parametrize(
    ("frames", "options", "message"),
    [
        ([], {}, "no pictures"),
        ([RED, BLUE[:5]], {}, "one size"),
        ([RED.astype(float)], {}, "expected uint8"),
        ([RED], {"seconds": 0.0}, "seconds"),
        ([RED], {"hold": float("nan")}, "seconds"),
    ],
)
def test_what_cannot_be_animated(tmp_path: Path, frames: list, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        write_gif(tmp_path / "out.gif", frames, **options)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_sheet_is_refused() -> None:
    with pytest.raises(InputError, match="no pictures"):
        picture_sheet([[None]])
