"""What Python hands over: streams and bfloat16 are read, tensors without plain numbers are refused by name."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch

from dreamsampler.core.errors import InputError
from dreamsampler.io.images import read_image
from dreamsampler.io.masks import read_mask
from dreamsampler.io.measured import read_measurement
from tests.io.pictures import encoded, gradient


def test_streams_are_read() -> None:
    data = encoded(gradient(8, 8), "PNG")
    assert (read_image(io.BytesIO(data)).pixels == read_image(data).pixels).all()
    with pytest.raises(InputError, match="open the file in binary mode"):
        read_image(io.StringIO("text"))
    closed = io.BytesIO(data)
    closed.close()
    with pytest.raises(InputError, match="cannot be read"):
        read_image(closed)


def test_bfloat16_is_read() -> None:
    values = torch.tensor([0.0, 0.5, 1.0]).reshape(3, 1, 1).expand(3, 4, 4)
    assert (read_image(values.bfloat16()).pixels == read_image(values).pixels).all()
    assert (read_measurement(values.bfloat16()).values == values.numpy()).all()
    assert (read_image(torch.conj(values)).pixels == read_image(values).pixels).all()


STRANGE: dict[str, Any] = {
    "meta": torch.zeros(3, 4, 4, device="meta"),
    "sparse": torch.zeros(3, 4, 4).to_sparse(),
    "complex": torch.zeros(3, 4, 4, dtype=torch.complex64).conj(),
    "float8": torch.zeros(3, 4, 4).to(torch.float8_e4m3fn),
    "objects": np.full((4, 4, 3), None),
    "text": np.full((4, 4, 3), "x"),
    "dates": np.zeros((4, 4, 3), "datetime64[s]"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_tensors_without_plain_numbers_are_refused_by_name(name: str) -> None:
    for read in (read_image, read_measurement, lambda value: read_mask(value, (4, 4))):
        with pytest.raises(InputError, match=r"^(image|measurement|mask): "):
            read(STRANGE[name])
