"""A disk that is full, as far as this process can tell."""

import contextlib
import resource

import pytest


@pytest.fixture
def small_files():
    """small_files(n): within the block no file grows beyond n bytes; the system's error is the one for large files."""

    @contextlib.contextmanager
    def limit(count: int):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limit
