"""dreamsampler: one loop for diffusion sampling and score distillation.

    import dreamsampler
    dreamsampler.edit("cat.png", "a dog").save("dog.png")

The functions below are imported when they are first asked for, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import core, generators, io, methods, operators, priors, runs, steering, tasks
    from .frontends.python import degrade, edit, generate, inpaint, invert, load, restore, vectorize, verify

__version__ = "0.1.0"

_FUNCTIONS = ("degrade", "edit", "generate", "inpaint", "invert", "load", "restore", "vectorize", "verify")
_PACKAGES = ("core", "generators", "io", "methods", "operators", "priors", "runs", "steering", "tasks")

__all__ = [
    "__version__",
    "core",
    "degrade",
    "edit",
    "generate",
    "generators",
    "inpaint",
    "invert",
    "io",
    "load",
    "methods",
    "operators",
    "priors",
    "restore",
    "runs",
    "steering",
    "tasks",
    "vectorize",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(".frontends.python", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
