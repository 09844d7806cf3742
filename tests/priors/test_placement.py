"""Devices, precisions and what is said when memory runs out."""

import pytest
import torch

from dreamsampler.core.errors import InputError, ModelError, OutOfMemory
from dreamsampler.priors.placement import (
    GIB,
    cheaper,
    check_fits,
    choose_device,
    choose_dtype,
    free_memory,
    memory_guard,
)

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_the_default_device_is_the_best_that_is_there() -> None:
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert choose_device().type == best
    assert choose_device("cpu") == CPU


@pytest.mark.parametrize("name", ["gpu", "tpu", "", "cpu:", "meta"])
def test_names_that_are_no_device(name: str) -> None:
    with pytest.raises(InputError, match="device="):
        choose_device(name)


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(ModelError, match=r"is not on this machine.*here: .*cpu"):
        choose_device("cuda:63")


@pytest.mark.parametrize(
    ("name", "device", "expected"),
    [
        (None, CPU, torch.float32),
        (None, CUDA, torch.float16),
        (None, torch.device("mps"), torch.float32),
        ("bf16", CPU, torch.bfloat16),
        ("float16", CPU, torch.float16),
        ("torch.float32", CUDA, torch.float32),
        (torch.bfloat16, CUDA, torch.bfloat16),
    ],
)
def test_precisions(name: str | torch.dtype | None, device: torch.device, expected: torch.dtype) -> None:
    assert choose_dtype(name, device) == expected


@pytest.mark.parametrize("name", ["int8", "float", "double", torch.float64, torch.int8, 16])
def test_names_that_are_no_precision(name: object) -> None:
    with pytest.raises(InputError, match="dtype="):
        choose_dtype(name, CPU)  # type: ignore[arg-type]


def test_weights_that_cannot_fit_are_refused_before_loading() -> None:
    check_fits(10 * GIB, CPU, torch.float32, None)
    check_fits(GIB, CPU, torch.float32, 4 * GIB)
    with pytest.raises(OutOfMemory, match=r"take 4.0 GiB in float32 but 3.0 GiB are free on cpu; use dtype='bfloat16'"):
        check_fits(GIB, CPU, torch.float32, 3 * GIB)
    with pytest.raises(OutOfMemory, match="use dtype='float16': 2"):
        check_fits(GIB, CUDA, torch.float32, 3 * GIB)
    with pytest.raises(OutOfMemory, match="use a smaller model"):
        check_fits(GIB, CPU, torch.float32, GIB)
    with pytest.raises(OutOfMemory, match="use a smaller model"):
        check_fits(GIB, CPU, torch.bfloat16, GIB)
    assert (free_memory(CPU) or GIB) > 2**20


def test_the_order_of_remedies() -> None:
    assert "max_batch=1" in cheaper(6, None, torch.float32, CUDA, "512x512")
    assert "float16" in cheaper(6, 1, torch.float32, CUDA, "512x512")
    assert "bfloat16" in cheaper(1, None, torch.float32, CPU, "512x512")
    assert "smaller than 512x512" in cheaper(1, 1, torch.float16, CUDA, "512x512")


def test_only_the_allocators_errors_are_translated() -> None:
    with pytest.raises(OutOfMemory, match="out of memory here; do this"), memory_guard("here", "do this"):
        torch.empty(2**48)
    with pytest.raises(OutOfMemory), memory_guard("here", "do this"):
        raise torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(OutOfMemory), memory_guard("here", "do this"):
        raise MemoryError
    with pytest.raises(RuntimeError, match="shape"), memory_guard("here", "do this"):
        raise RuntimeError("shape mismatch")
