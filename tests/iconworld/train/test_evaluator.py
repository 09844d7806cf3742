"""The evaluator's losses."""

import numpy as np
import torch
from torch.nn import functional as F

from iconworld.training.contrasts import bare_contrast, box_around, painted_over, twin_contrast
from iconworld.training.pool import Record


def test_a_twin_is_told_from_its_face_by_the_two_captions_alone():
    generator = torch.Generator().manual_seed(0)
    seen, said = (F.normalize(torch.randn(4, 8, generator=generator), dim=-1) for _ in range(2))
    expected = 0.0
    for k in (0, 2):
        for i in (k, k + 1):
            expected -= torch.log_softmax(5.0 * seen[i] @ said[k : k + 2].T, 0)[i - k] / 4
    torch.testing.assert_close(twin_contrast(seen, said, torch.tensor(5.0)), expected)


def test_a_face_with_its_smile_painted_over_goes_with_the_caption_that_names_none():
    rng = np.random.default_rng(0)
    said = ("a smiling face", "a face", "a sad face", "a laughing face", "a face", "a face wearing glasses")
    records = [Record("drawn", ("cat",), "red", (text,), twin=k % 2 == 1) for k, text in enumerate(said)]
    pictures = rng.integers(0, 255, (6, 16, 16, 3)).astype(np.uint8)
    pictures[1::2] = pictures[::2]
    pictures[::2, 4:8, 6:10] = 255
    covered, bare = painted_over(pictures, records, rng)
    assert bare.tolist() == [1, 4]  # "sad" beside "laughing" is neither
    for picture, row in zip(covered, bare.tolist(), strict=True):
        changed = (picture != pictures[row]).any(-1)
        assert changed[4:8, 6:10].any()
        assert not changed[13:].any()
        inside = picture[4:8, 6:10].reshape(-1, 3)
        assert (inside == inside[0]).all()
    empty, none = painted_over(pictures[2:4], records[2:4], rng)
    assert empty.shape == (0, 16, 16, 3)
    assert none.tolist() == []


def test_a_covered_face_is_compared_with_the_two_captions_of_its_pair():
    said = F.normalize(torch.randn(6, 5, generator=torch.Generator().manual_seed(0)), dim=1)
    hidden = F.normalize(torch.randn(2, 5, generator=torch.Generator().manual_seed(1)), dim=1)
    expected = torch.stack(
        [
            -(5.0 * said[0:2] @ hidden[0]).log_softmax(0)[1],
            -(5.0 * said[4:6] @ hidden[1]).log_softmax(0)[0],
        ]
    ).mean()
    found = bare_contrast(hidden, said, torch.tensor([1, 4]), torch.tensor(5.0))
    torch.testing.assert_close(found, expected)


def test_a_box_reaches_its_margin_and_no_further_than_the_picture():
    inside = np.zeros((10, 12), bool)
    inside[3:5, 10] = True
    assert box_around(inside, 0) == (slice(3, 5), slice(10, 11))
    assert box_around(inside, 4) == (slice(0, 9), slice(6, 15))
