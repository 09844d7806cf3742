"""Other people's methods, one a file, each through the library's loop where it fits; the header of a file says so.

This file only maps names to functions, and imports none of them before it is asked.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from ..core.errors import InputError

EDITING: dict[str, str] = {
    "ddim-swap": "editing.ddim_swap:ddim_swap",
    "sdedit": "editing.sdedit:sdedit",
    "cfgpp": "editing.cfgpp:cfgpp_edit",
    "dds": "editing.dds:dds",
    "sds": "editing.sds:sds",
    "pds": "editing.pds:pds",
    "flowedit": "editing.flowedit:flowedit",
    "edit-friendly": "editing.edit_friendly:edit_friendly",
    "blended": "editing.blended:blended",
}
"""Text-guided editing: (prior, images, prompt, *, source_prompt, steps, seeds, on_progress, ...) -> Edited."""


def load_method(name: str) -> Callable[..., Any]:
    """The function of an editing method.

    Raises:
        InputError: the name is unknown.

    Example:
        >>> load_method("sdedit").__name__
        'sdedit'
    """
    if name not in EDITING:
        raise InputError(f"method {name!r}: expected one of {', '.join(EDITING)}")
    module, function = EDITING[name].split(":")
    return getattr(importlib.import_module(f"{__name__}.{module}"), function)
