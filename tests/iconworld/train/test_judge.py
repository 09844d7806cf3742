"""The judge's losses."""

import torch
from torch.nn import functional as F

from dreamsampler.iconworld.train.judge import twin_contrast


def test_a_twin_is_told_from_its_face_by_the_two_captions_alone():
    generator = torch.Generator().manual_seed(0)
    seen, said = (F.normalize(torch.randn(4, 8, generator=generator), dim=-1) for _ in range(2))
    expected = 0.0
    for k in (0, 2):
        for i in (k, k + 1):
            expected -= torch.log_softmax(5.0 * seen[i] @ said[k : k + 2].T, 0)[i - k] / 4
    torch.testing.assert_close(twin_contrast(seen, said, torch.tensor(5.0)), expected)
