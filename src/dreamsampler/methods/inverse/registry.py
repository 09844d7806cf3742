"""Old names of the registry for what has not moved to `methods.registry` and `methods.run` yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.types import Prior
from .. import registry
from ..run import restore_with

__all__ = ["MASKS_ONLY", "loader_of", "options_of", "parse_method", "restore_with", "shared_options"]

MASKS_ONLY = tuple(entry.name for entry in registry.ENTRIES if entry.masks_only)


def loader_of(method: str) -> Callable[..., Prior]:
    """Return what loads the models that a method runs on."""
    name = method.partition(":")[0]
    return registry.find(name if name in registry.names("inverse") else "dreamsampler", "inverse").load


def shared_options(method: str, steps: int, negative_prompt: str) -> dict[str, Any]:
    """Return the options that every method has a place for; a negative prompt where it is not empty."""
    return {"steps": steps} | ({"negative_prompt": negative_prompt} if negative_prompt else {})


def options_of(name: str) -> tuple[str, ...]:
    """Return the names of a method's options."""
    return registry.option_names(name, "inverse")


def parse_method(text: str) -> tuple[str, dict[str, Any]]:
    """Return a method's name and the options that the text gives, checked."""
    registry.parse(text, "inverse")
    entry = registry.find(text, "inverse")
    return entry.name, registry.parse_options(entry.method, text.partition(":")[2], f"method {text!r}")
