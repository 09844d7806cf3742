"""A check of numbers for methods whose options are not declared yet."""

from __future__ import annotations

import math

from ..core.errors import InputError


def check_number(name: str, value: float, low: float = 0.0, high: float = math.inf) -> None:
    """Raise `InputError` unless low <= value <= high and value is finite."""
    if not (math.isfinite(value) and low <= value <= high):
        raise InputError(f"{name}={value}: expected a finite number, {low:g} to {high:g}")
