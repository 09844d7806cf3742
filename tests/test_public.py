"""What `import dreamsampler` offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dreamsampler


def test_names_are_there_and_documented() -> None:
    for name in ("degrade", "edit", "generate", "inpaint", "invert", "load", "restore", "vectorize", "verify"):
        assert name in dreamsampler.__all__
        assert name in dir(dreamsampler)
        assert "Example" in (getattr(dreamsampler, name).__doc__ or "")


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sculpt'"):
        _ = dreamsampler.sculpt


def test_every_public_name_can_be_imported() -> None:
    names = ", ".join(name for name in dreamsampler.__all__ if not name.startswith("_"))
    code = f"from dreamsampler import {names}; print(callable(edit))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr
