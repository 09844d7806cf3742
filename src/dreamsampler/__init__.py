"""dreamsampler: one loop for diffusion sampling and score distillation.

    import dreamsampler
    dreamsampler.edit("cat.png", "a dog").save("dog.png")

The functions below are imported when they are first asked for, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .frontends.inverse import degrade, inpaint, restore
    from .frontends.python import edit, generate, invert, load, verify
    from .frontends.vector import vectorize

__version__ = "0.1.0"

__all__ = ["__version__", "degrade", "edit", "generate", "inpaint", "invert", "load", "restore", "vectorize", "verify"]

_PUBLIC = dict.fromkeys(("edit", "generate", "invert", "load", "verify"), ".frontends.python")
_PUBLIC |= dict.fromkeys(("degrade", "inpaint", "restore"), ".frontends.inverse")
_PUBLIC |= {"vectorize": ".frontends.vector"}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_PUBLIC[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
