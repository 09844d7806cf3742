"""Recipes of format 1, written before each number was declared once, in today's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.errors import InputError
from ..tasks.vectorize.settings import RENAMED

_WORDS: dict[str, dict[str, str]] = {
    "edit": {"start": "denoise"},
    "invert": {"start": "denoise"},
    "generate": {"scale": "guidance_scale"},
    "inpaint": {"guidance": "guidance_scale", "null_prompt": "negative_prompt"},
    "restore": {"guidance": "guidance_scale", "null_prompt": "negative_prompt", "sigma": "noise_std"},
    "vectorize": dict(RENAMED),
}  # fmt: skip
_RUN = ("device", "dtype", "prediction_type")


def upgraded(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe's document of format 1 as one of format 2; it was complete, so no default takes part.

    Raises:
        InputError: its settings are no object.
    """
    old, task = document.get("settings"), document.get("task")
    if not isinstance(old, Mapping):
        raise InputError("settings: expected an object")
    words = _WORDS.get(task, {}) if isinstance(task, str) else {}
    made = {words.get(name, name): value for name, value in old.items() if name not in _RUN}
    run = {name: old[name] for name in _RUN if name in old}
    if task in ("edit", "inpaint") and "raw" in made:
        made["composite"] = not made.pop("raw")
    if made.get("strength_kind") == "paper":
        made |= {"paper_c": made["strength"], "strength": 1.0, "strength_kind": "strength"}
    if task == "inpaint" and made.get("rho", 0.0) is None:
        made.pop("rho")  # the default then as now
    if task == "restore":
        made.pop("size", None)
    if task == "generate":
        made["size"] = f"{made.pop('width', None)}x{made.pop('height', None)}"
        made["renoise"] = "uncond" if made.pop("carry", "guided") == "null" else "guided"
    return {**document, "format": 2, "settings": made, "run": run}
