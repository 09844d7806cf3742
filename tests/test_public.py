"""What `import dreamsampler` offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dreamsampler

FUNCTIONS = ("degrade", "edit", "generate", "inpaint", "invert", "load", "restore", "vectorize", "verify")


def test_names_are_there_and_documented() -> None:
    for name in FUNCTIONS:
        assert name in dreamsampler.__all__
        assert "Example" in (getattr(dreamsampler, name).__doc__ or "")


def test_dir_shows_public_names_only() -> None:
    assert dir(dreamsampler) == sorted(dreamsampler.__all__)
    assert not [name for name in dir(dreamsampler) if name.startswith("_") and name != "__version__"]


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sculpt'"):
        _ = dreamsampler.sculpt


def test_every_public_name_can_be_imported() -> None:
    names = ", ".join(name for name in dreamsampler.__all__ if not name.startswith("_"))
    code = f"from dreamsampler import {names}; print(callable(edit))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr


def test_packages_come_when_they_are_asked_for() -> None:
    code = "import sys, dreamsampler; print('torch' in sys.modules, dreamsampler.steering.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "False dreamsampler.steering\n", done.stderr
